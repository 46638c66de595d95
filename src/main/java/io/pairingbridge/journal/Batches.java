package io.pairingbridge.journal;

import io.pairingbridge.job.Outcome;
import io.pairingbridge.journal.Journal.JournalException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The journal's memory of batches: which rows of a document were taken, and what came of each. A row ends when its job
 * does, in the same transaction, and follows it for good: a replay, a new try or a late answer changes the row too, and
 * if its batch is finished by then, the report is due once more. A row that was paired stays so, and one that was a
 * duplicate never was the job. What {@link Journal} says of durability and of {@link JournalException} holds here.
 */
public interface Batches extends BatchReader {
    /** How far a batch has come. */
    enum Phase {
        /** Its document is being read, or the process that read it died. */
        READING,
        /** All of it is read, and not every row has ended. */
        RUNNING,
        /** Every row has ended, and the report is written. */
        FINISHED,
        /** Not a single row could be read, and the report, which says why, is written. */
        FAILED;

        /** Whether nothing more will come of the batch. */
        public boolean ended() {
            return this == FINISHED || this == FAILED;
        }
    }

    /**
     * A batch.
     *
     * @param name what people call it; its id if nobody said
     * @param source the file or message that it is read from; once a file is read to its end, where it lies now
     * @param taken how many rows of the document are surely sent, or known not to need it; reading goes on with the
     *     next one
     * @param problem what kept the rest of the document from being read, or null
     * @param warning what a person should know although all of it could be read, or null
     * @param revision of the report, from 1: a later one takes the place of those before
     * @param revisedAt when a row changed after the first report was written; null if none did
     * @param report the file of the report for people that was written last, or null
     */
    record Batch(
            String id,
            String name,
            String source,
            Phase phase,
            long taken,
            String problem,
            String warning,
            Instant startedAt,
            Instant readAt,
            Instant finishedAt,
            int revision,
            Instant revisedAt,
            String report) {
        /** A batch without a name of its own and without a report. */
        public Batch(
                String id,
                String source,
                Phase phase,
                long taken,
                String problem,
                Instant startedAt,
                Instant readAt,
                Instant finishedAt) {
            this(id, id, source, phase, taken, problem, null, startedAt, readAt, finishedAt, 1, null, null);
        }
    }

    /**
     * A batch and its figures.
     *
     * @param rows taken so far, those that were refused included
     * @param open rows whose job has not ended
     * @param outcomes how many rows ended with each
     */
    record Progress(Batch batch, long rows, long open, Map<Outcome, Long> outcomes) {}

    /**
     * A row to be taken.
     *
     * @param number of the row in its document, from 1
     * @param line where it begins
     * @param jobId of a refused row too, which is told of as a job is
     * @param otpHash of a refused row a hash that is its own
     * @param fields the columns of the document, without the one-time password
     * @param refused why it is refused, or null
     * @param sameAs number of an earlier row of the document that has its one-time password, or null
     */
    record NewRow(
            long number,
            long line,
            String jobId,
            String otpHash,
            Map<String, String> fields,
            String refused,
            Long sameAs) {
        /** A row whose one-time password is its own. */
        public NewRow(
                long number, long line, String jobId, String otpHash, Map<String, String> fields, String refused) {
            this(number, line, jobId, otpHash, fields, refused, null);
        }
    }

    /**
     * A row as it is told in a report; outcome and what follows are null while its job runs.
     *
     * @param twin what came of the earlier row of the document that has its one-time password, or null
     * @param pairedBefore another batch in which the terminal of this name was paired with this one-time password, or
     *     null
     */
    record Row(
            long number,
            long line,
            String jobId,
            Map<String, String> fields,
            Outcome outcome,
            String reason,
            String detail,
            Integer attempts,
            String payConnectId,
            String payConnectName,
            String terminalId,
            Instant endedAt,
            Twin twin,
            String pairedBefore) {}

    /**
     * An earlier row with the same one-time password.
     *
     * @param outcome null while its job runs
     */
    record Twin(long line, String jobId, Outcome outcome, String terminalId) {}

    /** Where a job stands in a batch's document. */
    record Place(String batchId, long line, Map<String, String> fields) {}

    /** As {@link #begin(String, String, String)}, for a batch that is called as its id. */
    default Batch begin(String batchId, String source) {
        return begin(batchId, batchId, source);
    }

    /**
     * Begins a batch, anew if one of this id is finished: its rows are forgotten, its jobs are not. One that is not
     * finished is returned as it is, to go on after {@link Batch#taken} rows; whoever has another source must leave it
     * alone.
     *
     * @param name what people call it
     */
    Batch begin(String batchId, String name, String source);

    /** A batch that is read lies elsewhere now: who goes on with it names that source. */
    void moved(String batchId, String source);

    /**
     * Does this if no bridge of that name has the journal open; none opens it meanwhile. It should take milliseconds:
     * nothing is written until it has returned.
     *
     * @param instance another one's name; on a journal that a bridge has to itself nothing is done
     * @param task is done once at most
     */
    void whileGone(String instance, Runnable task);

    /**
     * Takes the next rows, in their order, before they are sent: whatever comes of one is then known of. A row whose
     * job has ended before, with the same one-time password, has ended with it. Repeatable.
     *
     * @param sent how many rows of the document are surely sent, or need not be
     * @return the numbers of those rows that an earlier reading has refused: they stay refused, whatever this one says
     */
    List<Long> take(String batchId, List<NewRow> rows, long sent);

    /** Of these jobs, those that the journal knows with this one-time password: they need not be sent again. */
    List<String> known(Map<String, String> otpHashByJob);

    /** The document is read to its end, or to where a problem kept the rest of it from being read. */
    void read(String batchId, String problem);

    /** Batches whose report is due: their rows have all ended, or some have changed since the last report. */
    List<Batch> ended();

    /**
     * The batch as it is to be reported now. Rows that changed after they had ended make the next revision of it; what
     * changes from here on makes the one after that. The report is due until {@link #finished} is told this revision.
     *
     * @return empty if there is no such batch any more
     */
    Optional<Progress> reporting(String batchId);

    /**
     * The report of this batch, in this revision, is out. Nothing is written for a batch that was begun anew since, or
     * has changed.
     *
     * @param report the file for people
     */
    void finished(Batch batch, String report);
}
