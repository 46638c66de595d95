package io.pairingbridge.broker;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.Destination;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * The embedded broker on the shipped configuration, with security on, for tests. Passwords are {@code <user>-password}.
 */
public final class TestBroker implements AutoCloseable {

    /** The shipped configuration. */
    public static final Path SHIPPED = Path.of("docker", "artemis", "broker.xml");

    private final Path dataDirectory;
    private final EmbeddedBroker broker;

    private TestBroker(Path dataDirectory, EmbeddedBroker broker) {
        this.dataDirectory = dataDirectory;
        this.broker = broker;
    }

    /** Starts on a free port of the loopback. */
    public static TestBroker start(Path dataDirectory) {
        return start(dataDirectory, SHIPPED);
    }

    /** Starts with another configuration file. */
    public static TestBroker start(Path dataDirectory, Path brokerXml) {
        return new TestBroker(
                dataDirectory, EmbeddedBroker.start(brokerXml, dataDirectory, "127.0.0.1", 0, users(dataDirectory)));
    }

    /** Starts with the shipped configuration after a change to its text. */
    public static TestBroker startChanged(Path dataDirectory, UnaryOperator<String> change) {
        return start(dataDirectory, changed(dataDirectory, change));
    }

    /** Writes the shipped configuration with a change to its text, which must change something. */
    public static Path changed(Path directory, UnaryOperator<String> change) {
        try {
            String shipped = Files.readString(SHIPPED);
            String changed = change.apply(shipped);
            if (changed.equals(shipped)) {
                throw new IllegalArgumentException("The change does not apply to " + SHIPPED + " any more");
            }
            return Files.writeString(Files.createDirectories(directory).resolve("broker.xml"), changed);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The users with the passwords of tests. */
    public static BrokerUsers users(Path dataDirectory) {
        return BrokerUsers.load(
                dataDirectory, BrokerUsers.ALL.stream().collect(Collectors.toMap(user -> user, TestBroker::password)));
    }

    /** The password of a user in tests. */
    public static String password(String user) {
        return user + "-password";
    }

    public EmbeddedBroker broker() {
        return broker;
    }

    public String url() {
        return broker.url();
    }

    public int port() {
        return broker.port();
    }

    public Path dataDirectory() {
        return dataDirectory;
    }

    public BrokerAddress address(String user) {
        return new BrokerAddress(broker.url(), user, password(user));
    }

    /** A factory of the product for a user. */
    public ConnectionFactory factory(String user) {
        return BrokerConnections.factory(address(user));
    }

    /** Sends a persistent text as a user, with properties. */
    public void send(String user, BrokerQueue queue, String text, Map<String, ?> properties) throws JMSException {
        send(user, queue, text, properties, Duration.ZERO);
    }

    /** Sends a persistent text as a user, which expires after some time. */
    public void send(String user, BrokerQueue queue, String text, Map<String, ?> properties, Duration timeToLive)
            throws JMSException {
        try (Connection connection = factory(user).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            MessageProducer producer = session.createProducer(target(session, queue));
            producer.setTimeToLive(timeToLive.toMillis());
            Message message = session.createTextMessage(text);
            for (Map.Entry<String, ?> property : properties.entrySet()) {
                message.setObjectProperty(property.getKey(), property.getValue());
            }
            producer.send(message);
        }
    }

    /** Receives and acknowledges the next message of the predefined queue as a user, or returns null after the time. */
    public Message receive(String user, BrokerQueue queue, Duration atMost) throws JMSException {
        try (Connection connection = factory(user).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            MessageConsumer consumer = session.createConsumer(session.createQueue(queue.fullyQualified()));
            return consumer.receive(atMost.toMillis());
        }
    }

    /** The destination to send to. */
    public static Destination target(Session session, BrokerQueue queue) throws JMSException {
        return queue.multicast() ? session.createTopic(queue.address()) : session.createQueue(queue.address());
    }

    @Override
    public void close() {
        broker.close();
    }
}
