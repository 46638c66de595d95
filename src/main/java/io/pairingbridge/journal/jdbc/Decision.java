package io.pairingbridge.journal.jdbc;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Job;
import java.util.function.Consumer;

/**
 * What a transaction decided about a delivery. It is only a value: a transaction may be repeated, so nothing of this
 * holds for anybody else in the process before the commit has returned.
 *
 * @param next tells the job where it goes on
 * @param begun the attempt that was begun, or null
 */
record Decision(Consumer<Job> next, Attempt begun) {

    static Decision of(Consumer<Job> next) {
        return new Decision(next, null);
    }

    static Decision call(Attempt attempt) {
        return new Decision(job -> job.call(attempt), attempt);
    }

    void applyTo(Job job) {
        next.accept(job);
    }
}
