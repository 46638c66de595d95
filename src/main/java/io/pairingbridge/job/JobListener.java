package io.pairingbridge.job;

import java.time.Duration;

/** Hears what happens to jobs; feeds metrics, the intake and tests. Must not block and must not throw. */
public interface JobListener {
    /** The journal holds an attempt; the call is about to be made. */
    void callBegan();

    /**
     * A call ended.
     *
     * @param detail a sentence without secrets
     * @param seconds since the attempt was written
     */
    void callEnded(Result result, String detail, double seconds);

    /** Credentials are on their queue, this long after the request was put on its own. */
    void published(Duration sinceRequested);

    /** A job ended and is about to be acknowledged; heard again if the acknowledgement fails. */
    void ended(Outcome outcome);
}
