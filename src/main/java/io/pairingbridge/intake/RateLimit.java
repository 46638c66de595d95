package io.pairingbridge.intake;

import io.pairingbridge.job.BridgeStops;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Spaces out the calls of this instance. A job that must wait for its turn waits before the journal knows of it, so
 * that a crash finds it untouched in its queue; the consumer that holds it could not have called anybody else
 * meanwhile.
 */
public final class RateLimit {
    /**
     * A thread that wakes up so late has its turn at its time all the same, so that the pace is kept; after a pause
     * there is no catching up.
     */
    private static final long LATE = TimeUnit.MILLISECONDS.toNanos(5);

    /** First come, first served: whoever holds it is the next to have a turn. */
    private final ReentrantLock line = new ReentrantLock(true);

    private volatile Thread first;
    private volatile long nanosBetween;
    private long lastTurn;

    /** @param callsPerSecond 0 for no limit */
    public RateLimit(double callsPerSecond) {
        change(callsPerSecond);
        lastTurn = System.nanoTime() - nanosBetween;
    }

    /** For calls that have not got their turn yet, those that wait for it included; 0 for no limit. */
    public void change(double callsPerSecond) {
        nanosBetween = callsPerSecond == 0 ? 0 : (long) (TimeUnit.SECONDS.toNanos(1) / callsPerSecond);
        LockSupport.unpark(first);
    }

    /** Calls a second; 0 for no limit. */
    public double callsPerSecond() {
        return nanosBetween == 0 ? 0 : (double) TimeUnit.SECONDS.toNanos(1) / nanosBetween;
    }

    /**
     * Returns when it is the caller's turn.
     *
     * @throws BridgeStops if the thread is interrupted, because the bridge is stopping: the job goes back
     */
    public void awaitTurn() {
        if (nanosBetween == 0) {
            return;
        }
        try {
            line.lockInterruptibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw stopped();
        }
        try {
            first = Thread.currentThread();
            for (long left = left(); left > 0; left = left()) {
                if (Thread.currentThread().isInterrupted()) {
                    throw stopped();
                }
                LockSupport.parkNanos(left);
            }
            long late = -left();
            lastTurn = System.nanoTime() - (late > LATE ? 0 : late);
        } finally {
            first = null;
            line.unlock();
        }
    }

    /** Until the next turn; zero or less if it may be had. */
    private long left() {
        long between = nanosBetween; // may be changed meanwhile
        return between == 0 ? 0 : lastTurn + between - System.nanoTime();
    }

    private static BridgeStops stopped() {
        return new BridgeStops("waiting for the rate limit");
    }
}
