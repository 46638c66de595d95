package io.pairingbridge.journal;

import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Journal.JournalException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * The journal of a running bridge as its operators and its metrics see it. Nothing here writes or waits for a write; a
 * query sees what is committed, and fails with a {@link JournalException} if the store cannot be read.
 */
public interface JournalReader {

    /** The job as the journal holds it. */
    Optional<Entry> find(String jobId);

    /** Tries of the job that ended and were followed by one with another one-time password, oldest first. */
    List<Entry> earlierTries(String jobId);

    /** All attempts of a job, oldest first. */
    List<AttemptRecord> attempts(String jobId);

    /**
     * The jobs, and the rows of batches whose job was not begun, that hold each of these words in their id, their
     * till's name as far as the journal knows it, what was said of the till, or their terminal's id; the latest first.
     * It may look at everything there is.
     *
     * @param words at least one; capitals do not matter, but outside of ASCII on SQLite
     */
    List<FoundJob> search(List<String> words, int limit);

    /** When the oldest credentials were sealed that are not published; empty if all are. */
    Optional<Instant> oldestUnpublished();

    /** How many jobs are in each state, and under {@code SEALED} how many credentials are not published. */
    Map<State, Long> counts();

    /**
     * The bridges that have this journal open now, with the calls that each has under way by what the journal holds.
     * This one is always among them; of the others those that the database shows to this one's login.
     */
    Map<String, Long> instances();

    /** Seconds since the oldest call of this process began that is under way; 0 without one. */
    double oldestCallSeconds();

    /** Why the journal refuses to write, or empty if it is healthy. */
    Optional<String> failure();

    /** Tells a listener how long each commit took, in nanoseconds. It must not block and must not throw. */
    void onCommit(LongConsumer nanos);

    /** The batches that jobs came from. */
    BatchReader batches();

    /** One line of a job's history. {@code result} is null while the attempt is under way. */
    record AttemptRecord(
            String attemptId,
            int number,
            String owner,
            Instant startedAt,
            Instant deadline,
            Instant endedAt,
            Result result,
            Integer httpStatus,
            String detail,
            Instant publishedAt,
            boolean holdsSealedBytes) {}

    /**
     * A job as it is found.
     *
     * @param name the till's; empty if the journal does not know it
     * @param state null for the row of a batch whose job was not begun
     * @param batchId the batch that it came from, or null
     * @param line of its row in the batch's document, or 0
     * @param touchedAt when it was moved last; null if it was not begun
     */
    record FoundJob(
            String jobId,
            String name,
            State state,
            String batchId,
            long line,
            Map<String, String> reference,
            String terminalId,
            Instant touchedAt) {}
}
