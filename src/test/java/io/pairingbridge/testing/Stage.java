package io.pairingbridge.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.Bridge;
import io.pairingbridge.Replacements;
import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.broker.EmbeddedBroker;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.settings.Settings;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * Everything around a bridge, for real: a broker on the shipped configuration, a ledger endpoint, a recipient with a
 * key, and the clients that the contract knows. The broker and the endpoint outlive the bridge, so that it can be
 * killed and started again; a bridge is started in this process, or its settings handed to a child process.
 */
public final class Stage implements AutoCloseable {
    public static final ObjectMapper JSON = new ObjectMapper();
    /** Generous, because the machine may be busy; nothing waits that long when it works. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);
    /** One key for all tests of a JVM: making one takes a second. */
    private static final RecipientKeyPair KEYS = KeyPairs.generate(KeyKind.RSA3072, "test-recipient");

    /** A message that reached somebody, taken off its queue. Bytes are in {@code body} as ISO 8859-1. */
    public record Received(String jobId, String correlationId, Map<String, Object> properties, String body) {
        public String text(String property) {
            Object value = properties.get(property);
            return value == null ? null : value.toString();
        }
    }

    private final Path folder;
    private final Path brokerConfig;
    private final LedgerEndpoint ledger;
    private final BrokerUsers users;
    private final Opener opener;
    private final BridgeSettings settings;
    private final List<Received> credentials = new ArrayList<>();
    private final List<Received> outcomes = new ArrayList<>();
    private final List<Received> deadLetters = new ArrayList<>();
    private final List<Received> inDoubt = new ArrayList<>();
    private EmbeddedBroker broker;
    private Bridge bridge;

    /** @param folder an empty folder that is removed after the test */
    public Stage(Path folder) throws IOException {
        this(folder, shipped -> shipped);
    }

    /** @param brokerChange a change to the text of the shipped broker configuration */
    public Stage(Path folder, UnaryOperator<String> brokerChange) throws IOException {
        this.folder = Files.createDirectories(folder);
        this.brokerConfig = Files.writeString(
                folder.resolve("broker.xml"),
                brokerChange.apply(Files.readString(Path.of("docker/artemis/broker.xml"))));
        this.ledger = new LedgerEndpoint();
        Path brokerFolder = Files.createDirectories(folder.resolve("artemis"));
        this.users = BrokerUsers.load(brokerFolder, Map.of());
        KeyPairs.writePrivate(KEYS, folder.resolve("recipient.private.jwk"));
        KeyPairs.writePublic(KEYS, folder.resolve("recipients.jwks"));
        this.opener = Opener.load(folder.resolve("recipient.private.jwk"));
        startBroker(0);
        settings = BridgeSettings.in(folder)
                .broker(broker.url(), users.password(BrokerUsers.BRIDGE))
                .set("pairing.endpoint.url", ledger.url())
                .set("pairing.endpoint.connect-timeout", "2s")
                .set("pairing.endpoint.deadline", "2s")
                .set("pairing.requests.concurrency", 8)
                .set("pairing.retry.first-delay", "100ms")
                .set("pairing.retry.max-delay", "500ms")
                .set("pairing.retry.max-ambiguous-attempts", 3)
                .set("pairing.intake.probe-delay", "200ms")
                .set("pairing.intake.close-after", 5)
                .set("pairing.reconcile.interval", "500ms");
    }

    /** A broker of somebody's own: it takes what the shipped one refuses. */
    public static String withoutPlugin(String brokerXml) {
        return brokerXml.replaceAll("(?s)<broker-plugins>.*?</broker-plugins>", "");
    }

    public Stage set(String key, String value) {
        settings.set(key, value);
        return this;
    }

    /** Puts all settings back to what they were. */
    public void restoreSettings(Map<String, String> all) {
        settings.restore(all);
    }

    /** All settings of the bridge, for a child process. */
    public Map<String, String> settingTexts() {
        return Map.copyOf(settings.texts());
    }

    /** The same as environment variables. */
    public Map<String, String> environment() {
        return settings.environment();
    }

    public Settings settings() {
        return settings.load();
    }

    public Path folder() {
        return folder;
    }

    public Path data() {
        return folder.resolve("data");
    }

    public LedgerEndpoint ledger() {
        return ledger;
    }

    public BrokerUsers users() {
        return users;
    }

    public EmbeddedBroker broker() {
        return broker;
    }

    public Opener opener() {
        return opener;
    }

    public int managementPort() {
        return Integer.parseInt(settings.get("pairing.management.port"));
    }

    /** The journal as the bridge's settings say, to look into. */
    public java.sql.Connection journal() throws SQLException {
        Settings.JournalStore store = settings().journal();
        return DriverManager.getConnection(store.url(), store.username(), store.password());
    }

    // ---- parts that start and stop --------------------------------------------------------------------------------

    public Bridge startBridge() {
        return startBridge(Replacements.NONE);
    }

    public Bridge startBridge(Replacements replacements) {
        bridge = new Bridge(settings(), replacements);
        bridge.start();
        return bridge;
    }

    public Bridge bridge() {
        return bridge;
    }

    public void stopBridge() {
        if (bridge != null) {
            bridge.close();
            bridge = null;
        }
    }

    private void startBroker(int port) {
        broker = EmbeddedBroker.start(brokerConfig, folder.resolve("artemis"), "127.0.0.1", port, users);
    }

    public void stopBroker() {
        broker.close();
    }

