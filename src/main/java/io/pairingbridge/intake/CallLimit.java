package io.pairingbridge.intake;

import io.pairingbridge.job.BridgeStops;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.camel.Exchange;
import org.apache.camel.support.SynchronizationAdapter;

/**
 * Keeps to the number of calls at once. More jobs than that are in hand, so that the next one is ready when an answer
 * has come and the job it belongs to is still being written down. A job waits for a place before the journal knows of
 * it: a crash finds it untouched in its queue, and the wait takes nothing from the call's deadline.
 */
public final class CallLimit {
    private static final String PLACE = "call-place";
    /** How often a job that waits looks whether the bridge is being stopped. */
    private static final long LOOK_MILLIS = 100;

    private volatile Semaphore places;

    /** @param calls at once, 1 or more */
    public CallLimit(int calls) {
        change(calls);
    }

    /** For jobs that have no place yet; whoever changes it sees to it that the others are done. */
    public void change(int calls) {
        places = new Semaphore(calls);
    }

    /**
     * How many jobs to have in hand for so many calls at once: what is written down takes less than a quarter of a
     * call.
     */
    public static int inHand(int calls) {
        return calls + calls / 4;
    }

    /**
     * Returns when one more call may be made; its place is free again after {@link #free}, or when the delivery is done
     * with.
     *
     * @throws BridgeStops if the bridge is stopping: the job goes back
     */
    public void take(Exchange delivery) throws InterruptedException {
        Semaphore from = places;
        while (!from.tryAcquire(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
            if (delivery.getContext().isStopping() || delivery.getContext().isStopped()) {
                throw new BridgeStops("waiting for another call to end");
            }
        }
        Place place = new Place(from);
        delivery.setProperty(PLACE, place);
        delivery.getExchangeExtension().addOnCompletion(place);
    }

    /** The call has ended, whatever came of it: its connection is not used any more. */
    public void free(Exchange delivery) {
        Place place = delivery.getProperty(PLACE, Place.class);
        if (place != null) {
            place.free();
        }
    }

    private static final class Place extends SynchronizationAdapter {
        private final Semaphore of;
        private final AtomicBoolean freed = new AtomicBoolean();

        Place(Semaphore of) {
            this.of = of;
        }

        void free() {
            if (freed.compareAndSet(false, true)) {
                of.release();
            }
        }

        @Override
        public void onDone(Exchange done) {
            free();
        }
    }
}
