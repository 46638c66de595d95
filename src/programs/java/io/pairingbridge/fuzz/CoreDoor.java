package io.pairingbridge.fuzz;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.pairingbridge.access.BrokerUsers;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ActiveMQClient;
import org.apache.activemq.artemis.api.core.client.ClientMessage;
import org.apache.activemq.artemis.api.core.client.ClientProducer;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.api.core.client.ClientSessionFactory;
import org.apache.activemq.artemis.api.core.client.ServerLocator;
import org.apache.activemq.artemis.core.client.impl.ClientMessageImpl;

/**
 * Artemis' own protocol below JMS: every message type and types that there are not, every type of property under
 * reserved and odd names, bodies that are no string encoding, routing types, queue-qualified names, times and
 * priorities at their ends, large messages, and encodings that are cut or spoilt.
 */
final class CoreDoor extends BrokerDoor {
    private static final String[] NAMES = {
        "any",
        "PairingJobId",
        "PairingBatchId",
        "PairingIntegrator",
        "PairingReplay",
        "PairingCarrier",
        "JMSCorrelationID",
        "JMSReplyTo",
        "JMSType",
        "JMSXGroupID",
        "JMSXDeliveryCount",
        "JMSXUserID",
        "_AMQ_SCHED_DELIVERY",
        "_AMQ_DUPL_ID",
        "_AMQ_GROUP_ID",
        "_AMQ_GROUP_SEQUENCE",
        "_AMQ_ROUTE_TO",
        "_AMQ_ROUTING_TYPE",
        "_AMQ_LVQ_NAME",
        "_AMQ_ORIG_ADDRESS",
        "_AMQ_ORIG_QUEUE",
        "_AMQ_ORIG_MESSAGE_ID",
        "_AMQ_LARGE_SIZE",
        "_AMQ_LARGE_COMPRESSED",
        "_AMQ_INGRESS_TIMESTAMP",
        "_AMQ_ACTUAL_EXPIRY",
        "_AMQ_BRIDGE_DUP",
        "_AMQ_VALIDATED_USER",
        "_AMQ_CONTENT_TYPE",
        "_AMQ_ORIG_ROUTING_TYPE",
        "_AMQ_SCALEDOWN_TO",
        "_AMQ_ACK_ROUTE_TO",
        "_AMQ_PREFIX",
        "__AMQ_CID",
        "__AMQ_REPLYTO",
        "CamelHttpUri",
        "",
        " ",
        "x\ny",
        "\u0000",
        "PairingOutcome",
        "PairingDetail",
        "1",
        "NATIVE_MESSAGE_ID",
        "_AMQ_AMQP_MESSAGE_ID",
        "JMS_AMQP_HEADER",
        "breadcrumbId"
    };
    private static final String[] ADDRESSES = {
        "pairing.requests::pairing.requests",
        "pairing.requests::pairing.credentials",
        "pairing.requests::x",
        "pairing.batches::pairing.requests",
        "pairing.credentials",
        "pairing.dead-letters",
        "pairing.outcomes",
        "nowhere",
        "",
        "pairing.#",
        "activemq.management",
        "pairing.expired",
        "::",
        "pairing.requests::",
        "pairing.requests,pairing.batches",
        "queue://pairing.requests",
        "jms.queue.pairing.requests"
    };

    private ServerLocator locator;
    private ClientSessionFactory sessions;
    private ClientSession session;
    private ClientSession transacted;

    CoreDoor(Path folder) throws Exception {
        super(folder);
    }

    /** Goes over the wire with something wrong in it. */
    private static final class Spoilt extends ClientMessageImpl {
        private final Random random;
        private final Draft draft;

        Spoilt(byte type, Random random, Draft draft) {
            super(type, true, 0, System.currentTimeMillis(), (byte) 4, 1024);
            this.random = random;
            this.draft = draft;
        }

        @Override
        public synchronized void sendBuffer(ByteBuf buffer, int deliveryCount) {
            ByteBuf whole = Unpooled.buffer();
            super.sendBuffer(whole, deliveryCount);
            byte[] bytes = new byte[whole.readableBytes()];
            whole.readBytes(bytes);
            AmqpBytes.Value spoilt = AmqpBytes.spoilt(random, bytes);
            draft.with("encoding: " + spoilt.kind() + " of " + bytes.length);
            if (Boolean.getBoolean("fuzz.trace")) {
                System.out.println(draft);
            }
            buffer.writeBytes(spoilt.bytes());
        }
    }

    private static final class Sending {
        String address;
        boolean large;
        /** null: no transaction; else whether it is committed. */
        Boolean commit;
    }

    private ClientMessage legal(Draft draft, Random random, boolean spoilt) throws Exception {
        byte type = random.nextBoolean() ? ClientMessage.TEXT_TYPE : ClientMessage.BYTES_TYPE;
        boolean durable = random.nextInt(4) > 0;
        if (!durable) {
            draft.with("not durable");
        }
        ClientMessage message = spoilt
                ? new Spoilt(type, random, draft)
                : session(false).createMessage(type, durable, 0, System.currentTimeMillis(), (byte) 4);
        switch (random.nextInt(3)) {
            case 0 -> {
                draft.with("id in the property");
                message.putStringProperty(draft.batch() ? "PairingBatchId" : "PairingJobId", draft.token);
            }
            case 1 -> {
                draft.with("id in correlation id");
                message.putStringProperty("JMSCorrelationID", draft.token);
            }
            default -> draft.with("no id");
        }
        return message;
    }

