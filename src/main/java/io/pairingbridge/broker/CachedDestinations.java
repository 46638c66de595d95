package io.pairingbridge.broker;

import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.jms.support.destination.DestinationResolver;
import org.springframework.jms.support.destination.DynamicDestinationResolver;

/**
 * Asks the broker for each destination once. Otherwise every send asks twice whether its queue is there, which the
 * broker's answer to the send or to the commit says anyway.
 */
public final class CachedDestinations implements DestinationResolver {
    private record Name(String name, boolean topic) {}

    private final DestinationResolver broker = new DynamicDestinationResolver();
    private final Map<Name, Destination> known = new ConcurrentHashMap<>();

    @Override
    public Destination resolveDestinationName(Session session, String destinationName, boolean pubSubDomain)
            throws JMSException {
        Name name = new Name(destinationName, pubSubDomain);
        Destination destination = known.get(name);
        if (destination == null) {
            destination = broker.resolveDestinationName(session, destinationName, pubSubDomain);
            known.put(name, destination);
        }
        return destination;
    }
}
