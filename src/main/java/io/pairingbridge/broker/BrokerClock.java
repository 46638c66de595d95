package io.pairingbridge.broker;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.Session;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.jms.client.ActiveMQMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the broker's clock shows. A delivery is scheduled for a time of day, and it is the broker's clock that decides
 * when that has come: where the bridge's is ahead, every wait would be longer by the difference, where it is behind,
 * over at once.
 *
 * <p>Read off a message that the bridge sends to itself and the broker stamps, and carried on from there by the
 * monotonic clock, so that a jump of the bridge's wall clock changes nothing.
 */
public final class BrokerClock {
    private static final Logger LOG = LoggerFactory.getLogger(BrokerClock.class);
    /** Set by the broker, which overwrites what a sender put there (address setting enable-ingress-timestamp). */
    private static final String STAMP = "_AMQ_INGRESS_TIMESTAMP";
    /** Clocks that run drift by milliseconds in this time; one that is set is noticed after it. */
    private static final long FRESH = TimeUnit.SECONDS.toNanos(30);

    private static final long PATIENCE_MILLIS = 5_000;
    private static final Duration WORTH_TELLING = Duration.ofSeconds(5);

    private record Reading(Instant broker, long atNanos) {}

    private final ConnectionFactory connections;
    private final Clock own;
    private Reading last;
    private long askedAt;
    private Duration told = Duration.ZERO;

    /**
     * @param connections to the broker, pooled
     * @param own the bridge's clock, which stands in while the broker's cannot be read
     */
    public BrokerClock(ConnectionFactory connections, Clock own) {
        this.connections = connections;
        this.own = own;
    }

    /**
     * The broker's time of day. Asks the broker, if it was not asked within the last half minute; if that fails, what
     * it said last is carried on.
     */
    public synchronized Instant now() {
        if (last == null || System.nanoTime() - askedAt > FRESH) {
            Reading read = read();
            last = read == null ? last : read;
            askedAt = System.nanoTime();
        }
        return last == null ? own.instant() : last.broker.plusNanos(System.nanoTime() - last.atNanos);
    }

    /** When the broker took this message in, by its clock; null if it puts no time on messages to that address. */
    public static Instant stamp(Message message) {
        return ((ActiveMQMessage) message).getCoreMessage().getObjectProperty(STAMP) instanceof Long millis
                ? Instant.ofEpochMilli(millis)
                : null;
    }

    /** Null if the broker did not say. */
    private Reading read() {
        try (Connection connection = connections.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            Queue self = session.createTemporaryQueue();
            try (MessageProducer producer = session.createProducer(self);
                    MessageConsumer consumer = session.createConsumer(self)) {
                producer.setDeliveryMode(DeliveryMode.NON_PERSISTENT);
                long sent = System.nanoTime(); // before it: better a moment late than too early, which would bring the
                // job back
                // at once
                producer.send(session.createMessage());
                Message stamped = consumer.receive(PATIENCE_MILLIS);
                Instant broker = stamped == null ? null : stamp(stamped);
                if (broker != null) {
                    tell(Duration.between(own.instant(), broker.plusNanos(System.nanoTime() - sent)));
                    return new Reading(broker, sent);
                }
            }
            LOG.warn(
                    "The broker puts no time on messages to temporary queues (enable-ingress-timestamp in docker/artemis/broker.xml):"
                            + " jobs that wait come when its clock shows what this machine's should");
        } catch (JMSException e) {
            LOG.debug("The broker's clock cannot be read: {}", e.getMessage()); // who needs the broker for more says so
        }
        return null;
    }

    private void tell(Duration ahead) {
        if (ahead.abs().compareTo(WORTH_TELLING) > 0 && ahead.minus(told).abs().compareTo(WORTH_TELLING) > 0) {
            told = ahead;
            LOG.warn(
                    "The broker's clock is {} s {} this bridge's; waits are not changed by that, the age of a job is: set both right",
                    ahead.abs().toSeconds(),
                    ahead.isNegative() ? "behind" : "ahead of");
        }
    }
}