    private static void write(ClientMessage message, byte[] content) {
        message.getBodyBuffer().clear();
        if (message.getType() == ClientMessage.TEXT_TYPE) {
            message.getBodyBuffer()
                    .writeNullableSimpleString(SimpleString.of(new String(content, StandardCharsets.UTF_8)));
        } else {
            message.getBodyBuffer().writeBytes(content);
        }
    }

    @Override
    void sendLegal(Draft draft, Random random) throws Exception {
        ClientMessage message = legal(draft, random, false);
        draft.with(message.getType() == ClientMessage.TEXT_TYPE ? "text" : "bytes");
        write(message, Bodies.legal(draft));
        Sending sending = new Sending();
        sending.address = draft.address;
        draft.answer = send(message, sending);
    }

    @Override
    void sendGrouped(Draft draft, String first, String second) throws Exception {
        for (String token : new String[] {first, second}) {
            ClientMessage message = session(false).createMessage(ClientMessage.TEXT_TYPE, true);
            message.putStringProperty("PairingJobId", token);
            message.putStringProperty("_AMQ_GROUP_ID", "one-group");
            write(message, body(token).getBytes(StandardCharsets.UTF_8));
            Sending sending = new Sending();
            sending.address = "pairing.requests";
            Answer answer = send(message, sending);
            draft.answer = draft.answer == null || draft.answer.told() == Answer.Told.ACCEPTED ? answer : draft.answer;
        }
    }

    @Override
    void send(Draft draft, Random random) throws Exception {
        if (random.nextInt(6) == 0) {
            draft.address = "pairing.batches";
        }
        boolean spoilt = random.nextInt(12) == 0;
        if (spoilt) {
            draft.odd("spoilt");
        }
        ClientMessage message = legal(draft, random, spoilt);
        draft.with(message.getType() == ClientMessage.TEXT_TYPE ? "text" : "bytes");
        write(message, random.nextInt(4) == 0 ? Bodies.drawn(draft, random) : Bodies.legal(draft));
        Sending sending = new Sending();
        sending.address = draft.address;
        int oddities = new int[] {0, 1, 1, 1, 1, 1, 2, 2, 3}[random.nextInt(9)];
        for (int i = 0; i < oddities; i++) {
            oddPart(draft, message, sending, random);
        }
        int rare = random.nextInt(3_000);
        if (rare < 10) {
            int length = rare < 1 ? 150 << 20 : rare < 2 ? 24 << 20 : 1 << 17 << random.nextInt(6);
            draft.odd("large: " + length);
            sending.large = true;
            message.setBodyInputStream(new Filler(draft.token, length));
        }
        String skip = System.getProperty("fuzz.skip", "");
        if (!skip.isEmpty()
                && java.util.regex.Pattern.compile(skip)
                        .matcher(draft.toString())
                        .find()) {
            return;
        }
        draft.answer = send(message, sending);
    }

