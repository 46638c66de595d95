package io.pairingbridge.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.qpid.jms.JmsConnectionFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Credentials that their recipient refuses stay within his reach, and reach nobody else, whatever protocol he refuses
 * them in.
 */
class RefusedCredentialsIT {
    private static final String REFUSED = "pairing.credentials.refused";
    private static Stage stage;
    private static int job;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        stage = new Stage(folder);
        stage.set(
                "pairing.endpoint.deadline",
                "30s"); // an answer that is late on a busy machine is no matter of this test
        stage.startBridge();
    }

    @AfterAll
    static void stop() throws IOException {
        stage.close();
    }

    @BeforeEach
    void empty() throws JMSException {
        stage.gather();
        taken(REFUSED);
    }

    private static String paired() throws JMSException {
        String jobId = "refused-" + job++;
        stage.send(Stage.request(jobId, "otp-" + jobId));
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge()
                        .journal()
                        .find(jobId)
                        .filter(entry -> entry.state().name().equals("PUBLISHED"))
                        .isPresent());
        return jobId;
    }

    /**
     * 1 accepted, 2 rejected, 3 released, 4 failed, 5 failed and undeliverable here: Qpid JMS's acknowledgement types.
     */
    private static void answerByAmqp(int type, int messages) throws JMSException {
        try (Connection connection = new JmsConnectionFactory(
                                BrokerUsers.ERP_CREDENTIALS,
                                stage.users().password(BrokerUsers.ERP_CREDENTIALS),
                                "amqp://127.0.0.1:" + stage.broker().port() + "?jms.prefetchPolicy.all=0")
                        .createConnection();
                Session session = connection.createSession(false, 101); // individual acknowledgement
                MessageConsumer consumer = session.createConsumer(session.createQueue("pairing.credentials"))) {
            connection.start();
            for (int i = 0; i < messages; i++) {
                Message message = consumer.receive(Stage.PATIENCE.toMillis());
                message.setIntProperty("JMS_AMQP_ACK_TYPE", type);
                message.acknowledge();
            }
        }
    }

    private static List<Map<String, Object>> taken(String queue) throws JMSException {
        List<Map<String, Object>> all = new ArrayList<>();
        try (Connection connection = stage.login(BrokerUsers.ERP_CREDENTIALS);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                MessageConsumer consumer = session.createConsumer(session.createQueue(queue))) {
            for (Message m = consumer.receiveNoWait(); m != null; m = consumer.receiveNoWait()) {
                all.add(Stage.received(m).properties());
            }
        }
        return all;
    }

    private static void onlyRefused(String... jobIds) throws JMSException {
        List<Object> found = new ArrayList<>();
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> {
            taken(REFUSED).forEach(properties -> found.add(properties.get("PairingJobId")));
            return found.size() >= jobIds.length;
        });
        assertThat(found).containsExactlyInAnyOrder((Object[]) jobIds);
        stage.gather();
        assertThat(stage.deadLetters()).isEmpty();
        assertThat(stage.inDoubt()).isEmpty();
    }

    @Test
    void keepsWhatIsRejectedByAmqpForTheRecipient() throws Exception {
        String one = paired();
        String two = paired();

        answerByAmqp(2, 2);

        onlyRefused(one, two);
        assertThat(taken("pairing.credentials")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 4, 5})
    void givesWhatIsNotTakenByAmqpAgain(int type) throws Exception {
        String jobId = paired();

        answerByAmqp(type, 1);

        List<Object> found = new ArrayList<>();
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> {
            taken("pairing.credentials").forEach(properties -> found.add(properties.get("PairingJobId")));
            return !found.isEmpty();
        });
        assertThat(found).containsExactly(jobId);
        assertThat(taken(REFUSED)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.1 client-individual", "1.2 client-individual", "1.1 client", "1.2 client"})
    void keepsWhatIsNackedByStompForTheRecipient(String versionAndMode) throws Exception {
        String version = versionAndMode.split(" ")[0];
        String mode = versionAndMode.split(" ")[1];
        String refused = paired();
        String acknowledged = paired();
        String also = paired();

        try (Socket socket = new Socket("127.0.0.1", stage.broker().port())) {
            socket.setSoTimeout((int) Stage.PATIENCE.toMillis());
            send(
                    socket,
                    "CONNECT\naccept-version:" + version + "\nhost:broker\nlogin:" + BrokerUsers.ERP_CREDENTIALS
                            + "\npasscode:" + stage.users().password(BrokerUsers.ERP_CREDENTIALS) + "\n\n");
            Scanner frames = new Scanner(socket.getInputStream(), StandardCharsets.UTF_8).useDelimiter("\0");
            assertThat(frames.next()).contains("CONNECTED");
            send(socket, "SUBSCRIBE\nid:s\ndestination:pairing.credentials\nack:" + mode + "\n\n");
            List<String> messages = List.of(frames.next(), frames.next(), frames.next());
            for (int i = 0; i < 3; i++) {
                String message = messages.get(i);
                String id = header(message, version.equals("1.2") ? "ack" : "message-id");
                boolean ack = message.contains("PairingJobId:" + acknowledged);
                send(
                        socket,
                        (ack ? "ACK" : "NACK") + "\n" + (version.equals("1.2") ? "id:" : "subscription:s\nmessage-id:")
                                + id + "\nreceipt:r" + i + "\n\n");
                assertThat(frames.next()).contains("RECEIPT", "r" + i);
            }
        }

        onlyRefused(refused, also);
        assertThat(taken("pairing.credentials")).isEmpty();
    }

    private static void send(Socket socket, String frame) throws IOException {
        socket.getOutputStream().write((frame + "\0").getBytes(StandardCharsets.UTF_8));
    }

    private static String header(String frame, String name) {
        Matcher header =
                Pattern.compile("^" + name + ":(.*)$", Pattern.MULTILINE).matcher(frame);
        assertThat(header.find()).as(frame.lines().findFirst().orElse("")).isTrue();
        return header.group(1).replace("\\c", ":");
    }

    /** Refused from there, they stay there; nobody else reads them, and an operator sees how many there are. */
    @Test
    void neverLeavesTheRecipient() throws Exception {
        String jobId = paired();
        answerByAmqp(2, 1);
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> depth() == 1);
        try (Connection connection = new JmsConnectionFactory(
                                BrokerUsers.ERP_CREDENTIALS,
                                stage.users().password(BrokerUsers.ERP_CREDENTIALS),
                                "amqp://127.0.0.1:" + stage.broker().port() + "?jms.prefetchPolicy.all=0")
                        .createConnection();
                Session session = connection.createSession(false, 101);
                MessageConsumer consumer = session.createConsumer(session.createQueue(REFUSED))) {
            connection.start();
            Message message = consumer.receive(Stage.PATIENCE.toMillis());
            message.setIntProperty("JMS_AMQP_ACK_TYPE", 2);
            message.acknowledge();
        }
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> depth() == 1);
        for (String user : List.of(BrokerUsers.OPERATOR, BrokerUsers.BRIDGE, BrokerUsers.ERP_REQUESTER)) {
            try (Connection connection = stage.login(user);
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                assertThatThrownBy(() -> session.createConsumer(session.createQueue(REFUSED)))
                        .isInstanceOf(JMSSecurityException.class);
                assertThatThrownBy(() -> session.createBrowser(session.createQueue(REFUSED))
                                .getEnumeration())
                        .isInstanceOf(JMSSecurityException.class);
            }
        }
        onlyRefused(jobId);
    }

    private static long depth() throws JMSException {
        try (Connection connection = stage.login(BrokerUsers.BRIDGE)) {
            return new io.pairingbridge.operate.AttentionQueues(
                            null,
                            BrokerConnections.factory(new BrokerAddress(
                                    stage.broker().url(),
                                    BrokerUsers.BRIDGE,
                                    stage.users().password(BrokerUsers.BRIDGE))))
                    .depths()
                    .get(REFUSED);
        }
    }
}