    /** Starts the broker again where it was, with what it had on disk. */
    public void restartBroker() {
        int port = Integer.parseInt(settings.get("pairing.broker.url").replaceAll(".*:(\\d+).*", "$1"));
        startBroker(port);
    }

    // ---- the ERP --------------------------------------------------------------------------------------------------

    public Connection login(String user) throws JMSException {
        Connection connection = BrokerConnections.factory(
                        new BrokerAddress(settings.get("pairing.broker.url"), user, users.password(user)))
                .createConnection();
        connection.start();
        return connection;
    }

    /** Makes a message; the session is of user erp-requester. */
    public interface MessageMaker {
        Message make(Session session) throws JMSException;
    }

    public void send(MessageMaker... makers) throws JMSException {
        try (Connection connection = login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            for (MessageMaker maker : makers) {
                producer.send(maker.make(session));
            }
            session.commit();
        }
    }

    /** A valid request for a job of this id and OTP. */
    public static MessageMaker request(String jobId, String otp) {
        return text(jobId, body(otp));
    }

    public static String body(String otp) {
        return JSON.createObjectNode()
                .put("name", "Till of " + otp.length())
                .put("otp", otp)
                .set("reference", JSON.createObjectNode().put("store", "S-1"))
                .toString();
    }

    public static MessageMaker text(String jobId, String body) {
        return session -> {
            Message message = session.createTextMessage(body);
            message.setStringProperty("PairingJobId", jobId);
            return message;
        };
    }

    public static MessageMaker bytes(String jobId, byte[] body) {
        return session -> {
            BytesMessage message = session.createBytesMessage();
            message.writeBytes(body);
            message.setStringProperty("PairingJobId", jobId);
            return message;
        };
    }

    // ---- what came out --------------------------------------------------------------------------------------------

    /** Takes what is there off the four queues of results and adds it to what came before. */
    public synchronized void gather() throws JMSException {
        // Events first: what an event tells of was sent before it or with it, so that it is found now if the event was.
        drain(BrokerUsers.ERP_REQUESTER, "pairing.outcomes::pairing.outcomes.erp", outcomes);
        drain(BrokerUsers.ERP_CREDENTIALS, "pairing.credentials", credentials);
        drain(BrokerUsers.OPERATOR, "pairing.dead-letters", deadLetters);
        drain(BrokerUsers.OPERATOR, "pairing.in-doubt", inDoubt);
    }

    private void drain(String user, String queue, List<Received> to) throws JMSException {
        // A broker that is still writing a large message says that there is no other one: only a new connection that is
        // told so before it got anything knows that the queue is empty.
        while (drainOnce(user, queue, to)) {
            continue;
        }
    }

    private boolean drainOnce(String user, String queue, List<Received> to) throws JMSException {
        try (Connection connection = login(user);
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            MessageConsumer consumer = session.createConsumer(session.createQueue(queue));
            boolean any = false;
            for (Message m = consumer.receiveNoWait(); m != null; m = consumer.receiveNoWait()) {
                to.add(received(m));
                any = true;
            }
            session.commit();
            return any;
        }
    }

    /** What a message holds, for a test to look at. */
    public static Received received(Message message) throws JMSException {
        Map<String, Object> properties = new LinkedHashMap<>();
        for (Enumeration<?> names = message.getPropertyNames(); names.hasMoreElements(); ) {
            String name = names.nextElement().toString();
            properties.put(name, message.getObjectProperty(name));
        }
        String body;
        if (message instanceof TextMessage text) {
            body = text.getText();
        } else {
            BytesMessage bytes = (BytesMessage) message;
            byte[] content = new byte[(int) bytes.getBodyLength()];
            bytes.readBytes(content);
            body = new String(content, StandardCharsets.ISO_8859_1);
        }
        return new Received(message.getStringProperty("PairingJobId"), message.getJMSCorrelationID(), properties, body);
    }

    public synchronized List<Received> credentials() {
        return List.copyOf(credentials);
    }

    public synchronized List<Received> deadLetters() {
        return List.copyOf(deadLetters);
    }

    public synchronized List<Received> inDoubt() {
        return List.copyOf(inDoubt);
    }

    public synchronized List<Received> events() {
        return List.copyOf(outcomes);
    }

    /** The data of the outcome events of this job, in their order. */
    public List<JsonNode> outcomes(String jobId) {
        return events().stream()
                .filter(e -> jobId.equals(e.jobId()))
                .map(e -> json(e.body()).path("data"))
                .toList();
    }

    /** Gathers until the condition holds; not at all if it does already. */
    public void awaitUntil(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> {
                    if (condition.call()) {
                        return true;
                    }
                    gather();
                    return condition.call();
                });
    }

    /** Waits until each of these jobs has an outcome event, and returns the last outcome of the first one. */
    public JsonNode awaitOutcome(String... jobIds) {
        awaitUntil(() -> Stream.of(jobIds).noneMatch(jobId -> outcomes(jobId).isEmpty()));
        List<JsonNode> events = outcomes(jobIds[0]);
        return events.get(events.size() - 1);
    }

    public static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new IllegalArgumentException("no JSON: " + text.length() + " characters", e);
        }
    }

    public static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /**
     * A free port below those that the system gives to clients: while nobody listens on it, no client may get it for
     * its own end, nor connect to itself.
     */
    public static int portOfOurOwn() throws IOException {
        for (int tries = 0; ; tries++) {
            try (ServerSocket socket = new ServerSocket(
                    ThreadLocalRandom.current().nextInt(20_000, 32_000), 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException e) {
                if (tries == 100) {
                    throw e;
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        stopBridge();
        broker.close();
        ledger.close();
    }
}