    private static void oddPart(Draft draft, ClientMessage message, Sending sending, Random random) {
        switch (random.nextInt(14)) {
            case 0, 1, 2, 3 -> property(draft, message, NAMES[random.nextInt(NAMES.length)], random);
            case 4 -> {
                byte type = (byte) new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 127, -1}[random.nextInt(12)];
                draft.odd("type " + type);
                message.setType(type);
            }
            case 5 -> {
                byte[] noise = AmqpBytes.bytes(random, random.nextInt(30));
                draft.odd("body of " + noise.length + " bytes as it is, type " + message.getType());
                message.getBodyBuffer().clear();
                message.getBodyBuffer().writeBytes(noise);
            }
            case 6 -> {
                byte[] content = Bodies.legal(draft);
                draft.odd("bytes under another type");
                message.getBodyBuffer().clear();
                message.getBodyBuffer().writeBytes(content);
                message.setType((byte) random.nextInt(7));
            }
            case 7 -> {
                long expiration = AmqpBytes.number(random);
                draft.odd("expiration: " + expiration);
                message.setExpiration(expiration);
            }
            case 8 -> {
                byte priority = (byte) new int[] {0, 9, 10, 20, 127, -1, -128}[random.nextInt(7)];
                draft.odd("priority: " + priority);
                message.setPriority(priority);
            }
            case 9 -> {
                RoutingType routing = random.nextBoolean() ? RoutingType.MULTICAST : RoutingType.ANYCAST;
                draft.odd("routing " + routing);
                message.setRoutingType(routing);
            }
            case 10 -> {
                sending.address = ADDRESSES[random.nextInt(ADDRESSES.length)];
                draft.odd("to: " + sending.address);
            }
            case 11 -> {
                sending.commit = random.nextBoolean();
                if (sending.commit) {
                    draft.with("committed");
                } else {
                    draft.odd("rolled back");
                }
            }
            case 12 -> {
                int count = 1 << random.nextInt(10);
                draft.odd("properties: " + count);
                for (int i = 0; i < count; i++) {
                    message.putStringProperty("p" + i, "x".repeat(random.nextInt(20)));
                }
            }
            default -> {
                long timestamp = AmqpBytes.number(random);
                draft.odd("timestamp: " + timestamp);
                message.setTimestamp(timestamp);
            }
        }
    }

    private static void property(Draft draft, ClientMessage message, String name, Random random) {
        SimpleString key = SimpleString.of(name);
        long n = AmqpBytes.number(random);
        int kind = random.nextInt(12);
        String[] kinds = {
            "null", "boolean", "byte", "short", "int", "long", "float", "double", "char", "bytes", "text", "long text"
        };
        draft.odd("property " + name.replace('\n', ' ').replace('\u0000', '0') + ": " + kinds[kind]
                + (kind > 0 && kind < 9 ? " " + n : ""));
        switch (kind) {
            case 0 -> message.putStringProperty(key, (SimpleString) null);
            case 1 -> message.putBooleanProperty(key, n > 0);
            case 2 -> message.putByteProperty(key, (byte) n);
            case 3 -> message.putShortProperty(key, (short) n);
            case 4 -> message.putIntProperty(key, (int) n);
            case 5 -> message.putLongProperty(key, n);
            case 6 -> message.putFloatProperty(key, n == 0 ? Float.NaN : n);
            case 7 -> message.putDoubleProperty(key, n == 0 ? Double.NaN : n);
            case 8 -> message.putCharProperty(key, (char) n);
            case 9 -> message.putBytesProperty(key, AmqpBytes.bytes(random, random.nextInt(40)));
            case 10 ->
                message.putStringProperty(
                        key,
                        SimpleString.of(random.nextInt(3) == 0 ? "dup-" + random.nextInt(3) : AmqpBytes.text(random)));
            default -> message.putStringProperty(key, SimpleString.of("x".repeat(40_000)));
        }
    }

    /** So many bytes, without having them. */
    private static final class Filler extends InputStream {
        private final ByteArrayInputStream head;
        private long left;

        Filler(String token, long length) {
            head = new ByteArrayInputStream(token.getBytes(StandardCharsets.US_ASCII));
            left = length;
        }

        @Override
        public int read() {
            int first = head.read();
            return first >= 0 ? first : left-- > 0 ? 'x' : -1;
        }

        @Override
        public int read(byte[] into, int from, int length) {
            int first = head.read(into, from, length);
            if (first > 0) {
                return first;
            }
            if (left <= 0) {
                return -1;
            }
            int part = (int) Math.min(left, length);
            java.util.Arrays.fill(into, from, from + part, (byte) 'x');
            left -= part;
            return part;
        }
    }

    private Answer send(ClientMessage message, Sending sending) throws Exception {
        ClientSession used;
        try {
            used = session(sending.commit != null);
        } catch (ActiveMQException e) {
            disconnect();
            used = session(sending.commit != null);
        }
        try (ClientProducer producer = used.createProducer()) {
            producer.send(SimpleString.of(sending.address), message);
            if (sending.commit == null) {
                return Answer.accepted();
            }
            if (sending.commit) {
                used.commit();
                return Answer.accepted();
            }
            used.rollback();
            return Answer.refused("rolled back");
        } catch (ActiveMQException e) {
            boolean cut = switch (e.getType()) {
                case NOT_CONNECTED, CONNECTION_TIMEDOUT, DISCONNECTED, UNBLOCKED, SESSION_CREATION_REJECTED -> true;
                default -> false;
            };
            disconnect();
            return cut ? Answer.nothing(e) : Answer.refused(e);
        } catch (RuntimeException e) {
            disconnect();
            return Answer.refused("by its own client: " + e);
        }
    }

    private ClientSession session(boolean inTransaction) throws Exception {
        if (sessions == null || sessions.isClosed() || session.isClosed()) {
            disconnect();
            locator = ActiveMQClient.createServerLocator(stage.broker().url())
                    .setBlockOnDurableSend(true)
                    .setBlockOnNonDurableSend(true)
                    .setReconnectAttempts(0)
                    .setInitialConnectAttempts(1)
                    .setCallTimeout(20_000)
                    .setUseTopologyForLoadBalancing(false);
            sessions = locator.createSessionFactory();
            String password = stage.users().password(BrokerUsers.ERP_REQUESTER);
            session = sessions.createSession(BrokerUsers.ERP_REQUESTER, password, false, true, true, false, 0);
            transacted = sessions.createSession(BrokerUsers.ERP_REQUESTER, password, false, false, false, false, 0);
        }
        return inTransaction ? transacted : session;
    }

    @Override
    void disconnect() {
        if (locator != null) {
            locator.close();
        }
        locator = null;
        sessions = null;
        session = null;
        transacted = null;
    }
}
