package io.pairingbridge.fuzz;

import io.pairingbridge.access.BrokerUsers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.qpid.proton.amqp.Symbol;

/**
 * AMQP 1.0: every type in every section, header fields at their ends, ids of each type, sections twice or out of order,
 * encodings that are cut or spoilt, and every way to send.
 */
final class AmqpDoor extends BrokerDoor {
    /** Bytes from which on the broker keeps a message in a file. */
    private static final int LARGE = 100 * 1024;

    private static final int HEADER = 0x70;
    private static final int DELIVERY_ANNOTATIONS = 0x71;
    private static final int MESSAGE_ANNOTATIONS = 0x72;
    private static final int PROPERTIES = 0x73;
    private static final int APPLICATION_PROPERTIES = 0x74;
    private static final int DATA = 0x75;
    private static final int SEQUENCE = 0x76;
    private static final int VALUE = 0x77;
    private static final int FOOTER = 0x78;
    private static final String[] PROPERTY_FIELDS = {
        "message-id",
        "user-id",
        "to",
        "subject",
        "reply-to",
        "correlation-id",
        "content-type",
        "content-encoding",
        "absolute-expiry-time",
        "creation-time",
        "group-id",
        "group-sequence",
        "reply-to-group-id"
    };
    private static final String[] HEADER_FIELDS = {"durable", "priority", "ttl", "first-acquirer", "delivery-count"};
    private static final String[] ANNOTATIONS = {
        "x-opt-delivery-time",
        "x-opt-delivery-delay",
        "x-opt-routing-type",
        "x-opt-jms-msg-type",
        "x-opt-jms-dest",
        "x-opt-jms-reply-to",
        "x-opt-ingress-time",
        "x-opt-ORIG-ADDRESS",
        "x-opt-amq-any",
        "x-opt-amq-mirror-id",
        "any",
        "x-opt-ORIG-QUEUE",
        "x-opt-ORIG-MESSAGE-ID",
        "x-opt-lvq",
        "_AMQ_ROUTE_TO",
        "_AMQ_DUPL_ID",
        "_AMQ_ROUTING_TYPE"
    };
    private static final String[] NAMES = {
        "any",
        "PairingJobId",
        "PairingBatchId",
        "PairingIntegrator",
        "PairingReplay",
        "PairingCarrier",
        "_AMQ_DUPL_ID",
        "_AMQ_GROUP_ID",
        "_AMQ_SCHED_DELIVERY",
        "_AMQ_ROUTE_TO",
        "_AMQ_ROUTING_TYPE",
        "_AMQ_LVQ_NAME",
        "_AMQ_ORIG_ADDRESS",
        "_AMQ_LARGE_COMPRESSED",
        "_AMQ_LARGE_SIZE",
        "_AMQ_INGRESS_TIMESTAMP",
        "_AMQ_ACTUAL_EXPIRY",
        "_AMQ_BRIDGE_DUP",
        "_AMQ_VALIDATED_USER",
        "JMSXGroupID",
        "JMSXGroupSeq",
        "JMSXDeliveryCount",
        "JMSXUserID",
        "JMSReplyTo",
        "JMSType",
        "JMS_AMQP_ContentType",
        "JMS_AMQP_TYPED_ENCODING",
        "NATIVE_MESSAGE_ID",
        "CamelHttpUri",
        "__AMQ_CID",
        "",
        " ",
        "\u0000",
        "x\ny",
        "PairingOutcome",
        "PairingDetail",
        "1",
        "a-b.c"
    };

    private AmqpClient client;

    AmqpDoor(Path folder) throws Exception {
        super(folder);
    }

    /** A message in its parts, before it is bytes. */
    private static final class Parts {
        final byte[][] header = new byte[5][];
        final byte[][] properties = new byte[13][];
        final Map<String, byte[]> annotations = new LinkedHashMap<>();
        final List<byte[]> moreAnnotations = new ArrayList<>();
        final List<byte[]> deliveryAnnotations = new ArrayList<>();
        final Map<String, byte[]> application = new LinkedHashMap<>();
        final List<byte[]> moreApplication = new ArrayList<>();
        final List<byte[]> body = new ArrayList<>();
        final List<byte[]> footer = new ArrayList<>();

