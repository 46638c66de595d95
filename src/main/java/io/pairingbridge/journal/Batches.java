package io.pairingbridge.journal;

import io.pairingbridge.job.Outcome;
import io.pairingbridge.journal.Journal.JournalException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The journal's memory of batches: which rows of a document were taken, and what came of each. A row ends when its job does,
 * in the same transaction. What {@link Journal} says of durability and of {@link JournalException} holds here.
 */
public interface Batches {
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
   * @param source the file or message that it is read from
   * @param taken how many rows of the document are surely sent, or known not to need it; reading goes on with the next one
   * @param problem what kept the rest of the document from being read, or null
   */
  record Batch(String id, String source, Phase phase, long taken, String problem, Instant startedAt, Instant readAt,
      Instant finishedAt) {}

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
   */
  record NewRow(long number, long line, String jobId, String otpHash, Map<String, String> fields, String refused) {}

  /** A row as it is told in a report; outcome and what follows are null while its job runs. */
  record Row(long number, long line, String jobId, Map<String, String> fields, Outcome outcome, String reason, String detail,
      Integer attempts, String payConnectId, String payConnectName, String terminalId, Instant endedAt) {}

  /**
   * Begins a batch, anew if one of this id is finished: its rows are forgotten, its jobs are not. One that is not finished is
   * returned as it is, to go on after {@link Batch#taken} rows; whoever has another source must leave it alone.
   */
  Batch begin(String batchId, String source);

  /** A batch that is read lies elsewhere now: who goes on with it names that source. */
  void moved(String batchId, String source);

  /**
   * Does this if no bridge of that name has the journal open; none opens it meanwhile. It should take milliseconds: nothing is written
   * until it has returned.
   *
   * @param instance another one's name; on a journal that a bridge has to itself nothing is done
   * @param task may be done twice
   */
  void whileGone(String instance, Runnable task);

  /**
   * Takes the next rows, in their order, before they are sent: whatever comes of one is then known of. A row whose job has
   * ended before, with the same one-time password, has ended with it. Repeatable.
   *
   * @param sent how many rows of the document are surely sent, or need not be
   * @return the numbers of those rows that an earlier reading has refused: they stay refused, whatever this one says
   */
  List<Long> take(String batchId, List<NewRow> rows, long sent);

  /** Of these jobs, those that the journal knows with this one-time password: they need not be sent again. */
  List<String> known(Map<String, String> otpHashByJob);

  /** The document is read to its end, or to where a problem kept the rest of it from being read. */
  void read(String batchId, String problem);

  /** Batches that are read and whose rows have all ended, to be reported and finished. */
  List<Batch> ended();

  /** The report of this batch is written. */
  void finished(String batchId);

  /** All batches, the latest first. */
  List<Progress> all();

  /** Those that are not finished. */
  List<Progress> running();

  Optional<Progress> find(String batchId);

  /** Every row of a batch, in the order of the document; a thousand of them are in memory. */
  void rows(String batchId, Consumer<Row> reader);
}
