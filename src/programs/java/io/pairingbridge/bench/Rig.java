package io.pairingbridge.bench;

import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.testing.BrokerProcess;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.springframework.util.FileSystemUtils;

/**
 * What all sides of a benchmark share: one broker process with the shipped configuration, one process that stands for
 * the endpoint (the simulator, which answers after a delay without holding a thread for it), and the clients that send
 * and collect.
 */
final class Rig implements AutoCloseable {
    /** How long nothing may arrive before a side counts as stuck. */
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final int A_TRANSACTION = 500;

    private final Path folder;
    private final BrokerUsers users;
    private final int brokerPort = Stage.freePort();
    private final int endpointPort = Stage.freePort();
    private final Child brokerProcess;
    private final Child endpointProcess;
    private int batches;

    Rig() throws IOException {
        folder = Files.createTempDirectory("bench");
        Path broker = Files.createDirectories(folder.resolve("broker"));
        users = BrokerUsers.load(broker, Map.of());
        RecipientKeyPair keys = KeyPairs.generate(KeyKind.RSA3072, "bench");
        KeyPairs.writePublic(keys, recipientKeys());
        brokerProcess = Child.start(
                List.of(
                        java(),
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        BrokerProcess.class.getName(),
                        "docker/artemis/broker.xml",
                        broker.toString(),
                        Integer.toString(brokerPort)),
                folder.resolve("broker.log"),
                Map.of());
        brokerProcess.awaitLog(BrokerProcess.READY, 1);
        endpointProcess = Child.start(
                List.of(
                        java(),
                        "-Xmx512m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        EndpointProcess.class.getName(),
                        Integer.toString(endpointPort)),
                folder.resolve("endpoint.log"),
                Map.of());
        endpointProcess.awaitLog(EndpointProcess.READY, 1);
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    Path folder() {
        return folder;
    }

    BrokerUsers users() {
        return users;
    }

    String broker() {
        return "tcp://127.0.0.1:" + brokerPort;
    }

    String endpoint() {
        return "http://127.0.0.1:" + endpointPort + "/v1/pay-connect/pair/";
    }

    Path recipientKeys() {
        return folder.resolve("recipients.jwks");
    }

    /** Each answer of the endpoint takes so long from now on. */
    void endpointTakes(Duration delay) throws IOException {
        Path log = folder.resolve("endpoint.log");
        String said = EndpointProcess.TAKES + delay.toMillis() + " ms";
        int before = Child.said(log, said);
        endpointProcess.tell(Long.toString(delay.toMillis()));
        endpointProcess.awaitLog(said, before + 1);
    }

    /** A connection as this user, made for speed: what it takes it need not remember. */
    Connection login(String user) throws JMSException {
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(broker(), user, users.password(user));
        factory.setBlockOnAcknowledge(false);
        Connection connection = factory.createConnection();
        connection.start();
        return connection;
    }

    /**
     * Puts requests on their queue, each for a one-time password that was never used.
     *
     * @param failing per cent of them that are answered 503 first, with a second try asked for in two seconds; spread
     *     evenly
     */
    void send(int jobs, int failing) throws JMSException {
        int batch = ++batches;
        try (Connection connection = login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            for (int i = 0; i < jobs; i++) {
                producer.send(request(
                        session,
                        batch + "-" + i,
                        String.format("%03d%07d%s", batch, i, i * failing % 100 < failing ? "0503" : "1")));
                if (i % A_TRANSACTION == A_TRANSACTION - 1) {
                    session.commit();
                }
            }
            session.commit();
        }
    }

    Message request(Session session, String job, String otp) throws JMSException {
        Message message = session.createTextMessage("{\"name\":\"Till " + job + "\",\"otp\":\"" + otp + "\"}");
        message.setStringProperty("PairingJobId", "job-" + job);
        return message;
    }

    /** Takes this many credentials and tells when each came ({@link System#nanoTime}), in their order. */
    long[] collect(int jobs) throws JMSException {
        return collect(jobs, came -> {});
    }

    private long[] collect(int jobs, IntConsumer each) throws JMSException {
        long[] at = new long[jobs];
        Set<String> seen = new HashSet<>();
        try (Connection connection = login(BrokerUsers.ERP_CREDENTIALS);
                Session session = connection.createSession(false, Session.DUPS_OK_ACKNOWLEDGE);
                MessageConsumer consumer = session.createConsumer(session.createQueue("pairing.credentials"))) {
            for (int i = 0; i < jobs; i++) {
                Message message = consumer.receive(PATIENCE.toMillis());
                at[i] = System.nanoTime();
                each.accept(i);
                if (message == null) {
                    throw new IllegalStateException(i + " of " + jobs + " credentials came, then none for "
                            + PATIENCE.toSeconds() + " s; the logs are in " + folder);
                }
                if (!seen.add(message.getStringProperty("PairingJobId"))) {
                    throw new IllegalStateException(
                            "credentials of " + message.getStringProperty("PairingJobId") + " came twice");
                }
            }
        }
        return at;
    }

    /** Takes what is on a queue. */
    int drain(String user, String queue) throws JMSException {
        int messages = 0;
        try (Connection connection = login(user);
                Session session = connection.createSession(false, Session.DUPS_OK_ACKNOWLEDGE);
                MessageConsumer consumer = session.createConsumer(session.createQueue(queue))) {
            while (consumer.receive(500) != null) {
                messages++;
            }
        }
        return messages;
    }

    /** Waits for events of the bridge that nobody has taken, and refuses anything on the queues for bad endings. */
    void tidy() throws JMSException {
        drain(BrokerUsers.ERP_REQUESTER, "pairing.outcomes::pairing.outcomes.erp");
        int bad = drain(BrokerUsers.OPERATOR, "pairing.dead-letters") + drain(BrokerUsers.OPERATOR, "pairing.in-doubt");
        if (bad > 0) {
            throw new IllegalStateException(bad + " jobs ended badly; the logs are in " + folder);
        }
    }

    /**
     * How many jobs a side gets in one go. The first ones are for what is not yet as it will be: the virtual machine
     * compiles, or the queue fills. The last ones are stragglers; those between are measured.
     */
    record Load(int warming, int measured) {
        int jobs() {
            return warming + measured + measured / 10;
        }

        Load times(int factor) {
            return new Load(warming * factor, measured * factor);
        }

        /** Jobs a second. */
        double rate(long[] at) {
            return measured / ((at[warming + measured] - at[warming]) / 1e9);
        }
    }

    /** Jobs a second, credentials received. */
    double throughput(List<Child> started, Load load) throws JMSException, InterruptedException {
        double[][] used = new double[2][];
        long[] at = collect(load.jobs(), came -> {
            if (came == load.warming() || came == load.warming() + load.measured()) {
                used[came == load.warming() ? 0 : 1] = new double[] {
                    started.stream().mapToDouble(Rig::processorMillis).sum(),
                    processorMillis(brokerProcess),
                    processorMillis(endpointProcess)
                };
            }
        });
        tidy();
        double rate = load.rate(at);
        System.out.printf(
                Locale.ROOT,
                "  %.0f jobs/s; processor time a job, ms: the side %.2f, the broker %.2f, the endpoint %.2f%n",
                rate,
                (used[1][0] - used[0][0]) / load.measured(),
                (used[1][1] - used[0][1]) / load.measured(),
                (used[1][2] - used[0][2]) / load.measured());
        return rate;
    }

    private static double processorMillis(Child child) {
        return ProcessHandle.of(child.pid())
                        .flatMap(process -> process.info().totalCpuDuration())
                        .map(Duration::toNanos)
                        .orElse(0L)
                / 1e6;
    }

    /**
     * Starts a side and returns when its virtual machine has compiled what a job uses: when it has worked off so many
     * at an endpoint that answers at once. The endpoint may then be made slower.
     */
    Child warmed(Side side, String name, int inFlight, int jobs) throws Exception {
        endpointTakes(Duration.ZERO);
        Child child = side.start(this, name, inFlight, null, Map.of());
        try {
            warm(jobs);
            return child;
        } catch (Exception e) {
            child.close();
            throw e;
        }
    }

    /** Has whatever runs work off so many jobs, and returns when their credentials have come. */
    void warm(int jobs) throws JMSException {
        send(jobs, 0);
        collect(jobs);
        tidy();
    }

    /** As {@link #throughput(List, Load)}, for one process of this side, on a journal of its own. */
    double throughput(Side side, int inFlight, Load load) throws Exception {
        send(load.jobs(), 0);
        String name = side.name() + "-" + batches;
        List<Child> started = new ArrayList<>();
        try {
            started.add(side.start(this, name, inFlight, null, Map.of()));
            double rate = throughput(started, load);
            started.get(0).stop();
            return rate;
        } finally {
            started.forEach(Child::close);
            FileSystemUtils.deleteRecursively(folder.resolve(name));
        }
    }

    @Override
    public void close() throws IOException {
        endpointProcess.close();
        brokerProcess.close();
        FileSystemUtils.deleteRecursively(folder);
    }
}
