package io.pairingbridge.operate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.journal.State;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ClientMessage;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.jms.client.ActiveMQSession;
import org.apache.activemq.artemis.utils.UUIDGenerator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Lists of letters of which some are not what the bridge writes: those are one line each, and the others are listed and
 * replayed.
 */
class AttentionMessagesIT {
    private static final String DEAD_LETTERS = "pairing.dead-letters";
    /** What acts on a terminal, a log or a table: line ends, ESC, BS, C1 (CSI, NEL), direction marks, half an emoji. */
    private static final String HOSTILE = "x\u001b[2J\r\nFAKE PAIRED\b\u009b31m\u0085\u202e\u2066\u2028\ufeff\ud83d";

    private static final List<String> ACTING =
            List.of("\u001b", "\r", "\b", "\u009b", "\u0085", "\u202e", "\u2066", "\u2028", "\ufeff");
    private Stage stage;
    private Management operator;

    @BeforeEach
    void prepare(@TempDir Path folder) throws IOException {
        stage = new Stage(folder);
        stage.set("pairing.broker.users.operator.password", stage.users().password(BrokerUsers.OPERATOR));
        stage.startBridge();
        operator = Management.operator(stage.managementPort(), stage.data());
    }

    @AfterEach
    void stop() throws IOException {
        stage.close();
    }

    private interface Maker {
        Message make(Session session) throws JMSException;
    }

    private void put(Maker maker) throws JMSException {
        try (Connection connection = stage.login(BrokerUsers.BRIDGE);
                Session session = connection.createSession();
                MessageProducer producer = session.createProducer(session.createQueue(DEAD_LETTERS))) {
            producer.send(maker.make(session));
        }
    }

    private static Message described(Message message, String job) throws JMSException {
        message.setStringProperty("PairingJobId", job);
        message.setStringProperty("PairingOutcome", "EXPIRED");
        message.setStringProperty("PairingReason", "TOO_OLD");
        message.setStringProperty("PairingDetail", "it waited");
        message.setStringProperty("PairingRemedy", "replay it");
        return message;
    }

    private void good(String job) throws JMSException {
        put(session -> described(
                session.createTextMessage(
                        "{\"name\":\"Till\",\"otp\":\"otp-canary-" + job + "\",\"reference\":{\"store\":\"7\"}}"),
                job));
    }

    /** Below JMS: a message of any type and body, with or without a message id. */
    private void raw(String job, byte type, byte[] body, Map<String, Object> more)
            throws JMSException, ActiveMQException {
        try (Connection connection = stage.login(BrokerUsers.BRIDGE);
                Session session = connection.createSession()) {
            ClientSession core = ((ActiveMQSession) session).getCoreSession();
            ClientMessage message = core.createMessage(type, true);
            message.putStringProperty("PairingJobId", job);
            message.putStringProperty("PairingOutcome", "EXPIRED");
            more.forEach(message::putObjectProperty);
            message.getBodyBuffer().writeBytes(body);
            if (!job.startsWith("no-id")) {
                message.setUserID(UUIDGenerator.getInstance().generateUUID());
            }
            try (var producer = core.createProducer(SimpleString.of(DEAD_LETTERS))) {
                producer.send(message);
            }
        }
    }

    private void awaitPublished(String... jobs) {
        for (String job : jobs) {
            Awaitility.await()
                    .atMost(Stage.PATIENCE)
                    .until(() -> stage.bridge()
                            .journal()
                            .find(job)
                            .map(e -> e.state() == State.PUBLISHED)
                            .orElse(false));
        }
    }

    private Map<String, JsonNode> letters() throws Exception {
        Map<String, JsonNode> letters = new HashMap<>();
        operator.call("deadLetters", "", "", "", "", 0, 500)
                .path("letters")
                .forEach(letter -> letters.put(letter.path("jobId").asText(), letter));
        return letters;
    }

