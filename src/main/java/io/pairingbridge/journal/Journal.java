package io.pairingbridge.journal;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.Result;
import io.pairingbridge.job.SealedAnswer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The durable memory of every job, as the flow needs it: what was begun, what came of it, and what still has to reach
 * the credentials queue. Operators have a view of their own, see {@link #reader()}.
 *
 * <p>Every method that writes returns only after the write is on stable storage, and may be called by many threads at
 * once; the writes of several callers may share one commit. A {@link JournalException} means that it is unknown whether
 * the write is durable: the caller must do nothing irreversible after it and let the delivery go back to the broker.
 * After an I/O error every call fails until {@link #recover()} succeeds; a write is never tried again over an error.
 *
 * <p>Not promised: that nobody else is inside a call whose deadline has passed. The endpoint takes a one-time password
 * once; the journal only makes sure that no call is begun that it does not know of.
 */
public interface Journal extends AutoCloseable {

    /**
     * Decides what a delivery means and writes that decision: afterwards {@link Job#next()} says where the job goes on.
     * {@code CALL}: the attempt is durable, the call may begin. Nothing else permits a call.
     */
    void admit(Job job);

    /**
     * Writes what came of the job's attempt, however late, and sets {@link Job#next()}. A sealed answer is taken from
     * any state and any owner. If the store refuses it, a sealed answer is kept in memory and written when the store
     * has recovered; only if the process ends before that is it lost, and the job in doubt.
     */
    void answered(Job job, AttemptReport report);

    /**
     * The credentials of this attempt of the job are on the queue: erases the sealed bytes and keeps a tombstone.
     * Repeatable.
     */
    Entry published(String jobId, String attemptId);

    /**
     * Credentials that are sealed and not published, oldest first; none whose publish lease another bridge holds.
     *
     * @param before only such as were sealed before this instant, or in the future of a clock that was turned back
     *     since
     */
    List<Credentials> unpublished(Instant before, int limit);

    /**
     * Acquires the publish lease on these credentials, so that no other bridge sends them until a send that begins now
     * is over. A bridge holds the lease on an answer that it has just sealed.
     *
     * @return false if another bridge may be sending them, or has sent them
     */
    boolean acquireLease(Credentials credentials);

    /**
     * Counts a delivery that is about to be handled and may be the one that kills the process. Called for deliveries
     * that came back, before their body is looked at.
     *
     * @param originalMessageId the broker's number of the message, also after it was put back to wait
     * @return how often the message was delivered since it last got anywhere, this time included
     */
    int countDelivery(String originalMessageId, String jobId);

    /**
     * Writes the ending of a request that could not be understood, unless the journal knows a readable job of that id:
     * that one is left alone.
     *
     * @return the ending that holds for this delivery
     */
    Ending refused(Job job, Ending ending);

    /**
     * Writes the ending of a row of a document that was refused, and ends the job with it: told before if another
     * message of the same row did so. A job of that id that is running, or was called, is left alone.
     *
     * @param job with the hash of the refused row
     */
    void refusedRow(Job job, Ending ending);

    /**
     * Quarantines a job that was delivered too often without getting anywhere: it ends in doubt if it was ever called,
     * else invalid. The count of its deliveries stays.
     *
     * @return the job with the ending that holds, which is an earlier one if the job had ended before
     */
    Entry quarantine(Job job, Ending ending);

    /**
     * Which running job this message belongs to: of one that its sender gave no id, an earlier version may have called
     * it otherwise.
     *
     * @param originalMessageId the broker's number of the message
     * @param requestedAt when the broker took it in
     */
    Optional<String> runningJob(String originalMessageId, Instant requestedAt);

    /**
     * Jobs that are running and rows of batches that are open, and whose request nobody has touched for longer than any
     * call may take: candidates for {@link #gone}. A request that still lies in the broker is none, which the journal
     * cannot know.
     *
     * @param nothingWaits the broker has no request; else only those are told whose time is over, so that their request
     *     could only be found to have expired
     */
    List<Orphan> orphans(boolean nothingWaits, int limit);

    /**
     * Ends a job whose request is not in the broker any more: in doubt if a call may have been made, else expired.
     * {@link Job#next()} is {@code DROP} if anything moved the job since it was found, or if it has ended: then nothing
     * is to be told.
     *
     * @param notice the message that says so, with a number of its own
     * @param orphan as it was found
     */
    void gone(Job notice, Orphan orphan);

    /** The job as the journal holds it. */
    Optional<Entry> find(String jobId);

    /** The batches that jobs came from. */
    Batches batches();

    /** What operators and metrics may ask. */
    JournalReader reader();

    /**
     * Deletes jobs that ended longer ago than this, with their attempts, and batches that were finished then; never a
     * job whose credentials are unpublished.
     */
    int purge(Duration olderThan);

    /** Why the journal refuses to write, or empty if it is healthy. */
    Optional<String> failure();

    /**
     * Proves with a real write that the journal is able to write; after a failure it opens the store anew first, and
     * afterwards writes the sealed answers that it had refused.
     *
     * @throws JournalException if the store still refuses, or if it refuses one of those answers
     */
    void recover();

    @Override
    void close();

    /**
     * What one attempt brought.
     *
     * @param result its class
     * @param httpStatus the answer's status, or null without an answer
     * @param detail a sentence for a person; no secret
     * @param sealed the sealed answer for PAIRED and UNREADABLE, else null
     * @param terminal what the answer told of the terminal; never null
     * @param retryAfter how long the endpoint asked to wait, or null
     */
    record AttemptReport(
            Result result,
            Integer httpStatus,
            String detail,
            SealedAnswer sealed,
            PairedTerminal terminal,
            Duration retryAfter) {

        /** Of an answer that told nothing of a terminal, or of no answer. */
        public AttemptReport(
                Result result, Integer httpStatus, String detail, SealedAnswer sealed, Duration retryAfter) {
            this(result, httpStatus, detail, sealed, PairedTerminal.UNKNOWN, retryAfter);
        }
    }

    /**
     * A job without a request.
     *
     * @param batchId the batch that it came from, or null
     * @param touchedAt when the job was moved last, in milliseconds; 0 for a row of a batch whose job was never begun
     * @param requestedAt when it was asked for
     * @param fields what is known of the request: the reference of a job, the columns of a row
     */
    record Orphan(String jobId, String batchId, long touchedAt, Instant requestedAt, Map<String, String> fields) {}

    /** The store refused or may not have taken a write. */
    class JournalException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        public JournalException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
