package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.journal.Batches.Batch;
import io.pairingbridge.journal.Batches.Phase;
import io.pairingbridge.journal.Batches.Progress;
import java.io.PrintStream;
import java.time.Duration;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far a batch has come, until it is finished: a bar on a terminal, else a line each few seconds. */
final class BatchProgress {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long LOOK_MILLIS = 500;
  private static final int LINE_MILLIS = 5_000;
  private static final int WIDTH = 150;

  private final BatchList batches;
  private final PrintStream err = System.err;

  BatchProgress(BatchList batches) {
    this.batches = batches;
  }

  /**
   * Follows the batch; one that is not there yet is waited for.
   *
   * @param after only a run of it that began later, in milliseconds since 1970: an earlier one of that name is not meant
   * @param rows how many rows it will have, or -1 if that is not known
   * @param limit how long at most, or null
   * @return how it stood last; null if it was never seen
   */
  Progress follow(String batchId, long after, long rows, Duration limit) throws InterruptedException {
    long end = limit == null ? Long.MAX_VALUE : System.nanoTime() + limit.toNanos();
    boolean terminal = System.console() != null;
    ProgressBarBuilder builder = new ProgressBarBuilder().setTaskName(batchId).setInitialMax(rows).setUnit(" rows", 1)
        .setStyle(ProgressBarStyle.ASCII).showSpeed().setUpdateIntervalMillis(terminal ? 500 : LINE_MILLIS);
    if (terminal) {
      builder.setConsumer(new DelegatingProgressBarConsumer(line -> err.print("\r" + line), WIDTH));
    } else {
      builder.setConsumer(new DelegatingProgressBarConsumer(err::println, WIDTH));
    }
    Progress last = null;
    try (ProgressBar bar = builder.build()) {
      while (true) {
        Progress now = look(batchId, after);
        if (now != null) {
          last = now;
          bar.maxHint(now.batch().phase() == Phase.READING ? Math.max(rows, now.rows()) : now.rows());
          bar.stepTo(now.rows() - now.open());
          bar.setExtraMessage("  " + words(now));
        }
        if (now != null && now.batch().phase().ended() || System.nanoTime() - end >= 0 && limit != null) {
          bar.refresh();
          return last;
        }
        Thread.sleep(LOOK_MILLIS);
      }
    } finally {
      if (terminal) {
        err.println();
      }
    }
  }

  /** Null if there is no such batch, or nobody to ask: the bridge may be starting anew. */
  private Progress look(String batchId, long after) throws InterruptedException {
    try {
      return batches.find(batchId).filter(p -> p.batch().startedAt().toEpochMilli() >= after).orElse(null);
    } catch (ManagementClient.Unreachable e) {
      return null;
    }
  }

  /** The figures, in a few words. */
  static String words(Progress batch) {
    long paired = batch.outcomes().getOrDefault(Outcome.PAIRED, 0L);
    long doubt = batch.outcomes().getOrDefault(Outcome.IN_DOUBT, 0L);
    return "read " + batch.rows() + ", paired " + paired + ", refused " + (batch.rows() - batch.open() - paired - doubt) + ", in doubt "
        + doubt + ", waiting " + batch.open();
  }

  static ObjectNode json(Progress progress) {
    Batch batch = progress.batch();
    ObjectNode node = JSON.createObjectNode().put("batch_id", batch.id()).put("phase", batch.phase().name())
        .put("source", batch.source()).put("rows", progress.rows()).put("waiting", progress.open());
    ObjectNode outcomes = node.putObject("outcomes");
    progress.outcomes().forEach((outcome, count) -> outcomes.put(outcome.name(), count));
    node.put("problem", batch.problem()).put("started_at", batch.startedAt().toString());
    node.put("finished_at", batch.finishedAt() == null ? null : batch.finishedAt().toString());
    return node;
  }

  /** @return the exit code: 0 if it is finished and every row is paired */
  static int verdict(Progress progress) {
    return progress != null && progress.batch().phase() == Phase.FINISHED && progress.batch().problem() == null
        && progress.outcomes().getOrDefault(Outcome.PAIRED, 0L) == progress.rows() ? 0 : 1;
  }
}