        List<byte[]> sections() {
            List<byte[]> sections = new ArrayList<>();
            add(sections, HEADER, header);
            if (!deliveryAnnotations.isEmpty()) {
                sections.add(AmqpBytes.section(DELIVERY_ANNOTATIONS, AmqpBytes.map(deliveryAnnotations)));
            }
            List<byte[]> items = new ArrayList<>();
            annotations.forEach((name, value) -> {
                items.add(AmqpBytes.symbol(name));
                items.add(value);
            });
            items.addAll(moreAnnotations);
            if (!items.isEmpty()) {
                sections.add(AmqpBytes.section(MESSAGE_ANNOTATIONS, AmqpBytes.map(items)));
            }
            add(sections, PROPERTIES, properties);
            List<byte[]> named = new ArrayList<>();
            application.forEach((name, value) -> {
                named.add(AmqpBytes.string(name));
                named.add(value);
            });
            named.addAll(moreApplication);
            if (!named.isEmpty()) {
                sections.add(AmqpBytes.section(APPLICATION_PROPERTIES, AmqpBytes.map(named)));
            }
            sections.addAll(body);
            if (!footer.isEmpty()) {
                sections.add(AmqpBytes.section(FOOTER, AmqpBytes.map(footer)));
            }
            return sections;
        }

        /** Only as many fields as are there, as writers do. */
        private static void add(List<byte[]> sections, int code, byte[][] fields) {
            int last = fields.length;
            while (last > 0 && fields[last - 1] == null) {
                last--;
            }
            if (last == 0) {
                return;
            }
            List<byte[]> items = new ArrayList<>();
            for (int i = 0; i < last; i++) {
                items.add(fields[i] == null ? AmqpBytes.NULL : fields[i]);
            }
            sections.add(AmqpBytes.section(code, AmqpBytes.list(items)));
        }
    }

    private static Parts legal(Draft draft, Random random) {
        Parts parts = new Parts();
        if (random.nextInt(3) > 0) {
            parts.header[0] = AmqpBytes.bool(true);
        } else {
            draft.with("not durable");
        }
        String id = draft.batch() ? "PairingBatchId" : "PairingJobId";
        switch (random.nextInt(5)) {
            case 0 -> {
                draft.with("id in " + id);
                parts.application.put(id, AmqpBytes.string(draft.token));
            }
            case 1 -> {
                draft.with("id in correlation-id");
                parts.properties[5] = AmqpBytes.string(draft.token);
            }
            case 2 -> {
                draft.with("id in message-id");
                parts.properties[0] = AmqpBytes.string("ID:" + draft.token);
            }
            case 3 -> {
                draft.with("message-id of type " + (random.nextBoolean() ? "uuid" : "ulong"));
                parts.properties[0] = draft.features
                                .get(draft.features.size() - 1)
                                .endsWith("uuid")
                        ? AmqpBytes.uuid(random)
                        : AmqpBytes.ulong(random.nextLong());
            }
            default -> draft.with("no id");
        }
        return parts;
    }

    private static byte[] body(byte[] content, Random random, Draft draft) {
        if (random.nextBoolean()) {
            draft.with("as data");
            return AmqpBytes.section(DATA, AmqpBytes.binary(content));
        }
        draft.with("as text");
        return AmqpBytes.section(VALUE, AmqpBytes.string(new String(content, StandardCharsets.UTF_8)));
    }

    @Override
    void sendLegal(Draft draft, Random random) throws IOException {
        Parts parts = legal(draft, random);
        parts.body.add(body(Bodies.legal(draft), random, draft));
        AmqpClient.Sending sending = new AmqpClient.Sending();
        sending.head = AmqpBytes.join(parts.sections());
        draft.answer = send(sending);
    }

    @Override
    void sendGrouped(Draft draft, String first, String second) throws IOException {
        for (String token : new String[] {first, second}) {
            Parts parts = new Parts();
            parts.header[0] = AmqpBytes.bool(true);
            parts.properties[10] = AmqpBytes.string("one-group");
            parts.application.put("PairingJobId", AmqpBytes.string(token));
            parts.body.add(AmqpBytes.section(VALUE, AmqpBytes.string(body(token))));
            AmqpClient.Sending sending = new AmqpClient.Sending();
            sending.head = AmqpBytes.join(parts.sections());
            Answer answer = send(sending);
            draft.answer = draft.answer == null || draft.answer.told() == Answer.Told.ACCEPTED ? answer : draft.answer;
        }
    }

