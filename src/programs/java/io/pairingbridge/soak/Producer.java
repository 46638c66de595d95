package io.pairingbridge.soak;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.testing.Stage.MessageMaker;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * An ERP that sends requests and does not rest until the broker has taken them. Where it is not told whether the broker
 * took one, it sends it again, as a careful ERP does: the same request twice is the same job.
 */
final class Producer implements AutoCloseable {
    /**
     * One message, with its JMSPriority and its time to live in milliseconds (0: for ever). Each is its own, never
     * equal to another.
     */
    static final class Outgoing {
        private final MessageMaker message;
        private final int priority;
        private final long timeToLive;
        private final boolean toBeRefused;

        Outgoing(MessageMaker message, int priority, long timeToLive) {
            this(message, priority, timeToLive, false);
        }

        /** @param toBeRefused that the broker must not take it */
        Outgoing(MessageMaker message, int priority, long timeToLive, boolean toBeRefused) {
            this.message = message;
            this.priority = priority;
            this.timeToLive = timeToLive;
            this.toBeRefused = toBeRefused;
        }
    }

    /** Nanoseconds until a broker that is away is tried again. */
    static final long AWAY = TimeUnit.MILLISECONDS.toNanos(100);

    private final BlockingQueue<List<Outgoing>> queue = new LinkedBlockingQueue<>();
    private final AtomicInteger unsent = new AtomicInteger();
    private final Set<Outgoing> perhapsTwice = ConcurrentHashMap.newKeySet();
    private final Set<Outgoing> refused = ConcurrentHashMap.newKeySet();
    private final String url;
    private final BrokerUsers users;
    private final Thread thread;
    private volatile boolean closing;

    Producer(String url, BrokerUsers users) {
        this.url = url;
        this.users = users;
        this.thread = new Thread(this::run, "producer");
        thread.setDaemon(true);
        thread.start();
    }

    /** Sends these soon, in one transaction; what the broker must refuse, each by itself. */
    void send(List<Outgoing> messages) {
        if (!messages.isEmpty()) {
            unsent.incrementAndGet();
            queue.add(messages);
        }
    }

    /** Whether the broker may have taken this message more than once, because nobody heard that it had. */
    boolean perhapsTwice(Outgoing message) {
        return perhapsTwice.contains(message);
    }

    /** Whether the broker said that it does not take this message, and why. */
    boolean refused(Outgoing message) {
        return refused.contains(message);
    }

    /** True once the broker has everything, but what it refused. */
    boolean idle() {
        return unsent.get() == 0;
    }

    private void run() {
        List<Outgoing> next = null;
        while (!closing) {
            try (Connection connection = BrokerConnections.factory(new BrokerAddress(
                                    url, BrokerUsers.ERP_REQUESTER, users.password(BrokerUsers.ERP_REQUESTER)))
                            .createConnection();
                    Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
                    MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
                    Session single = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                    MessageProducer ofSingle = single.createProducer(single.createQueue("pairing.requests"))) {
                while (!closing) {
                    next = next == null ? queue.poll(200, TimeUnit.MILLISECONDS) : next;
                    if (next != null) {
                        for (Outgoing outgoing : next) {
                            if (outgoing.toBeRefused) {
                                refuse(outgoing, single, ofSingle);
                            } else {
                                send(outgoing, session, producer);
                            }
                        }
                        session.commit();
                        next = null;
                        unsent.decrementAndGet();
                    }
                }
            } catch (JMSException | RuntimeException e) {
                if (next != null) {
                    perhapsTwice.addAll(next);
                }
                LockSupport.parkNanos(AWAY); // the broker is
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private static void send(Outgoing outgoing, Session session, MessageProducer producer) throws JMSException {
        Message message = outgoing.message.make(session);
        producer.setPriority(outgoing.priority);
        producer.setTimeToLive(outgoing.timeToLive);
        producer.send(message);
    }

    private void refuse(Outgoing outgoing, Session session, MessageProducer producer) throws JMSException {
        try {
            send(outgoing, session, producer);
        } catch (JMSException e) {
            if (!String.valueOf(e.getMessage()).matches("the (message|body) is .*: send .*")) {
                throw e; // the broker is away
            }
            refused.add(outgoing);
        }
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        thread.interrupt();
        thread.join(5_000);
    }
}