    @Test
    void oneLetterThatCannotBeReadIsOneLineAndTheOthersAreReplayed() throws Exception {
        good("first");
        raw("malformed", ClientMessage.TEXT_TYPE, new byte[] {1, 0x7f, 0x7f, 0x7f, 0x7f, 1}, Map.of());
        raw("no-text", ClientMessage.TEXT_TYPE, new byte[0], Map.of());
        raw("no-id", ClientMessage.TEXT_TYPE, new byte[] {0}, Map.of());
        raw("odd-type", (byte) 77, new byte[] {1, 2, 3}, Map.of());
        put(session -> described(session.createMapMessage(), "map"));
        put(session -> described(session.createObjectMessage("object"), "object"));
        put(session -> described(session.createBytesMessage(), "bytes"));
        put(session -> {
            Message message = session.createTextMessage("[".repeat(100_000));
            message.setIntProperty("PairingOutcome", 7);
            message.setBooleanProperty("PairingRemedy", true);
            message.setStringProperty("PairingJobId", "odd-properties");
            return message;
        });
        raw(
                "bytes-property",
                ClientMessage.TEXT_TYPE,
                new byte[] {0},
                Map.of("PairingReason", new byte[] {1}, "PairingAttempts", "x"));
        good("last");

        Map<String, JsonNode> letters = letters();
        assertThat(letters.keySet())
                .containsExactlyInAnyOrder(
                        "first",
                        "malformed",
                        "no-text",
                        "no-id",
                        "odd-type",
                        "map",
                        "object",
                        "bytes",
                        "odd-properties",
                        "bytes-property",
                        "last");
        assertThat(letters.get("first").path("name").asText()).isEqualTo("Till");
        for (String job : List.of("malformed", "no-text", "no-id", "odd-type", "map", "object", "bytes")) {
            assertThat(letters.get(job).path("detail").asText()).as(job).startsWith("unreadable: ");
        }
        JsonNode dry = operator.call("replayAll", "", "", "", true);
        JsonNode done = operator.call("replayAll", "", "", "", false);
        assertThat(done.path("replayed").asInt())
                .as(done.toString())
                .isEqualTo(2)
                .isEqualTo(dry.path("replayed").asInt());
        assertThat(done.path("refused").toString()).contains("cannot be read", "no message id", "is no text");
        awaitPublished("first", "last");
        assertThat(letters()).hasSize(9);
        // What cannot be read can be taken away.
        for (String job : List.of("malformed", "no-text", "odd-type", "map")) {
            operator.call(
                    "resolve",
                    "dead-letters",
                    letters.get(job).path("messageId").asText(),
                    "looked at with the broker's console");
        }
        assertThat(letters()).hasSize(5);
    }

    @Test
    void loadsNoLetterThatIsLargerThanStated() throws Exception {
        good("first");
        for (int i = 0; i < 6; i++) {
            int n = i;
            put(session -> described(session.createTextMessage("x".repeat(12 * 1024 * 1024)), "large-" + n));
        }
        put(session -> {
            Message sealed = described(session.createTextMessage("s".repeat(2 * 1024 * 1024)), "sealed");
            sealed.setStringProperty("PairingRequest", "{\"name\":\"Sealed till\"}");
            return sealed;
        });
        good("last");

        Map<String, JsonNode> letters = letters();
        assertThat(letters).hasSize(9);
        for (int i = 0; i < 6; i++) {
            assertThat(letters.get("large-" + i).path("detail").asText())
                    .contains("unreadable: its body has 2516", "more than the 1048576");
        }
        assertThat(letters.get("sealed").path("name").asText()).isEqualTo("Sealed till");
        JsonNode done = operator.call("replayAll", "", "", "", false);
        assertThat(done.path("replayed").asInt()).as(done.toString()).isEqualTo(2);
        assertThat(done.path("refused").toString()).contains("more than the 1048576 that are read\":6");
        awaitPublished("first", "last");
        for (int i = 0; i < 6; i++) {
            operator.call(
                    "resolve",
                    "dead-letters",
                    letters.get("large-" + i).path("messageId").asText(),
                    "too large");
        }
        assertThat(letters().keySet()).containsExactly("sealed");
    }

    @Test
    void textOfStrangersIsValidJsonAndOneLineEverywhere() throws Exception {
        String request = Stage.JSON
                .createObjectNode()
                .put("name", HOSTILE)
                .put("otp", "otp-canary-h")
                .set("reference", Stage.JSON.createObjectNode().put("k" + HOSTILE, "v" + HOSTILE))
                .toString();
        put(session -> {
            Message message = described(
                    session.createTextMessage(request), "job\n2026-01-01T00:00:00.000Z INFO  io.pairingbridge forged");
            message.setStringProperty("PairingDetail", HOSTILE);
            message.setStringProperty("PairingRemedy", HOSTILE);
            message.setStringProperty("PairingReason", HOSTILE);
            message.setStringProperty("PairingFailedAt", HOSTILE);
            return message;
        });
        String answer = operator.post("{\"type\":\"exec\",\"mbean\":\"" + Management.BEAN
                        + "\",\"operation\":\"deadLetters\",\"arguments\":" + "[\"\",\"\",\"\",\"\",0,10]}")
                .body();
        assertThat(answer).doesNotContain(ACTING.toArray(new String[0]));
        JsonNode letter = Stage.json(answer).path("value").path("letters").get(0);
        assertThat(letter.path("name").asText()).startsWith("x\\u001b[2J\\r\\nFAKE");
        assertThat(letter.toString()).doesNotContain(ACTING.toArray(new String[0]));

        operator.call("resolve", "dead-letters", letter.path("messageId").asText(), "done\u0085with\u202eit");
        String audit = Files.readString(stage.data().resolve("audit.log"));
        assertThat(audit)
                .contains("job\\\\n2026")
                .doesNotContain(ACTING.toArray(new String[0]))
                .doesNotContain("\u0085", "\u202e");
        assertThat(audit.lines()).hasSize(1);
        assertThat(operator.call("audit", 1).get(0).path("subject").asText()).startsWith("job\\n2026");
    }
}