    @Override
    void send(Draft draft, Random random) throws IOException {
        if (random.nextInt(6) == 0) {
            draft.address = "pairing.batches";
        }
        AmqpClient.Sending sending = new AmqpClient.Sending();
        sending.target = draft.address;
        Parts parts = legal(draft, random);
        if (random.nextInt(4) == 0) {
            byte[] content = Bodies.drawn(draft, random);
            parts.body.add(
                    random.nextBoolean()
                            ? AmqpBytes.section(DATA, AmqpBytes.binary(content))
                            : AmqpBytes.section(
                                    VALUE, AmqpBytes.join(new byte[] {(byte) 0xb1}, length(content), content)));
        } else {
            parts.body.add(body(Bodies.legal(draft), random, draft));
        }
        int oddities = new int[] {0, 1, 1, 1, 1, 1, 2, 2, 3}[random.nextInt(9)];
        List<byte[]> sections = null;
        for (int i = 0; i < oddities; i++) {
            oddPart(draft, parts, sending, random);
        }
        sections = parts.sections();
        if (random.nextInt(12) == 0) {
            disorder(draft, sections, random);
        }
        sending.head = AmqpBytes.join(sections);
        int rare = random.nextInt(3_000);
        if (rare < 6) {
            large(
                    draft,
                    sending,
                    parts,
                    rare < 1 ? 150 << 20 : rare < 2 ? 24 << 20 : 1 << 17 << random.nextInt(6),
                    random.nextBoolean());
        } else if (rare < 300) {
            AmqpBytes.Value spoilt = AmqpBytes.spoilt(random, sending.head);
            draft.odd("encoding: " + spoilt.kind());
            sending.head = spoilt.bytes();
        }
        if (skipped(draft)) {
            return;
        }
        // Artemis (2.55) keeps a message of this size in a file, and gives no answer at all if it cannot decode a
        // section of it.
        sending.mayBeUnanswered = draft.expected == null && sending.head.length >= LARGE;
        draft.answer = send(sending);
        if (sending.settled && draft.expected == null && draft.answer.told() == Answer.Told.ACCEPTED) {
            // AMQP has no way to tell the sender; only what is legal must not vanish.
            draft.answer = Answer.nothing("settled");
        }
    }

    /** A search for one fault leaves the inputs out that show another one. */
    private static boolean skipped(Draft draft) {
        String skip = System.getProperty("fuzz.skip", "");
        return !skip.isEmpty()
                && java.util.regex.Pattern.compile(skip)
                        .matcher(draft.toString())
                        .find();
    }

    private static byte[] length(byte[] content) {
        return java.nio.ByteBuffer.allocate(4).putInt(content.length).array();
    }

    private static void oddPart(Draft draft, Parts parts, AmqpClient.Sending sending, Random random) {
        AmqpBytes.Value any = AmqpBytes.any(random, 2);
        switch (random.nextInt(19)) {
            case 0, 1 -> {
                int field = random.nextInt(HEADER_FIELDS.length);
                if (random.nextInt(3) == 0) {
                    draft.odd("header " + HEADER_FIELDS[field] + ": " + any.kind());
                    parts.header[field] = any.bytes();
                } else {
                    headerField(draft, parts, field, random);
                }
            }
            case 2, 3, 4 -> {
                int field = random.nextInt(PROPERTY_FIELDS.length);
                if (field == 8 || field == 9) {
                    long time = AmqpBytes.number(random);
                    draft.odd(PROPERTY_FIELDS[field] + ": " + time);
                    parts.properties[field] = AmqpBytes.timestamp(time);
                } else {
                    draft.odd("property " + PROPERTY_FIELDS[field] + ": " + any.kind());
                    parts.properties[field] = any.bytes();
                }
            }
            case 5 -> {
                String text = AmqpBytes.text(random);
                int field = random.nextInt(PROPERTY_FIELDS.length);
                draft.odd("property " + PROPERTY_FIELDS[field] + ": text " + printable(text));
                parts.properties[field] = AmqpBytes.string(text);
            }
            case 6, 7 -> {
                String name = ANNOTATIONS[random.nextInt(ANNOTATIONS.length)];
                draft.odd("annotation " + name + ": " + any.kind());
                parts.annotations.put(name, any.bytes());
            }
            case 8, 9, 10 -> {
                String name = NAMES[random.nextInt(NAMES.length)];
                draft.odd("application property " + printable(name) + ": " + any.kind());
                parts.application.put(name, any.bytes());
            }
            case 11 -> {
                String name = NAMES[random.nextInt(NAMES.length)];
                String text = random.nextInt(3) == 0 ? "dup-" + random.nextInt(3) : AmqpBytes.text(random);
                draft.odd("application property " + printable(name) + ": text " + printable(text));
                parts.application.put(name, AmqpBytes.string(text));
            }
            case 12 -> {
                AmqpBytes.Value key = AmqpBytes.any(random, 1);
                draft.odd("application property named by " + key.kind());
                parts.moreApplication.add(key.bytes());
                if (random.nextInt(4) > 0) {
                    parts.moreApplication.add(any.bytes());
                }
            }
            case 13 -> {
                AmqpBytes.Value key = AmqpBytes.any(random, 1);
                boolean annotation = random.nextBoolean();
                draft.odd((annotation ? "annotation" : "delivery annotation") + " named by " + key.kind() + ": "
                        + any.kind());
                Collections.addAll(
                        annotation ? parts.moreAnnotations : parts.deliveryAnnotations, key.bytes(), any.bytes());
            }
            case 14 -> {
                draft.odd("footer: " + any.kind());
                Collections.addAll(parts.footer, AmqpBytes.symbol("x"), any.bytes());
            }
            case 15, 16 -> oddBody(draft, parts, any, random);
            default -> oddSending(draft, parts, sending, random);
        }
    }

