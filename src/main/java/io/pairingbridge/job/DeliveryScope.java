package io.pairingbridge.job;

import java.util.ArrayDeque;
import java.util.Deque;
import org.apache.camel.Exchange;
import org.apache.camel.support.SynchronizationAdapter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a delivery holds until it is done, whatever becomes of it: the permit for a call, the lock of a publish, the
 * attempt, the fields of its log lines. All of it is let go in one place, the last taken first.
 *
 * <p>Used by the one thread that handles the delivery.
 */
public final class DeliveryScope extends SynchronizationAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(DeliveryScope.class);
    private static final String PROPERTY = DeliveryScope.class.getName();

    private final Deque<Runnable> held = new ArrayDeque<>();

    private DeliveryScope() {}

    /** The scope of this delivery; one is made if there is none yet. */
    public static DeliveryScope of(Exchange delivery) {
        DeliveryScope scope = delivery.getProperty(PROPERTY, DeliveryScope.class);
        if (scope == null) {
            scope = new DeliveryScope();
            delivery.setProperty(PROPERTY, scope);
            delivery.getExchangeExtension().addOnCompletion(scope);
        }
        return scope;
    }

    /** Adds something to be let go when the delivery is done. */
    public void onDone(Runnable release) {
        held.push(release);
    }

    @Override
    public void onDone(Exchange done) {
        while (!held.isEmpty()) {
            try {
                held.pop().run();
            } catch (RuntimeException e) {
                LOG.error("What a delivery held could not be let go", e);
            }
        }
    }
}
