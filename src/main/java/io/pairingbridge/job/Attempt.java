package io.pairingbridge.job;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One call of the endpoint, from the moment the journal knows of it.
 *
 * <p>The deadline is kept on the monotonic clock: a jump of the wall clock must neither cut a call short nor let a
 * process that was paused post after others may have taken the job over.
 */
public final class Attempt {
    private final String id;
    private final int number;
    private final long startedNanos;
    private final long deadlineNanos;
    private final AtomicBoolean sent = new AtomicBoolean();
    private volatile boolean held;

    /**
     * @param id unique among all attempts of all jobs; the duplicate id of the published credentials
     * @param number 1 for the first call of a job
     * @param limit how long the whole call may take, counted from now
     */
    public Attempt(String id, int number, Duration limit) {
        this.id = id;
        this.number = number;
        this.startedNanos = System.nanoTime();
        this.deadlineNanos = startedNanos + limit.toNanos();
    }

    public String id() {
        return id;
    }

    public int number() {
        return number;
    }

    /** Nanoseconds until the deadline; zero or less once it has passed. */
    public long nanosLeft() {
        return deadlineNanos - System.nanoTime();
    }

    /** Seconds since the attempt began. */
    public double seconds() {
        return (System.nanoTime() - startedNanos) / 1e9;
    }

    /**
     * To be called right before the first byte of the request can leave: from here on the attempt may have been heard.
     */
    public void markSent() {
        sent.set(true);
    }

    /** False only if certainly no byte of the request left this machine. */
    public boolean sent() {
        return sent.get();
    }

    /** To be called by the delivery that makes the call, and once more with false when it has been dealt with. */
    public void hold(boolean held) {
        this.held = held;
    }

    /**
     * True while the delivery that makes the call is still at work. If this process was paused, or slow, that may be
     * long after the deadline, with the answer in its hands: nobody else may take the call for lost until it is done.
     */
    public boolean held() {
        return held;
    }

    @Override
    public String toString() {
        return "Attempt[" + id + ", number=" + number + "]";
    }
}
