package io.pairingbridge.broker;

import static io.pairingbridge.broker.AmqpBody.string;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.access.BrokerUsers;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ActiveMQClient;
import org.apache.activemq.artemis.api.core.client.ClientMessage;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.api.core.client.ClientSessionFactory;
import org.apache.activemq.artemis.api.core.client.ServerLocator;
import org.apache.activemq.artemis.jms.client.ActiveMQMessage;
import org.apache.qpid.jms.JmsConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What somebody sends to {@code pairing.requests} and {@code pairing.batches} in any protocol: stored as described, or
 * refused.
 */
class AdmissionIT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String REQUEST = "{\"name\":\"Till \u20ac\",\"otp\":\"000123\"}";
    private static final String REQUESTS = "pairing.requests";
    private static final String BATCHES = "pairing.batches";
    private static final byte TEXT = org.apache.activemq.artemis.api.core.Message.TEXT_TYPE;
    private static final byte BYTES = org.apache.activemq.artemis.api.core.Message.BYTES_TYPE;

    @TempDir
    private static Path directory;

    private static TestBroker broker;

    @BeforeAll
    static void start() {
        broker = TestBroker.start(directory);
    }

    /** Whatever was refused: nothing of it lies anywhere. */
    @AfterAll
    static void leavesNothingOfWhatWasRefused() throws JMSException, IOException {
        try (Stream<Path> files = Files.list(broker.dataDirectory().resolve("broker/large-messages"))) {
            assertThat(files).isEmpty();
        }
        for (BrokerQueue queue : List.of(BrokerQueue.UNROUTABLE, BrokerQueue.DEAD_LETTERS, BrokerQueue.IN_DOUBT)) {
            assertThat(broker.receive(BrokerUsers.OPERATOR, queue, Duration.ofMillis(300)))
                    .as(queue.address())
                    .isNull();
        }
        broker.close();
    }

    private interface Attempt {
        /** Null if it was accepted, else what the sender was told. */
        String send() throws Exception;
    }

    private record Case(String name, Attempt attempt) {
        @Override
        public String toString() {
            return name;
        }
    }

    // ---- refused --------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @MethodSource("refused")
    void refuses(Case input, String reason) throws Exception {
        String told = input.attempt.send();

        assertThat(told).contains(reason);
        assertStored(BrokerQueue.REQUESTS, REQUESTS);
        assertStored(BrokerQueue.BATCHES, BATCHES);
    }

    /** The next message is one that is sent now, so nothing was stored before it. */
    private static void assertStored(BrokerQueue queue, String address) throws JMSException {
        String mark = "mark-" + System.nanoTime();
        broker.send(BrokerUsers.ERP_REQUESTER, queue, REQUEST, Map.of("PairingJobId", mark));
        List<String> stored = new ArrayList<>();
        while (!stored.contains(mark)) {
            stored.add(String.valueOf(
                    broker.receive(BrokerUsers.BRIDGE, queue, SOON).getStringProperty("PairingJobId")));
        }
        assertThat(stored).as(address).containsExactly(mark);
    }

    static Stream<Arguments> refused() {
        List<Arguments> all = new ArrayList<>();
        for (String address : List.of(REQUESTS, BATCHES)) {
            String text = "is none";
            refuse(all, "Core text without a body", core(address, TEXT, true, m -> {}), text);
            refuse(
                    all,
                    "Core text of one byte",
                    core(address, TEXT, true, m -> m.getBodyBuffer().writeBytes(new byte[] {1})),
                    text);
            refuse(all, "Core text with another mark", core(address, TEXT, true, textBody(7, 0, 0)), text);
            refuse(all, "Core text longer than its body", core(address, TEXT, true, textBody(1, 8, 6)), text);
            refuse(all, "Core text of a negative length", core(address, TEXT, true, textBody(1, -2, 0)), text);
            refuse(
                    all,
                    "Core text of a length of 2 GiB",
                    core(address, TEXT, true, textBody(1, Integer.MAX_VALUE - 1, 0)),
                    text);
            refuse(all, "Core text of half a character", core(address, TEXT, true, textBody(1, 3, 3)), text);
            refuse(
                    all,
                    "Core text of JSON bytes",
                    core(address, TEXT, true, m -> m.getBodyBuffer().writeBytes(REQUEST.getBytes(UTF_8))),
                    text);
            for (int type : new int[] {0, 2, 5, 6}) {
                refuse(
                        all,
                        "Core type " + type,
                        core(address, (byte) type, true, m -> m.getBodyBuffer().writeByte((byte) 0)),
                        "neither a text nor bytes");
            }
            for (int priority : new int[] {10, 20, 127, -1, -128}) {
                refuse(
                        all,
                        "Core priority " + priority,
                        core(address, BYTES, true, m -> m.setPriority((byte) priority)),
                        "0 to 9");
                refuse(all, "STOMP priority " + priority, stomp(address, "priority:" + priority), "0 to 9");
            }
            refuse(all, "STOMP priority of text", stomp(address, "priority:high"), "ERROR");
            refuse(all, "STOMP priority out of a byte", stomp(address, "priority:200"), "ERROR");
            refuse(
                    all,
                    "Core compressed",
                    core(address, BYTES, true, m -> m.putBooleanProperty("_AMQ_LARGE_COMPRESSED", true)),
                    "compressed");
            refuse(
                    all,
                    "Core delayed",
                    core(
                            address,
                            BYTES,
                            true,
                            m -> m.putLongProperty("_AMQ_SCHED_DELIVERY", System.currentTimeMillis() + 3_600_000)),
                    "later delivery");
            refuse(
                    all,
                    "Core delayed by text",
                    core(address, BYTES, true, m -> m.putStringProperty("_AMQ_SCHED_DELIVERY", "soon")),
                    "later delivery");
            refuse(all, "STOMP delayed", stomp(address, "AMQ_SCHEDULED_DELAY:600000"), "later delivery");
            refuse(
                    all,
                    "Core job id of bytes",
                    core(address, BYTES, true, m -> m.putBytesProperty("PairingJobId", new byte[3])),
                    "PairingJobId");
            refuse(
                    all,
                    "Core batch id of bytes",
                    core(address, BYTES, true, m -> m.putBytesProperty("PairingBatchId", new byte[3])),
                    "PairingBatchId");
            refuse(
                    all,
                    "Core job id of 5,000 characters",
                    core(address, BYTES, true, m -> m.putStringProperty("PairingJobId", "x".repeat(5_000))),
                    "PairingJobId");
            refuse(
                    all,
                    "Core multicast",
                    core(address, BYTES, true, m -> m.putByteProperty("_AMQ_ROUTING_TYPE", (byte) 0)),
                    "ANYCAST");
            refuse(all, "STOMP routing type 0", stomp(address, "_AMQ_ROUTING_TYPE:0"), "ANYCAST");
            refuse(all, "STOMP routing type of text", stomp(address, "_AMQ_ROUTING_TYPE:MULTICAST"), "ERROR");
            refuse(all, "STOMP multicast", stomp(address, "destination-type:MULTICAST"), "ERROR");
            for (String queue : List.of(
                    "pairing.credentials",
                    "pairing.dead-letters",
                    "pairing.outcomes.erp",
                    "no.such.queue",
                    address,
                    "")) {
                refuse(all, "Core to the queue " + queue, core(address + "::" + queue, BYTES, true, m -> {}), "");
                refuse(all, "AMQP to the queue " + queue, amqp(address + "::" + queue, AmqpBody.request(REQUEST)), "");
                refuse(all, "STOMP to the queue " + queue, stomp(address + "\\c\\c" + queue, "x:y"), "ERROR");
            }
            for (Map.Entry<String, byte[]> value : oddValues().entrySet()) {
                refuse(
                        all,
                        "AMQP body of type " + value.getKey(),
                        amqp(
                                address,
                                new AmqpBody()
                                        .header(0x41)
                                        .value(value.getValue())
                                        .bytes()),
                        value.getKey().startsWith("cut") ? "" : "rejected");
            }
            refuse(
                    all,
                    "AMQP sequence",
                    amqp(
                            address,
                            new AmqpBody()
                                    .section(0x76, AmqpBody.list(1, string("x")))
                                    .bytes()),
                    "neither a string");
            refuse(
                    all,
                    "AMQP sequences",
                    amqp(
                            address,
                            new AmqpBody()
                                    .section(0x76, AmqpBody.list(1, string("x")))
                                    .section(0x76, AmqpBody.list(1, string("y")))
                                    .bytes()),
                    "rejected");
            refuse(
                    all,
                    "AMQP two values",
                    amqp(
                            address,
                            new AmqpBody()
                                    .value(string("{}"))
                                    .value(string("{}"))
                                    .bytes()),
                    "more than one body");
            refuse(
                    all,
                    "AMQP value and data",
                    amqp(
                            address,
                            new AmqpBody()
                                    .data(REQUEST.getBytes(UTF_8))
                                    .value(string("{}"))
                                    .bytes()),
                    "more than one");
            refuse(
                    all,
                    "AMQP body twice, a footer between",
                    amqp(
                            address,
                            new AmqpBody()
                                    .value(string("{}"))
                                    .section(0x78, AmqpBody.map())
                                    .value(string("{}"))
                                    .bytes()),
                    "rejected");
            refuse(
                    all,
                    "AMQP without a body",
                    amqp(address, new AmqpBody().header(0x41).bytes()),
                    "no body");
            refuse(
                    all,
                    "AMQP string of no UTF-8",
                    amqp(
                            address,
                            new AmqpBody()
                                    .value(AmqpBody.sized(0xb1, "\u00e4".getBytes(ISO_8859_1)))
                                    .bytes()),
                    "not UTF-8");
            refuse(all, "AMQP cut short", amqp(address, AmqpBody.cut(AmqpBody.request(REQUEST), 3)), "not encoded");
            refuse(
                    all,
                    "AMQP followed by bytes",
                    amqp(address, AmqpBody.join(AmqpBody.request(REQUEST), new byte[] {1, 2, 3})),
                    "not encoded");
            refuse(
                    all,
                    "AMQP delivery time of text",
                    amqp(
                            address,
                            new AmqpBody()
                                    .annotation("x-opt-delivery-time", string("tomorrow"))
                                    .value(string(REQUEST))
                                    .bytes()),
                    "later delivery");
            refuse(
                    all,
                    "AMQP delivery delay",
                    amqp(
                            address,
                            new AmqpBody()
                                    .annotation("x-opt-delivery-delay", new byte[] {0x55, 100})
                                    .value(string(REQUEST))
                                    .bytes()),
                    "later delivery");
            refuse(
                    all,
                    "AMQP job id of type uuid",
                    amqp(
                            address,
                            new AmqpBody()
                                    .property("PairingJobId", AmqpBody.uuid())
                                    .value(string(REQUEST))
                                    .bytes()),
                    "PairingJobId");
            refuse(
                    all,
                    "AMQP to a topic",
                    () -> {
                        try (RawAmqp client = new RawAmqp(broker.port(), BrokerUsers.ERP_REQUESTER)) {
                            return client.send(address, "topic", 0, AmqpBody.request(REQUEST));
                        }
                    },
                    "");
            refuse(
                    all,
                    "AMQP as a topic by annotation",
                    amqp(
                            address,
                            new AmqpBody()
                                    .annotation("x-opt-routing-type", new byte[] {0x51, 0})
                                    .value(string(REQUEST))
                                    .bytes()),
                    "");
            refuse(
                    all,
                    "AMQP routing type of text",
                    amqp(
                            address,
                            new AmqpBody()
                                    .annotation("x-opt-routing-type", string("x"))
                                    .value(string(REQUEST))
                                    .bytes()),
                    "");
            refuse(
                    all,
                    "AMQP nested 20,000 deep",
                    amqp(address, new AmqpBody().value(nested(20_000)).bytes()),
                    "");
            refuse(
                    all,
                    "AMQP that carries a Core message",
                    () -> {
                        try (RawAmqp client = new RawAmqp(broker.port(), BrokerUsers.ERP_REQUESTER)) {
                            return client.send(address, null, 0x468e500, AmqpBody.request(REQUEST));
                        }
                    },
                    "");
        }
        refuse(
                all,
                "Core bytes of 64 KiB and one",
                core(REQUESTS, BYTES, true, m -> m.getBodyBuffer().writeBytes(new byte[65_537])),
                "65536 bytes");
        refuse(
                all,
                "Core large bytes",
                core(REQUESTS, BYTES, true, m -> m.getBodyBuffer().writeBytes(new byte[3_000_000])),
                "65536 bytes");
        refuse(all, "Core text of 64 KiB and one", text(REQUESTS, "x".repeat(65_537)), "65536");
        refuse(all, "Core text of more bytes than characters", text(REQUESTS, "\u20ac".repeat(30_000)), "65536 bytes");
        refuse(all, "Core large text of no text", core(REQUESTS, TEXT, true, textBody(1, 200_000, 120_000)), "is none");
        refuse(all, "Core large text of a document", core(BATCHES, TEXT, true, textBody(9, 0, 300_000)), "is none");
        refuse(
                all,
                "Core large document that is not persistent",
                core(BATCHES, BYTES, false, m -> m.getBodyBuffer().writeBytes(new byte[300_000])),
                "not persistent");
        refuse(all, "STOMP of 64 KiB and one", stompBody(REQUESTS, "persistent:true", "x".repeat(65_537)), "65536");
        refuse(all, "STOMP of 300 kB", stompBody(REQUESTS, "persistent:true", "x".repeat(300_000)), "65536");
        refuse(
                all,
                "STOMP document of 300 kB that is not persistent",
                stompBody(BATCHES, "x:y", "x".repeat(300_000)),
                "not persistent");
        refuse(all, "STOMP document of 2 MB", stompBody(BATCHES, "persistent:true", "x".repeat(2_000_000)), "1048576");
        refuse(all, "AMQP of 64 KiB and one", amqp(REQUESTS, AmqpBody.request("x".repeat(65_537))), "65536");
        refuse(all, "AMQP of 3 MB", amqp(REQUESTS, AmqpBody.request("x".repeat(3_000_000))), "65536");
        refuse(all, "AMQP document of 5 MB", amqp(BATCHES, AmqpBody.request("x".repeat(5_000_000))), "4194304");
        refuse(all, "AMQP document of 20 MB", amqp(BATCHES, AmqpBody.request("x".repeat(20_000_000))), "8388608");
        refuse(
                all,
                "AMQP property of 20 MB",
                amqp(
                        REQUESTS,
                        new AmqpBody()
                                .property("x", string("x".repeat(20_000_000)))
                                .value(string("{}"))
                                .bytes()),
                "8388608");
        refuse(
                all,
                "AMQP large document that is not durable",
                amqp(BATCHES, new AmqpBody().value(string("x".repeat(300_000))).bytes()),
                "not durable");
        refuse(
                all,
                "AMQP large document with a uuid",
                amqp(
                        BATCHES,
                        new AmqpBody()
                                .header(0x41)
                                .property("x", AmqpBody.uuid())
                                .value(string("x".repeat(300_000)))
                                .bytes()),
                "application properties");
        refuse(
                all,
                "AMQP large map",
                amqp(
                        BATCHES,
                        new AmqpBody()
                                .header(0x41)
                                .value(AmqpBody.map(string("a"), string("x".repeat(300_000))))
                                .bytes()),
                "neither a string");
        refuse(
                all,
                "AMQP large document of no UTF-8",
                amqp(
                        BATCHES,
                        new AmqpBody()
                                .header(0x41)
                                .value(AmqpBody.sized(
                                        0xb1, "\u00e4".repeat(300_000).getBytes(ISO_8859_1)))
                                .bytes()),
                "not UTF-8");
        refuse(
                all,
                "AMQP large document cut short",
                amqp(BATCHES, AmqpBody.cut(AmqpBody.request("x".repeat(300_000)), 5)),
                "not encoded");
        return all.stream();
    }

    private static void refuse(List<Arguments> all, String name, Attempt attempt, String reason) {
        all.add(Arguments.of(new Case(name, attempt), reason));
    }

    /** What a body, or a property, is not. */
    private static Map<String, byte[]> oddValues() {
        Map<String, byte[]> values = new LinkedHashMap<>();
        values.put("uuid", AmqpBody.uuid());
        values.put("map", AmqpBody.map(string("a"), string("b")));
        values.put("map of a map", AmqpBody.map(string("a"), AmqpBody.map(AmqpBody.uuid(), string("b"))));
        values.put("list", AmqpBody.list(2, string("a"), AmqpBody.uuid()));
        values.put("empty list", new byte[] {0x45});
        values.put("array", AmqpBody.sized(0xf0, AmqpBody.join(new byte[] {0, 0, 0, 2, (byte) 0x98}, new byte[32])));
        values.put("array of nothing, 2^31 - 1 times", AmqpBody.sized(0xf0, new byte[] {0x7f, -1, -1, -1, 0x40}));
        values.put("list of 2^31 - 1", AmqpBody.sized(0xd0, new byte[] {0x7f, -1, -1, -1, 0x40}));
        values.put("timestamp", AmqpBody.join(new byte[] {(byte) 0x83}, new byte[8]));
        values.put("boolean", new byte[] {0x41});
        values.put("long", AmqpBody.join(new byte[] {(byte) 0x81}, new byte[8]));
        values.put("decimal", AmqpBody.join(new byte[] {(byte) 0x94}, new byte[16]));
        values.put("char", new byte[] {0x73, 0, 0, 0, 65});
        values.put("symbol", AmqpBody.symbol("x"));
        values.put("described value", AmqpBody.join(new byte[] {0}, string("own:type"), string("x")));
        values.put("null", new byte[] {0x40});
        values.put("cut: string of 2 GiB", new byte[] {(byte) 0xb1, 0x7f, -1, -1, -1, 'x'});
        values.put("cut: no value", new byte[0]);
        values.put("cut: no such type", new byte[] {0x3f});
        return values;
    }

    private static byte[] nested(int depth) {
        byte[] all = new byte[depth * 3];
        for (int i = 0; i < depth; i++) {
            all[3 * i + 1] = 0x53; // a value described by a number, whose value is one described by a number, whose ...
        }
        return all;
    }

    // ---- accepted -------------------------------------------------------------------------------------------------

    @ParameterizedTest
    @MethodSource("accepted")
    void storesAsDescribedWhatItAccepts(Case input) throws Exception {
        assertThat(input.attempt.send()).isNull();

        Message stored = broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON);
        assertThat((Object) stored).isNotNull();
        assertThat(
                        stored instanceof TextMessage text
                                ? text.getText()
                                : new String(stored.getBody(byte[].class), UTF_8))
                .isEqualTo(REQUEST);
        assertThat(stored.getJMSDeliveryMode()).isEqualTo(DeliveryMode.PERSISTENT);
        assertThat(stored.getJMSPriority()).isBetween(0, 9);
        assertThat(stored.getJMSReplyTo()).isNull();
        List<?> names = Collections.list((Enumeration<?>) stored.getPropertyNames());
        assertThat(names.stream()
                        .map(Object::toString)
                        .filter(name -> !name.startsWith("JMSXDelivery")
                                && !name.startsWith("JMS_AMQP")
                                && !name.equals("NATIVE_MESSAGE_ID")
                                && !name.equals("_AMQ_INGRESS_TIMESTAMP")))
                .isSubsetOf(
                        "PairingJobId",
                        "PairingBatchId",
                        "PairingBatchName",
                        "PairingIntegrator",
                        "PairingReplay",
                        "traceparent",
                        "tracestate");
        assertThat((Object) ((ActiveMQMessage) stored).getCoreMessage().getGroupID())
                .isNull();
        assertThat(((ActiveMQMessage) stored).getCoreMessage().getDuplicateProperty())
                .isNull();
    }

    static Stream<Case> accepted() {
        List<Case> all = new ArrayList<>();
        all.add(new Case(
                "Core bytes, not persistent",
                core(REQUESTS, BYTES, false, m -> m.getBodyBuffer().writeBytes(REQUEST.getBytes(UTF_8)))));
        all.add(new Case("Core text", text(REQUESTS, REQUEST)));
        for (String name : List.of(
                "_AMQ_ROUTE_TO",
                "_AMQ_ACK_ROUTE_TO",
                "_AMQ_SCALEDOWN_TO",
                "_AMQ_DUPL_ID",
                "_AMQ_GROUP_ID",
                "_AMQ_LVQ_NAME",
                "_AMQ_ORIG_ADDRESS",
                "_AMQ_BRIDGE_DUP",
                "JMSXGroupID",
                "JMSXDeliveryCount",
                "PairingCarrier",
                "PairingOutcome",
                "CamelHttpUri",
                "a b",
                "_AMQ_LARGE_SIZE",
                "JMSReplyTo")) {
            all.add(new Case("Core property " + name, core(REQUESTS, BYTES, true, m -> {
                m.putBytesProperty(name, new byte[] {0, 0, 0, 0, 0, 0, 0, 1});
                m.getBodyBuffer().writeBytes(REQUEST.getBytes(UTF_8));
            })));
            all.add(new Case("STOMP header " + name, stomp(REQUESTS, name.replace(" ", "\\c") + ":1")));
        }
        all.add(new Case("STOMP without persistent", stomp(REQUESTS, "x:y")));
        all.add(new Case("STOMP reply-to", stomp(REQUESTS, "reply-to:pairing.credentials")));
        all.add(new Case("Core delivery time that is past", core(REQUESTS, BYTES, true, m -> {
            m.putLongProperty("_AMQ_SCHED_DELIVERY", 1);
            m.getBodyBuffer().writeBytes(REQUEST.getBytes(UTF_8));
        })));
        all.add(new Case(
                "AMQP not durable",
                amqp(REQUESTS, new AmqpBody().value(string(REQUEST)).bytes())));
        all.add(new Case(
                "AMQP priority 255",
                amqp(
                        REQUESTS,
                        new AmqpBody()
                                .header(0x42, 0x50, 255)
                                .value(string(REQUEST))
                                .bytes())));
        all.add(new Case(
                "AMQP in two data sections",
                amqp(
                        REQUESTS,
                        new AmqpBody()
                                .data(REQUEST.substring(0, 5).getBytes(UTF_8))
                                .data(REQUEST.substring(5).getBytes(UTF_8))
                                .bytes())));
        all.add(new Case(
                "AMQP footer",
                amqp(
                        REQUESTS,
                        new AmqpBody()
                                .value(string(REQUEST))
                                .section(0x78, AmqpBody.map(AmqpBody.symbol("x"), AmqpBody.uuid()))
                                .bytes())));
        all.add(new Case(
                "AMQP group id, reply-to, subject, content type of an object",
                amqp(
                        REQUESTS,
                        new AmqpBody()
                                .section(
                                        0x73,
                                        AmqpBody.list(
                                                11,
                                                string("id-1"),
                                                new byte[] {0x40},
                                                string("pairing.requests"),
                                                string("subject"),
                                                string("pairing.credentials"),
                                                string("corr"),
                                                AmqpBody.symbol("application/x-java-serialized-object"),
                                                AmqpBody.symbol("gzip"),
                                                new byte[] {0x40},
                                                new byte[] {0x40},
                                                string("group")))
                                .data(REQUEST.getBytes(UTF_8))
                                .bytes())));
        all.add(new Case(
                "AMQP ids of no type that ids have",
                amqp(
                        REQUESTS,
                        new AmqpBody()
                                .section(
                                        0x73,
                                        AmqpBody.list(
                                                6,
                                                new byte[] {0x45},
                                                new byte[] {0x40},
                                                new byte[] {0x40},
                                                new byte[] {0x40},
                                                new byte[] {0x40},
                                                AmqpBody.map()))
                                .value(string(REQUEST))
                                .bytes())));
        oddValues().forEach((name, value) -> {
            if (!name.startsWith("cut") && !name.contains("2^31")) {
                all.add(new Case(
                        "AMQP property of type " + name,
                        amqp(
                                REQUESTS,
                                new AmqpBody()
                                        .property("x", value)
                                        .value(string(REQUEST))
                                        .bytes())));
                all.add(new Case(
                        "AMQP annotation of type " + name,
                        amqp(
                                REQUESTS,
                                new AmqpBody()
                                        .annotation("x-opt-x", value)
                                        .value(string(REQUEST))
                                        .bytes())));
            }
        });
        return all.stream();
    }

    @Test
    void takesABodyOfExactly64KiBInEachProtocol() throws Exception {
        String full = REQUEST + " ".repeat(65_536 - REQUEST.getBytes(UTF_8).length);
        for (Attempt attempt : List.of(
                text(REQUESTS, full),
                stompBody(REQUESTS, "persistent:true", full),
                amqp(REQUESTS, AmqpBody.request(full)),
                amqp(REQUESTS, new AmqpBody().data(full.getBytes(UTF_8)).bytes()),
                core(REQUESTS, BYTES, true, m -> m.getBodyBuffer().writeBytes(full.getBytes(UTF_8))))) {
            assertThat(attempt.send()).isNull();
            assertThat(body(BrokerQueue.REQUESTS)).isEqualTo(full);
        }
    }

    @Test
    void takesDocumentsOfSomeMegabytesInEachProtocol() throws Exception {
        String document = "name,otp\n" + "Till,123456\n".repeat(50_000); // 600 kB
        byte[] bytes = document.getBytes(UTF_8);
        List<Attempt> attempts = new ArrayList<>(List.of(
                text(BATCHES, document),
                stompBody(BATCHES, "persistent:true", document),
                amqp(BATCHES, AmqpBody.request(document)),
                amqp(BATCHES, new AmqpBody().header(0x41).data(bytes).bytes()),
                core(BATCHES, BYTES, true, m -> m.getBodyBuffer().writeBytes(bytes))));
        attempts.add(() -> {
            try (Connection connection = qpid().createConnection();
                    Session session = connection.createSession()) {
                session.createProducer(session.createQueue(BATCHES)).send(session.createTextMessage(document));
                return null;
            }
        });
        for (Attempt attempt : attempts) {
            assertThat(attempt.send()).isNull();
            assertThat(body(BrokerQueue.BATCHES)).isEqualTo(document);
        }
    }

    /** Read before the session ends, as a large one must be. */
    private static String body(BrokerQueue queue) throws JMSException {
        try (Connection connection = broker.factory(BrokerUsers.BRIDGE).createConnection();
                Session session = connection.createSession()) {
            connection.start();
            Message stored =
                    session.createConsumer(session.createQueue(queue.queue())).receive(SOON.toMillis());
            return stored instanceof TextMessage text
                    ? text.getText()
                    : new String(stored.getBody(byte[].class), UTF_8);
        }
    }

    @Test
    void keepsWhatTheContractDescribesOverEachProtocol() throws Exception {
        try (Connection connection = qpid().createConnection();
                Session session = connection.createSession()) {
            MessageProducer producer = session.createProducer(session.createQueue(REQUESTS));
            producer.setPriority(7);
            producer.setTimeToLive(3_600_000);
            Message message = session.createTextMessage(REQUEST);
            message.setStringProperty("PairingJobId", "job");
            message.setStringProperty("PairingBatchId", "batch");
            message.setStringProperty("PairingIntegrator", "north");
            message.setStringProperty("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
            message.setStringProperty("other", "x");
            message.setJMSCorrelationID("correlation");
            producer.send(message);
        }
        Message stored = broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON);
        assertThat(stored.getStringProperty("PairingJobId")).isEqualTo("job");
        assertThat(stored.getStringProperty("PairingBatchId")).isEqualTo("batch");
        assertThat(stored.getStringProperty("PairingIntegrator")).isEqualTo("north");
        assertThat(stored.getStringProperty("traceparent")).startsWith("00-4bf9");
        assertThat(stored.getJMSCorrelationID()).isEqualTo("correlation");
        assertThat(stored.getJMSPriority()).isEqualTo(7);
        assertThat(stored.getJMSExpiration())
                .isBetween(System.currentTimeMillis() + 3_000_000, System.currentTimeMillis() + 3_600_000);
        assertThat(stored.propertyExists("other")).isFalse();
    }

    /** A second job of another sender with the same duplicate id is no duplicate. */
    @Test
    void dropsNobodysJobForADuplicateId() throws Exception {
        for (String job : List.of("one", "two")) {
            broker.send(
                    BrokerUsers.ERP_REQUESTER,
                    BrokerQueue.REQUESTS,
                    REQUEST,
                    Map.of("PairingJobId", job, "_AMQ_DUPL_ID", "same"));
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON)
                            .getStringProperty("PairingJobId"))
                    .isEqualTo(job);
            assertThat(amqp(
                                    REQUESTS,
                                    new AmqpBody()
                                            .property("_AMQ_DUPL_ID", string("same"))
                                            .value(string(REQUEST))
                                            .bytes())
                            .send())
                    .isNull();
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON))
                    .isNotNull();
        }
    }

    /** A group would give all its jobs to one consumer, one after the other. */
    @Test
    void spreadsJobsOfOneGroup() throws Exception {
        try (Connection connection = broker.factory(BrokerUsers.BRIDGE).createConnection();
                Session one = connection.createSession(true, Session.SESSION_TRANSACTED);
                Session two = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            connection.start();
            var first = one.createConsumer(one.createQueue(REQUESTS));
            var second = two.createConsumer(two.createQueue(REQUESTS));
            for (int i = 0; i < 2; i++) {
                assertThat(amqp(
                                        REQUESTS,
                                        new AmqpBody()
                                                .section(
                                                        0x73,
                                                        AmqpBody.list(
                                                                11,
                                                                new byte[] {0x40},
                                                                new byte[] {0x40},
                                                                new byte[] {0x40},
                                                                new byte[] {0x40},
                                                                new byte[] {0x40},
                                                                new byte[] {0x40},
                                                                new byte[] {0x40},
                                                                new byte[] {0x40},
                                                                new byte[] {0x40},
                                                                new byte[] {0x40},
                                                                string("group")))
                                                .value(string(REQUEST))
                                                .bytes())
                                .send())
                        .isNull();
            }
            assertThat(first.receive(SOON.toMillis())).isNotNull();
            assertThat(second.receive(SOON.toMillis())).isNotNull();
            one.commit();
            two.commit();
        }
    }

    // ---- in transactions ------------------------------------------------------------------------------------------

    @Test
    void failsTheTransactionOfWhatItRefuses() throws Exception {
        try (Connection connection = broker.factory(BrokerUsers.ERP_REQUESTER).createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            MessageProducer producer = session.createProducer(session.createQueue(REQUESTS));
            producer.send(session.createTextMessage(REQUEST));
            BytesMessage large = session.createBytesMessage();
            large.writeBytes(new byte[70_000]);
            assertThatThrownBy(() -> {
                        producer.send(large);
                        session.commit();
                    })
                    .isInstanceOf(JMSException.class);
        }
        try (Connection connection = qpid().createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            MessageProducer producer = session.createProducer(session.createQueue(REQUESTS));
            assertThatThrownBy(() -> {
                        producer.send(session.createTextMessage(REQUEST));
                        producer.send(session.createMapMessage());
                        session.commit();
                    })
                    .isInstanceOf(JMSException.class);
        }
        try (RawAmqp client = new RawAmqp(broker.port(), BrokerUsers.ERP_REQUESTER)) {
            assertThat(client.sendAndCommit(
                            REQUESTS, new AmqpBody().value(AmqpBody.uuid()).bytes()))
                    .contains("rejected", "neither a string");
        }
        try (RawStomp stomp = new RawStomp(broker.port(), BrokerUsers.ERP_REQUESTER)) {
            stomp.write("BEGIN\ntransaction:t\n\n\0SEND\ndestination:" + REQUESTS + "\ntransaction:t\n\n" + REQUEST
                    + "\0SEND\ndestination:" + REQUESTS + "\ntransaction:t\npriority:12\n\n" + REQUEST
                    + "\0COMMIT\ntransaction:t\nreceipt:c\n\n\0");
            assertThat(stomp.read()).startsWith("ERROR").contains("0 to 9");
        }
        assertStored(BrokerQueue.REQUESTS, REQUESTS);
    }

    @Test
    void tellsASenderOfJmsWhatIsWrongAndWhatToDo() throws Exception {
        for (var factory : List.of(broker.factory(BrokerUsers.ERP_REQUESTER), qpid())) {
            try (Connection connection = factory.createConnection();
                    Session session = connection.createSession()) {
                MessageProducer producer = session.createProducer(session.createQueue(REQUESTS));
                assertThatThrownBy(() -> producer.send(session.createMapMessage()))
                        .isInstanceOf(JMSException.class)
                        .hasMessageContaining("send the document as");
                producer.send(session.createTextMessage(REQUEST)); // the session goes on
                assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON))
                        .isNotNull();
            }
        }
    }

    /** Nobody is there to be told of a settled one; it is counted, and the next one is taken. */
    @Test
    void storesNothingOfWhatIsSettledAndRefused() throws Exception {
        try (RawAmqp client = new RawAmqp(broker.port(), BrokerUsers.ERP_REQUESTER)) {
            client.sendSettled(REQUESTS, new AmqpBody().value(AmqpBody.uuid()).bytes());
            assertThat(client.send(REQUESTS, AmqpBody.request(REQUEST))).isNull();
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON)
                            .getBody(String.class))
                    .isEqualTo(REQUEST);
        }
    }

    @Test
    void letsTheBridgePutAJobBackForLater() throws Exception {
        long due = System.currentTimeMillis() + 500;
        broker.send(
                BrokerUsers.BRIDGE,
                BrokerQueue.REQUESTS,
                REQUEST,
                Map.of("_AMQ_SCHED_DELIVERY", due, "PairingCarrier", "mark"));
        Message later = broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON);
        assertThat(System.currentTimeMillis()).isGreaterThanOrEqualTo(due);
        assertThat(later.getStringProperty("PairingCarrier")).isEqualTo("mark");
    }

    @Test
    void judgesTheOperatorsRequestsToo() throws Exception {
        assertThatThrownBy(() -> broker.send(BrokerUsers.OPERATOR, BrokerQueue.REQUESTS, "x".repeat(70_000), Map.of()))
                .isInstanceOf(JMSException.class);
        broker.send(
                BrokerUsers.OPERATOR,
                BrokerQueue.REQUESTS,
                REQUEST,
                Map.of("PairingReplay", "true", "PairingCarrier", "forged"));
        Message stored = broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON);
        assertThat(stored.getStringProperty("PairingReplay")).isEqualTo("true");
        assertThat(stored.propertyExists("PairingCarrier")).isFalse();
    }

    // ---- who selects ----------------------------------------------------------------------------------------------

    @Test
    void refusesASelectorWhoseTimeGrowsWithItsWildcards() throws Exception {
        try (Connection connection = broker.factory(BrokerUsers.ERP_REQUESTER).createConnection();
                Session session = connection.createSession()) {
            var outcomes = session.createTopic(BrokerQueue.OUTCOMES.address());
            assertThatThrownBy(() -> session.createConsumer(outcomes, "PairingJobId LIKE '%a%a%a%a%a%a%a%b'"))
                    .isInstanceOf(JMSException.class)
                    .hasMessageContaining("wildcards");
            session.createConsumer(outcomes, "PairingJobId LIKE 'estate-%'").close();
        }
    }

    // ---- clients --------------------------------------------------------------------------------------------------

    private static JmsConnectionFactory qpid() {
        return new JmsConnectionFactory(
                BrokerUsers.ERP_REQUESTER,
                TestBroker.password(BrokerUsers.ERP_REQUESTER),
                "amqp://127.0.0.1:" + broker.port());
    }

    private static Attempt core(String address, byte type, boolean durable, Consumer<ClientMessage> content) {
        return () -> {
            try (ServerLocator locator =
                            ActiveMQClient.createServerLocator(broker.url()).setBlockOnNonDurableSend(true);
                    ClientSessionFactory factory = locator.createSessionFactory();
                    ClientSession session = factory.createSession(
                            BrokerUsers.ERP_REQUESTER,
                            TestBroker.password(BrokerUsers.ERP_REQUESTER),
                            false,
                            true,
                            true,
                            false,
                            0)) {
                ClientMessage message = session.createMessage(type, durable);
                content.accept(message);
                session.createProducer(SimpleString.of(address)).send(message);
                return null;
            } catch (ActiveMQException e) {
                return String.valueOf(e.getMessage());
            }
        };
    }

    /** A text's mark and length, and so many bytes. */
    private static Consumer<ClientMessage> textBody(int mark, int length, int bytes) {
        return message -> message.getBodyBuffer()
                .writeBytes(ByteBuffer.allocate(5 + bytes)
                        .put((byte) mark)
                        .putInt(length)
                        .array());
    }

    private static Attempt text(String address, String text) {
        return core(address, TEXT, true, m -> m.getBodyBuffer().writeNullableSimpleString(SimpleString.of(text)));
    }

    private static Attempt stomp(String address, String header) {
        return stompBody(address, header, REQUEST);
    }

    private static Attempt stompBody(String address, String header, String body) {
        return () -> {
            try (RawStomp stomp = new RawStomp(broker.port(), BrokerUsers.ERP_REQUESTER)) {
                stomp.write("SEND\ndestination:" + address + "\nreceipt:r\n" + header + "\n\n" + body + "\0");
                String answer = stomp.read();
                return answer.startsWith("RECEIPT") ? null : answer;
            }
        };
    }

    private static Attempt amqp(String address, byte[] message) {
        return () -> {
            try (RawAmqp client = new RawAmqp(broker.port(), BrokerUsers.ERP_REQUESTER)) {
                return client.send(address, message);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }
}
