package io.pairingbridge.journal.jdbc;

import io.pairingbridge.job.Job;
import io.pairingbridge.journal.Journal.AttemptReport;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;

/** Sealed answers that the failing store did not take: in memory only, and written first when it has recovered. */
final class PendingWrites {
    private final Queue<Pending> answers = new ConcurrentLinkedQueue<>();

    private record Pending(Job job, AttemptReport report) {}

    void add(Job job, AttemptReport report) {
        answers.add(new Pending(job, report));
    }

    int size() {
        return answers.size();
    }

    /** Writes them, oldest first. One that fails stays with those behind it. */
    void write(BiConsumer<Job, AttemptReport> writing) {
        for (Pending oldest = answers.peek(); oldest != null; oldest = answers.peek()) {
            writing.accept(oldest.job(), oldest.report());
            answers.remove(oldest);
        }
    }
}
