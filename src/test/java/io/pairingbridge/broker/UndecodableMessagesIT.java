package io.pairingbridge.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.intake.Gate;
import io.pairingbridge.testing.AmqpSender;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ClientMessage;
import org.apache.activemq.artemis.api.core.client.ClientProducer;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.qpid.proton.amqp.Binary;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.UnknownDescribedType;
import org.apache.qpid.proton.amqp.messaging.AmqpSequence;
import org.apache.qpid.proton.amqp.messaging.AmqpValue;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Data;
import org.apache.qpid.proton.amqp.messaging.Header;
import org.apache.qpid.proton.amqp.messaging.MessageAnnotations;
import org.apache.qpid.proton.amqp.messaging.Properties;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * On a broker without the bridge's own plugin: what JMS cannot decode, or must not load, ends as INVALID, and stops
 * nobody.
 */
class UndecodableMessagesIT {
    private static final List<String> REASONS = List.of("UNDECODABLE", "TOO_LONG", "MESSAGE_TYPE");
    private static Stage stage;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        stage = new Stage(folder, UndecodableMessagesIT::withoutPlugin);
        stage.set(
                "pairing.endpoint.deadline",
                "30s"); // an answer that is late on a busy machine is no matter of this test
        stage.startBridge();
    }

    @AfterAll
    static void stop() throws IOException {
        stage.close();
    }

    /** A broker of somebody's own. */
    static String withoutPlugin(String brokerXml) {
        return brokerXml.replaceAll("(?s)<broker-plugins>.*?</broker-plugins>", "");
    }

    /** One message: its encoded sections, by the id of its job. */
    private static Map<String, byte[]> amqp() {
        Map<String, byte[]> all = new HashMap<>();
        String json = Stage.body("unspent");
        property(all, "uuid-property", UUID.randomUUID());
        property(all, "list-property", List.of("a", 1));
        property(all, "map-property", Map.of("a", 1));
        property(all, "array-property", new String[] {"a", "b"});
        property(all, "described-property", new UnknownDescribedType(Symbol.valueOf("x:y"), "z"));
        all.put(
                "map-body",
                sections("map-body", null, new AmqpValue(Map.of("name", UUID.randomUUID(), "otp", "unspent"))));
        all.put("map-body-of-odd-keys", sections("map-body-of-odd-keys", null, new AmqpValue(Map.of(7, "x"))));
        all.put("nested-list-body", sections("nested-list-body", null, new AmqpValue(List.of(List.of(Map.of())))));
        all.put("list-body-of-uuids", sections("list-body-of-uuids", null, new AmqpValue(List.of(UUID.randomUUID()))));
        all.put(
                "sequences",
                AmqpSender.encode(
                        header(),
                        properties("sequences"),
                        new AmqpSequence(List.of(Map.of("a", 1))),
                        new AmqpSequence(List.of(UUID.randomUUID()))));
        all.put(
                "delivery-time-as-text",
                AmqpSender.encode(
                        header(),
                        new MessageAnnotations(
                                new HashMap<>(Map.of(Symbol.valueOf("x-opt-delivery-time"), "tomorrow"))),
                        properties("delivery-time-as-text"),
                        new AmqpValue(json)));
        all.put(
                "delivery-delay-as-text",
                AmqpSender.encode(
                        header(),
                        new MessageAnnotations(new HashMap<>(
                                Map.of(Symbol.valueOf("x-opt-delivery-delay"), new Binary(new byte[] {1})))),
                        properties("delivery-delay-as-text"),
                        new AmqpValue(json)));
        byte[] cutBody = sections("cut-body", null, new AmqpValue(json));
        all.put("cut-body", Arrays.copyOf(cutBody, cutBody.length - 9));
        byte[] cutProperties = AmqpSender.encode(
                header(),
                properties("cut-properties"),
                new ApplicationProperties(
                        Map.of("PairingJobId", "not-this", "x", "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy")));
        all.put("cut-properties", Arrays.copyOf(cutProperties, cutProperties.length - 20));
        Object deep = "x";
        for (int i = 0; i < 300; i++) {
            deep = List.of(deep);
        }
        all.put("deep-list", sections("deep-list", null, new AmqpValue(deep)));
        return all;
    }

    private static void property(Map<String, byte[]> all, String jobId, Object value) {
        all.put(jobId, sections(jobId, value, new AmqpValue(Stage.body("unspent"))));
    }

    private static Header header() {
        Header header = new Header();
        header.setDurable(true);
        return header;
    }

    private static Properties properties(String jobId) {
        Properties properties = new Properties();
        properties.setCorrelationId(jobId);
        return properties;
    }

    private static byte[] sections(String jobId, Object property, Object body) {
        Map<String, Object> properties = new HashMap<>(Map.of("PairingJobId", jobId));
        if (property != null) {
            properties.put("odd", property);
        }
        return AmqpSender.encode(header(), new ApplicationProperties(properties), body);
    }

    /** As many as would hold all consumers of requests at once. */
    @Test
    void endsWhatCannotBeConvertedAndLetsOthersPass() throws Exception {
        Map<String, byte[]> all = amqp();
        List<String> accepted = new ArrayList<>();
        for (Map.Entry<String, byte[]> message : all.entrySet()) {
            try (AmqpSender amqp = sender("pairing.requests")) {
                if (amqp.send(message.getValue())) {
                    accepted.add(message.getKey());
                }
            } catch (IOException | RuntimeException refused) {
                assertThat(message.getKey()).as("refused by the broker itself").isIn("cut-properties");
            }
            stage.send(Stage.request("beside-" + message.getKey(), "otp-beside-" + message.getKey()));
        }
        try (AmqpSender amqp = sender("pairing.requests")) {
            for (int i = 0; i < 12; i++) {
                assertThat(amqp.send(sections("uuid-" + i, UUID.randomUUID(), new AmqpValue("{}"))))
                        .isTrue();
                accepted.add("uuid-" + i);
            }
        }
        assertThat(accepted).hasSizeGreaterThanOrEqualTo(all.size() + 11);

        endInvalid(accepted);
        for (String jobId : all.keySet()) {
            assertThat(stage.awaitOutcome("beside-" + jobId).path("outcome").asText())
                    .as(jobId)
                    .isEqualTo("PAIRED");
        }
        afterARestartNothingIsLeft();
    }

    @Test
    void leavesTheBodyOfALargeOneWhereItIs() throws Exception {
        List<String> sent = new ArrayList<>();
        try (AmqpSender amqp = sender("pairing.requests")) {
            for (int i = 0; i < 12; i++) {
                byte[] head = sections("large-amqp-" + i, null, new Data(new Binary(new byte[0])));
                // Further data sections, each of 64 KiB: what is large in AMQP is no other message than a small one.
                assertThat(amqp.send(head, AmqpSender.encode(new Data(new Binary(new byte[1 << 16]))), 30))
                        .isTrue();
                sent.add("large-amqp-" + i);
            }
        }
        core(
                "pairing.requests",
                (byte) 3,
                sent,
                "large-text-",
                12,
                m -> m.getBodyBuffer().writeNullableSimpleString(SimpleString.of("x".repeat(1 << 20))));
        core(
                "pairing.requests",
                (byte) 4,
                sent,
                "large-bytes-",
                12,
                m -> m.getBodyBuffer().writeBytes(new byte[2 << 20]));
        core(
                "pairing.requests",
                (byte) 2,
                sent,
                "large-object-",
                3,
                m -> m.getBodyBuffer().writeBytes(new byte[1 << 20]));
        core(
                "pairing.requests",
                (byte) 4,
                sent,
                "large-with-a-false-size-",
                3,
                m -> m.putStringProperty("_AMQ_LARGE_SIZE", "7").getBodyBuffer().writeBytes(new byte[1 << 20]));
        stage.send(Stage.request("beside-large", "otp-beside-large"));

        endInvalid(sent);
        assertThat(stage.awaitOutcome("beside-large").path("outcome").asText()).isEqualTo("PAIRED");
        for (String jobId : sent) {
            if (!jobId.startsWith("large-object")) {
                JsonNode end = stage.awaitOutcome(jobId);
                assertThat(end.path("reason").asText()).as(jobId).isEqualTo("TOO_LONG");
                assertThat(end.path("detail").asText()).matches(".*\\d{6,}( or more)? bytes.*");
            }
            assertThat(stage.deadLetters().stream()
                            .filter(l -> jobId.equals(l.jobId()))
                            .findFirst()
                            .orElseThrow()
                            .body())
                    .isEmpty();
        }
        afterARestartNothingIsLeft();
    }

    @Test
    void endsWhatTheClientCannotDecode() throws Exception {
        List<String> sent = new ArrayList<>();
        core("pairing.requests", (byte) 3, sent, "no-text-", 24, m -> bytes(m, new byte[] {1, 0x40, 0, 0, 0}));
        core("pairing.requests", (byte) 3, sent, "no-flag-", 2, m -> {});
        core("pairing.requests", (byte) 3, sent, "negative-text-", 2, m -> bytes(m, new byte[] {1, -1, -1, -1, -7}));
        core(
                "pairing.requests",
                (byte) 3,
                sent,
                "large-no-text-",
                2,
                m -> m.getBodyBuffer().writeBytes(filled(120_000)));
        core(
                "pairing.requests",
                (byte) 5,
                sent,
                "no-map-",
                2,
                m -> m.getBodyBuffer().writeBytes(filled(40)));
        core(
                "pairing.requests",
                (byte) 2,
                sent,
                "no-object-",
                2,
                m -> m.getBodyBuffer().writeInt(Integer.MAX_VALUE));
        core(
                "pairing.requests",
                (byte) 6,
                sent,
                "no-stream-",
                2,
                m -> m.getBodyBuffer().writeBytes(filled(40)));
        core(
                "pairing.requests",
                (byte) 77,
                sent,
                "no-type-",
                2,
                m -> m.getBodyBuffer().writeBytes(filled(40)));
        core(
                "pairing.requests",
                (byte) 3,
                sent,
                "not-compressed-",
                2,
                m -> m.putBooleanProperty("_AMQ_LARGE_COMPRESSED", true)
                        .getBodyBuffer()
                        .writeNullableSimpleString(SimpleString.of(Stage.body("unspent"))));
        core(
                "pairing.requests",
                (byte) 3,
                sent,
                "compressed-as-bytes-",
                2,
                m -> m.putBytesProperty("_AMQ_LARGE_COMPRESSED", filled(9))
                        .getBodyBuffer()
                        .writeByte((byte) 9));
        core(
                "pairing.requests",
                (byte) 3,
                sent,
                "bomb-",
                2,
                m -> m.putBooleanProperty("_AMQ_LARGE_COMPRESSED", true)
                        .putLongProperty("_AMQ_LARGE_SIZE", 100L << 20)
                        .getBodyBuffer()
                        .writeBytes(deflated(100 << 20)));
        stage.send(Stage.request("beside-core", "otp-beside-core"));

        endInvalid(sent);
        assertThat(stage.awaitOutcome("beside-core").path("outcome").asText()).isEqualTo("PAIRED");
        afterARestartNothingIsLeft();
    }

    /** What has an odd header may be read all the same; it ends, and is never thrown back. */
    @Test
    void endsWhateverAHeaderHolds() throws Exception {
        List<String> sent = new ArrayList<>();
        for (String name : List.of(
                "JMSCorrelationID",
                "JMSType",
                "JMSReplyTo",
                "JMSXGroupID",
                "JMSXUserID",
                "_AMQ_GROUP_ID",
                "PairingBatchId",
                "PairingIntegrator",
                "PairingReplay",
                "PairingCarrier",
                "_AMQ_ORIG_ADDRESS",
                "_AMQ_VALIDATED_USER",
                "__AMQ_CID",
                "PairingUnreadReason")) {
            core(
                    "pairing.requests",
                    (byte) 3,
                    sent,
                    "bytes-in-" + name.replace("_", "-") + "-",
                    1,
                    m -> m.putBytesProperty(name, filled(9))
                            .getBodyBuffer()
                            .writeNullableSimpleString(SimpleString.of(Stage.body("otp-bytes-" + name))));
            core(
                    "pairing.requests",
                    (byte) 3,
                    sent,
                    "float-in-" + name.replace("_", "-") + "-",
                    1,
                    m -> m.putFloatProperty(name, 1.5f)
                            .getBodyBuffer()
                            .writeNullableSimpleString(SimpleString.of(Stage.body("otp-float-" + name))));
            core(
                    "pairing.requests",
                    (byte) 3,
                    sent,
                    "text-in-" + name.replace("_", "-") + "-",
                    1,
                    m -> m.putStringProperty(name, "\ud83d//::\n")
                            .getBodyBuffer()
                            .writeNullableSimpleString(SimpleString.of(Stage.body("otp-text-" + name))));
        }
        stage.awaitOutcome(sent.toArray(String[]::new));
        afterARestartNothingIsLeft();
    }

    @Test
    void endsADocumentThatCannotBeConverted() throws Exception {
        try (AmqpSender amqp = sender("pairing.batches")) {
            assertThat(amqp.send(AmqpSender.encode(
                            header(),
                            new ApplicationProperties(Map.of("PairingBatchId", "odd", "u", UUID.randomUUID())),
                            new AmqpValue("name,otp\nTill,otp-odd\n"))))
                    .isTrue();
        }
        core(
                "pairing.batches",
                (byte) 3,
                new ArrayList<>(),
                "document-",
                1,
                m -> m.putStringProperty("PairingBatchId", "good")
                        .getBodyBuffer()
                        .writeNullableSimpleString(SimpleString.of("name,otp,job_id\nTill,otp-good,of-a-batch\n")));

        StringBuilder large = new StringBuilder("name,otp,job_id,note\n");
        for (int i = 0; i < 40; i++) {
            large.append("T\u00f6pfer ")
                    .append(i)
                    .append(",otp-large-")
                    .append(i)
                    .append(",large-row-")
                    .append(i)
                    .append(',')
                    .append("x".repeat(2_000))
                    .append('\n');
        }
        core(
                "pairing.batches",
                (byte) 3,
                new ArrayList<>(),
                "document-",
                1,
                m -> m.putStringProperty("PairingBatchId", "large")
                        .getBodyBuffer()
                        .writeNullableSimpleString(SimpleString.of(large.toString())));
        core(
                "pairing.batches",
                (byte) 3,
                new ArrayList<>(),
                "document-",
                1,
                m -> m.putStringProperty("PairingBatchId", "no-text")
                        .getBodyBuffer()
                        .writeBytes(filled(200_000)));

        for (int i = 0; i < 40; i++) {
            assertThat(stage.awaitOutcome("large-row-" + i).path("outcome").asText())
                    .isEqualTo("PAIRED");
        }
        stage.awaitUntil(() -> stage.bridge().journal().batches().all().stream()
                .anyMatch(b -> b.toString().contains("no-text")));
        assertThat(stage.awaitOutcome("of-a-batch").path("outcome").asText()).isEqualTo("PAIRED");
        stage.awaitUntil(() -> stage.bridge().journal().batches().all().stream()
                .anyMatch(b -> b.toString().contains("odd")));
    }

    /**
     * Where the bridge's port speaks no AMQP, nobody but a person can take such a message away: the intake closes, says
     * so, and probes.
     */
    @Test
    void saysWhatToDoWhereItCannotTakeOneAway() throws Exception {
        List<String> reasons = new CopyOnWriteArrayList<>();
        BrokerAddress silent = new BrokerAddress("tcp://127.0.0.1:" + Stage.freePort(), BrokerUsers.BRIDGE, "none");
        try (UndecodableMessages nowhere = new UndecodableMessages(silent, reasons::add, Clock.systemUTC())) {
            nowhere.start(message -> {});
            Awaitility.await()
                    .atMost(Stage.PATIENCE)
                    .until(() -> nowhere.problem().isPresent());
            assertThat(reasons).as("nobody was removed").isEmpty();
            nowhere.consumerRemoved();
            Awaitility.await().atMost(Stage.PATIENCE).until(() -> reasons.size() == 1);
            assertThat(reasons.get(0)).contains("pairing.requests", "protocols=CORE,AMQP", silent.url());
        }

        stage.bridge().intake().blocked(reasons.get(0));

        assertThat(stage.bridge().intake().status().gate()).isNotEqualTo(Gate.OPEN);
        assertThat(stage.bridge().intake().status().reason()).contains(reasons.get(0));
        stage.send(Stage.request("probe-after-blocked", "otp-probe-after-blocked"));
        assertThat(stage.awaitOutcome("probe-after-blocked").path("outcome").asText())
                .isEqualTo("PAIRED");
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge().intake().status().gate() == Gate.OPEN);
    }

    private static void bytes(ClientMessage message, byte[] body) {
        message.getBodyBuffer().writeBytes(body);
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) 0x7f);
        return bytes;
    }

    private static byte[] deflated(int zeros) {
        java.util.zip.Deflater deflater = new java.util.zip.Deflater();
        byte[] out = new byte[200_000];
        deflater.setInput(new byte[zeros]);
        deflater.finish();
        return Arrays.copyOf(out, deflater.deflate(out));
    }

    private static AmqpSender sender(String queue) throws IOException {
        return new AmqpSender(
                stage.broker().url(),
                BrokerUsers.ERP_REQUESTER,
                stage.users().password(BrokerUsers.ERP_REQUESTER),
                queue);
    }

    /** Sends messages of the Core protocol, whose bodies no JMS client would write. */
    private static void core(
            String queue, byte type, List<String> jobIds, String prefix, int count, Consumer<ClientMessage> fill)
            throws Exception {
        try (ActiveMQConnectionFactory factory =
                        new ActiveMQConnectionFactory(stage.broker().url());
                ClientSession session = factory.getServerLocator()
                        .createSessionFactory()
                        .createSession(
                                BrokerUsers.ERP_REQUESTER,
                                stage.users().password(BrokerUsers.ERP_REQUESTER),
                                false,
                                true,
                                true,
                                false,
                                1);
                ClientProducer producer = session.createProducer(queue)) {
            for (int i = 0; i < count; i++) {
                ClientMessage message = session.createMessage(type, true);
                message.putStringProperty("PairingJobId", prefix + i);
                message.setTimestamp(new Date().getTime());
                fill.accept(message);
                producer.send(message);
                jobIds.add(prefix + i);
            }
        }
    }

    private static void endInvalid(List<String> jobIds) {
        stage.awaitOutcome(jobIds.toArray(String[]::new));
        for (String jobId : jobIds) {
            JsonNode end = stage.awaitOutcome(jobId);
            assertThat(end.path("outcome").asText()).as(jobId).isEqualTo("INVALID");
            assertThat(REASONS).as(jobId).contains(end.path("reason").asText());
            // While consumers are removed the broker may hand one out a second time: it is told of again, as the same
            // end.
            assertThat(stage.events().stream()
                            .filter(e -> jobId.equals(e.jobId()))
                            .map(e -> Stage.json(e.body()).path("id").asText())
                            .distinct())
                    .as("ends of " + jobId)
                    .hasSize(1);
            assertThat(stage.deadLetters().stream().filter(l -> jobId.equals(l.jobId())))
                    .as("letters of " + jobId)
                    .isNotEmpty();
        }
        assertThat(stage.ledger().posts().keySet()).doesNotContain("unspent");
    }

    private static void afterARestartNothingIsLeft() throws Exception {
        int letters = stage.deadLetters().size();
        stage.stopBridge();
        stage.startBridge();
        String jobId = "after-" + UUID.randomUUID();
        stage.send(Stage.request(jobId, "otp-" + jobId));
        assertThat(stage.awaitOutcome(jobId).path("outcome").asText()).isEqualTo("PAIRED");
        assertThat(stage.deadLetters()).hasSize(letters);
        assertThat(stage.bridge().intake().status().gate().name()).isEqualTo("OPEN");
    }
}