    private static void headerField(Draft draft, Parts parts, int field, Random random) {
        switch (field) {
            case 0 -> {
                draft.with("durable: false");
                parts.header[0] = AmqpBytes.bool(false);
            }
            case 1 -> {
                int priority = new int[] {0, 4, 9, 10, 127, 128, 255}[random.nextInt(7)];
                draft.with("priority: " + priority);
                parts.header[1] = AmqpBytes.ubyte(priority);
            }
            case 2 -> {
                long ttl = new long[] {0, 1, 60_000, 600_000, Integer.MAX_VALUE, 0x80000000L, 0xffffffffL}
                        [random.nextInt(7)];
                if (ttl < 600_000) {
                    draft.odd("ttl: " + ttl);
                } else {
                    draft.with("ttl: " + ttl);
                }
                parts.header[2] = AmqpBytes.uint(ttl);
            }
            case 3 -> {
                draft.with("first-acquirer");
                parts.header[3] = AmqpBytes.bool(random.nextBoolean());
            }
            default -> {
                long count = AmqpBytes.number(random);
                draft.odd("delivery-count: " + (count & 0xffffffffL));
                parts.header[4] = AmqpBytes.uint(count);
            }
        }
    }

    private static void oddBody(Draft draft, Parts parts, AmqpBytes.Value any, Random random) {
        byte[] legal = Bodies.legal(draft);
        switch (random.nextInt(7)) {
            case 0 -> {
                draft.odd("no body");
                parts.body.clear();
            }
            case 1 -> {
                draft.odd("two data sections");
                parts.body.clear();
                int at = random.nextInt(legal.length);
                parts.body.add(AmqpBytes.section(DATA, AmqpBytes.binary(java.util.Arrays.copyOf(legal, at))));
                parts.body.add(AmqpBytes.section(
                        DATA, AmqpBytes.binary(java.util.Arrays.copyOfRange(legal, at, legal.length))));
            }
            case 2 -> {
                draft.odd("body value: " + any.kind());
                parts.body.clear();
                parts.body.add(AmqpBytes.section(VALUE, any.bytes()));
            }
            case 3 -> {
                int count = random.nextInt(3);
                draft.odd("sequences: " + count);
                parts.body.clear();
                for (int i = 0; i < count; i++) {
                    parts.body.add(AmqpBytes.section(SEQUENCE, AmqpBytes.list(List.of(any.bytes()))));
                }
            }
            case 4 -> {
                draft.odd("data of type " + any.kind());
                parts.body.clear();
                parts.body.add(AmqpBytes.section(DATA, any.bytes()));
            }
            case 5 -> {
                draft.odd("two bodies");
                parts.body.add(AmqpBytes.section(random.nextBoolean() ? VALUE : SEQUENCE, any.bytes()));
            }
            default -> {
                draft.odd("object as a map");
                parts.body.clear();
                parts.body.add(AmqpBytes.section(
                        VALUE,
                        AmqpBytes.map(List.of(
                                AmqpBytes.string("name"),
                                AmqpBytes.string("Till"),
                                AmqpBytes.string("otp"),
                                AmqpBytes.string(draft.otps.get(0))))));
            }
        }
    }

