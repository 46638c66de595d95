package io.pairingbridge.intake;

import io.pairingbridge.job.BridgeStops;
import io.pairingbridge.job.DeliveryScope;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.camel.Exchange;

/**
 * Limits concurrent calls. Consumers hold 25 % more jobs, so that the next call can start while the last answer is
 * journaled. A job waits for its permit before the journal knows of it: a crash finds it untouched in its queue, and
 * the wait takes nothing from the call's deadline.
 */
public final class CallLimit {
    private static final String PERMIT = "call-permit";
    /** How often a job that waits looks whether the bridge is being stopped. */
    private static final long LOOK_MILLIS = 100;

    private volatile Semaphore permits;

    /** @param calls at once, 1 or more */
    public CallLimit(int calls) {
        change(calls);
    }

    /** For jobs that have no permit yet; whoever changes it sees to it that the others are done. */
    public void change(int calls) {
        permits = new Semaphore(calls);
    }

    /** How many consumers, each with one job, so many calls at once need. */
    public static int consumers(int calls) {
        return calls + calls / 4;
    }

    /**
     * Returns when one more call may be made. The permit is released by {@link #release}, or when the delivery is done.
     *
     * @throws BridgeStops if the bridge is stopping: the job goes back
     */
    public void acquire(Exchange delivery) throws InterruptedException {
        Semaphore from = permits;
        while (!from.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
            if (delivery.getContext().isStopping() || delivery.getContext().isStopped()) {
                throw new BridgeStops("waiting for another call to end");
            }
        }
        Permit permit = new Permit(from);
        delivery.setProperty(PERMIT, permit);
        DeliveryScope.of(delivery).onDone(permit::release);
    }

    /** The call has ended, whatever came of it: its connection is not used any more. */
    public void release(Exchange delivery) {
        Permit permit = delivery.getProperty(PERMIT, Permit.class);
        if (permit != null) {
            permit.release();
        }
    }

    private static final class Permit {
        private final Semaphore of;
        private final AtomicBoolean released = new AtomicBoolean();

        Permit(Semaphore of) {
            this.of = of;
        }

        void release() {
            if (released.compareAndSet(false, true)) {
                of.release();
            }
        }
    }
}
