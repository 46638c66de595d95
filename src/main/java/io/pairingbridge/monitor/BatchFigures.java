package io.pairingbridge.monitor;

import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.text.Text;
import java.util.Map;
import java.util.TreeMap;

/** A batch as JMX shows it. */
public final class BatchFigures {
  private final Progress progress;

  BatchFigures(Progress progress) {
    this.progress = progress;
  }

  /** The batch's id. */
  public String getId() {
    return Text.line(progress.batch().id());
  }

  /** The file, or the message, that it is read from. */
  public String getSource() {
    return Text.line(progress.batch().source());
  }

  /** READING while its document is read, RUNNING until its last row has ended, then FINISHED; FAILED if not a single row could be read. */
  public String getPhase() {
    return progress.batch().phase().name();
  }

  /** How many rows were taken so far, those that were refused included. */
  public long getRows() {
    return progress.rows();
  }

  /** How many of them have not ended. */
  public long getWaiting() {
    return progress.open();
  }

  /** How many of them ended with each outcome. */
  public Map<String, Long> getOutcomes() {
    Map<String, Long> outcomes = new TreeMap<>();
    progress.outcomes().forEach((outcome, count) -> outcomes.put(outcome.name(), count));
    return outcomes;
  }

  /** What kept the rest of the document from being read; empty if it was read to its end. */
  public String getProblem() {
    return progress.batch().problem() == null ? "" : Text.line(progress.batch().problem());
  }

  /** When it was begun, as ISO 8601 in UTC. */
  public String getStartedAt() {
    return progress.batch().startedAt().toString();
  }

  /** When its report was written, as ISO 8601 in UTC; empty until then. */
  public String getFinishedAt() {
    return progress.batch().finishedAt() == null ? "" : progress.batch().finishedAt().toString();
  }
}