    private static void oddSending(Draft draft, Parts parts, AmqpClient.Sending sending, Random random) {
        switch (random.nextInt(10)) {
            case 0 -> {
                draft.with("settled");
                sending.settled = true;
            }
            case 1 -> {
                draft.with("committed");
                sending.commit = true;
            }
            case 2 -> {
                draft.odd("rolled back");
                sending.commit = false;
            }
            case 3 -> {
                draft.with("anonymous");
                sending.anonymous = true;
                parts.properties[2] = AmqpBytes.string(draft.address);
            }
            case 4 -> {
                String to = TARGETS[random.nextInt(TARGETS.length)];
                draft.odd("anonymous to " + to);
                sending.anonymous = true;
                parts.properties[2] = to == null ? null : AmqpBytes.string(to);
            }
            case 5 -> {
                String to = TARGETS[random.nextInt(TARGETS.length)];
                draft.odd("to: " + to);
                parts.properties[2] = to == null ? null : AmqpBytes.string(to);
            }
            case 6 -> {
                sending.target = TARGETS[random.nextInt(TARGETS.length)];
                sending.anonymous = sending.target == null;
                draft.odd("target: " + sending.target);
            }
            case 7 -> {
                String capability = new String[] {"topic", "queue", "temporary-topic", "x"}[random.nextInt(4)];
                draft.odd("capability " + capability);
                sending.capability = Symbol.valueOf(capability);
            }
            case 8 -> {
                sending.format = new int[] {1, 0x468C0100, 0x468C0200, -1}[random.nextInt(4)];
                draft.odd("message format " + Integer.toHexString(sending.format));
                sending.tunnel = random.nextBoolean();
            }
            default -> {
                draft.odd("aborted");
                sending.aborted = true;
            }
        }
    }

    private static final String[] TARGETS = {
        null,
        "",
        "pairing.requests::pairing.requests",
        "pairing.requests::pairing.credentials",
        "pairing.requests::x",
        "pairing.batches::pairing.requests",
        "pairing.credentials",
        "pairing.dead-letters",
        "pairing.outcomes",
        "nowhere",
        "queue://pairing.requests",
        "topic://pairing.requests",
        "pairing.#",
        "activemq.management",
        "pairing.requests,pairing.batches",
        "\u0000",
        "pairing.expired",
        "::",
        "pairing.requests::"
    };

    private static void disorder(Draft draft, List<byte[]> sections, Random random) {
        switch (random.nextInt(4)) {
            case 0 -> {
                draft.odd("a section twice");
                if (!sections.isEmpty()) {
                    sections.add(random.nextInt(sections.size() + 1), sections.get(random.nextInt(sections.size())));
                }
            }
            case 1 -> {
                draft.odd("sections out of order");
                Collections.shuffle(sections, random);
            }
            case 2 -> {
                draft.odd("a section left out");
                if (!sections.isEmpty()) {
                    sections.remove(random.nextInt(sections.size()));
                }
            }
            default -> {
                AmqpBytes.Value any = AmqpBytes.any(random, 2);
                draft.odd("an unknown section: " + any.kind());
                sections.add(
                        random.nextInt(sections.size() + 1),
                        AmqpBytes.described(AmqpBytes.ulong(random.nextInt(256)), any.bytes()));
            }
        }
    }

    /** The body is as long as that, and comes in many frames. */
    private static void large(Draft draft, AmqpClient.Sending sending, Parts parts, int length, boolean text) {
        draft.odd("large: " + length + (text ? " of text" : " of data"));
        parts.body.clear();
        int size = length + draft.token.length();
        sending.head = AmqpBytes.join(
                AmqpBytes.join(parts.sections()),
                new byte[] {0, 0x53, (byte) (text ? VALUE : DATA), (byte) (text ? 0xb1 : 0xb0)},
                java.nio.ByteBuffer.allocate(4).putInt(size).array(),
                draft.token.getBytes(StandardCharsets.US_ASCII));
        sending.filler = length;
    }

    private static String printable(String text) {
        return text.chars()
                .mapToObj(c -> c < 0x20 || c > 0x7e ? String.format("\\u%04x", c) : Character.toString(c))
                .collect(java.util.stream.Collectors.joining());
    }

    private Answer send(AmqpClient.Sending sending) throws IOException {
        if (client == null || !client.usable()) {
            disconnect();
            client = new AmqpClient(
                    stage.broker().port(),
                    BrokerUsers.ERP_REQUESTER,
                    stage.users().password(BrokerUsers.ERP_REQUESTER));
        }
        return client.send(sending);
    }

    @Override
    void disconnect() {
        try {
            if (client != null) {
                client.close();
            }
        } catch (IOException e) {
            // gone already
        }
        client = null;
    }
}
