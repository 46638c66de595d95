package io.pairingbridge.soak;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/**
 * Everybody who takes results off the broker, for as long as the soak runs: the ERP its events, the recipient its
 * credentials, the operator the dead letters and the jobs in doubt. A broker that dies meanwhile is asked again. What
 * the broker delivers twice because an acknowledgement was lost is the same message; what the bridge sent twice is not.
 */
final class Recipients implements AutoCloseable {
    /** All that came of one job. */
    static final class Ends {
        final List<Received> credentials = new ArrayList<>();
        final List<Received> deadLetters = new ArrayList<>();
        final List<Received> inDoubt = new ArrayList<>();
        final List<Received> events = new ArrayList<>();

        /** Messages that say where the job ended. */
        int places() {
            return credentials.size() + deadLetters.size() + inDoubt.size();
        }
    }

    private enum Outlet {
        EVENTS(BrokerUsers.ERP_REQUESTER, "pairing.outcomes::pairing.outcomes.erp"),
        CREDENTIALS(BrokerUsers.ERP_CREDENTIALS, "pairing.credentials"),
        DEAD_LETTERS(BrokerUsers.OPERATOR, "pairing.dead-letters"),
        IN_DOUBT(BrokerUsers.OPERATOR, "pairing.in-doubt");

        private final String user;
        private final String queue;

        Outlet(String user, String queue) {
            this.user = user;
            this.queue = queue;
        }

        private List<Received> of(Ends ends) {
            return switch (this) {
                case EVENTS -> ends.events;
                case CREDENTIALS -> ends.credentials;
                case DEAD_LETTERS -> ends.deadLetters;
                case IN_DOUBT -> ends.inDoubt;
            };
        }
    }

    private final String url;
    private final BrokerUsers users;
    private final Sendings sendings;
    private final Map<String, Ends> ends = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closing;

    /** @param bridges how many there are that may send the same credentials at the same moment */
    Recipients(String url, BrokerUsers users, int bridges) {
        this.url = url;
        this.users = users;
        this.sendings = new Sendings(bridges);
        for (Outlet outlet : Outlet.values()) {
            Thread thread = new Thread(() -> receive(outlet), "recipient-" + outlet);
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
    }

    /** What came of a job so far; guarded by itself. */
    Ends of(String jobId) {
        return ends.computeIfAbsent(jobId, id -> new Ends());
    }

    /** The attempts whose credentials came. */
    Set<String> attempts() {
        Set<String> attempts = new HashSet<>();
        ends.values().forEach(job -> {
            synchronized (job) {
                job.credentials.forEach(message -> attempts.add(message.text("_AMQ_DUPL_ID")));
            }
        });
        return attempts;
    }

    /**
     * How many credentials came beside others that another bridge sent at the same moment; they do not count as
     * received.
     */
    long sentAtOnce() {
        return sendings.copies();
    }

    private void receive(Outlet outlet) {
        Set<String> seen = new HashSet<>();
        while (!closing) {
            try (Connection connection = BrokerConnections.factory(
                                    new BrokerAddress(url, outlet.user, users.password(outlet.user)))
                            .createConnection();
                    Session session = connection.createSession(false, Session.CLIENT_ACKNOWLEDGE)) {
                connection.start();
                MessageConsumer consumer = session.createConsumer(session.createQueue(outlet.queue));
                while (!closing) {
                    Message message = consumer.receive(500);
                    if (message != null) {
                        if (!seen.contains(message.getJMSMessageID())) {
                            keep(
                                    outlet,
                                    Stage.received(message),
                                    message.getJMSTimestamp()); // of a large one the broker may die in the middle:
                            // then it is not seen yet
                            seen.add(message.getJMSMessageID());
                        }
                        message.acknowledge();
                    }
                }
            } catch (JMSException | RuntimeException e) {
                LockSupport.parkNanos(Producer.AWAY); // the broker is
            }
        }
    }

    private void keep(Outlet outlet, Received message, long sentMillis) {
        Ends job = of(String.valueOf(message.jobId()));
        synchronized (job) {
            if (outlet != Outlet.CREDENTIALS || !sendings.copy(message, sentMillis)) {
                outlet.of(job).add(message);
            }
        }
    }

    @Override
    public void close() throws InterruptedException {
        closing = true;
        for (Thread thread : threads) {
            thread.join(5_000);
        }
    }
}
