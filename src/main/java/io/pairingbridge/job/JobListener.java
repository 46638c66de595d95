package io.pairingbridge.job;

import java.time.Duration;

/**
 * Hears what happens to jobs: the intake, metrics and tests. A listener must not block; what it throws is logged and
 * changes nothing for the job (see {@link JobListeners}).
 */
public interface JobListener {
    /** The journal holds an attempt; the call is about to be made. */
    default void callBegan() {}

    /**
     * A call ended.
     *
     * @param detail a sentence without secrets
     * @param seconds since the attempt was written
     */
    default void callEnded(Result result, String detail, double seconds) {}

    /** Credentials are on their queue, this long after the request was put on its own. */
    default void published(Duration sinceRequested) {}

    /** A job ended and is about to be acknowledged; heard again if the acknowledgement fails. */
    default void ended(Outcome outcome) {}
}
