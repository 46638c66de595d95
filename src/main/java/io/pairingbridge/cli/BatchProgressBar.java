package io.pairingbridge.cli;

import io.pairingbridge.cli.ManagementClient.Unreachable;
import java.time.Duration;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows how far a batch has come, until it is finished: a bar as wide as the terminal, else a line each few seconds.
 */
final class BatchProgressBar {
    private static final long LOOK_MILLIS = 500;
    private static final long LINE_NANOS = Duration.ofSeconds(5).toNanos();

    private final BatchReader batches;

    BatchProgressBar(BatchReader batches) {
        this.batches = batches;
    }

    /**
     * Follows the batch; one that is not there yet is waited for.
     *
     * @param earlier when a run of that name was begun that is not meant, as the bridge tells it, or an empty text. It
     *     is compared and never reckoned with: the bridge's clock is not this machine's
     * @param rows how many rows it will have, or -1 if that is not known
     * @param limit how long at most, or null
     * @return how it stood last; null if it was never seen
     */
    BatchStatus follow(String batchId, String earlier, long rows, Duration limit) throws InterruptedException {
        long end = limit == null ? Long.MAX_VALUE : System.nanoTime() + limit.toNanos();
        try (Shown shown = Screen.errorTerminal() && !Screen.json() ? new Bar(batchId, rows) : new Lines(batchId)) {
            BatchStatus last = null;
            while (true) {
                BatchStatus now = look(batchId, earlier);
                if (now != null) {
                    last = now;
                    shown.show(now, now.phase().equals("READING") ? Math.max(rows, now.rows()) : now.rows());
                }
                if (now != null && now.ended() || limit != null && System.nanoTime() - end >= 0) {
                    return last;
                }
                Thread.sleep(LOOK_MILLIS);
            }
        }
    }

    /** Null if there is no such batch, or nobody to ask: the bridge may be starting anew. */
    private BatchStatus look(String batchId, String earlier) throws InterruptedException {
        try {
            return batches.find(batchId)
                    .filter(batch -> !batch.startedAt().equals(earlier))
                    .orElse(null);
        } catch (Unreachable e) {
            return null;
        }
    }

    private interface Shown extends AutoCloseable {
        void show(BatchStatus now, long rows);

        @Override
        void close();
    }

    private static final class Bar implements Shown {
        private final ProgressBar bar;

        Bar(String name, long rows) {
            bar = new ProgressBarBuilder()
                    .setTaskName(name)
                    .setInitialMax(rows)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setUpdateIntervalMillis((int) LOOK_MILLIS)
                    .setConsumer(new DelegatingProgressBarConsumer(
                            line -> System.err.print("\r" + line), Screen.errorWidth() - 1))
                    .build();
        }

        @Override
        public void show(BatchStatus now, long rows) {
            bar.maxHint(rows);
            bar.stepTo(now.rows() - now.waiting());
            bar.setExtraMessage(" " + now.paired() + " paired");
            bar.refresh();
        }

        @Override
        public void close() {
            bar.close();
            System.err.println();
        }
    }

    private static final class Lines implements Shown {
        private final String name;
        private String said = "";
        private long saidAt;

        Lines(String name) {
            this.name = name;
        }

        @Override
        public void show(BatchStatus now, long rows) {
            String line = now.rows() + " of " + rows + " rows read, " + now.words();
            if (!line.equals(said) && (said.isEmpty() || now.ended() || System.nanoTime() - saidAt > LINE_NANOS)) {
                Screen.note(name + ": " + line);
                said = line;
                saidAt = System.nanoTime();
            }
        }

        @Override
        public void close() {
            // each line stands for itself
        }
    }
}
