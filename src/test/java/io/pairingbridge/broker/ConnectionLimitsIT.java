package io.pairingbridge.broker;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.access.BrokerUsers;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.activemq.artemis.api.core.ActiveMQBuffer;
import org.apache.activemq.artemis.api.core.ActiveMQNotConnectedException;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ActiveMQClient;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.api.core.client.ClientSessionFactory;
import org.apache.activemq.artemis.api.core.client.ServerLocator;
import org.apache.activemq.artemis.core.client.impl.ClientSessionInternal;
import org.apache.activemq.artemis.core.message.impl.CoreMessage;
import org.apache.activemq.artemis.core.protocol.core.Packet;
import org.apache.activemq.artemis.core.protocol.core.impl.PacketImpl;
import org.apache.activemq.artemis.core.protocol.core.impl.wireformat.CreateQueueMessage;
import org.apache.activemq.artemis.core.protocol.core.impl.wireformat.CreateSessionMessage;
import org.apache.activemq.artemis.core.protocol.core.impl.wireformat.ReattachSessionMessage;
import org.apache.activemq.artemis.core.protocol.core.impl.wireformat.SessionSendMessage;
import org.apache.activemq.artemis.core.version.Version;
import org.apache.activemq.artemis.utils.VersionLoader;
import org.apache.qpid.jms.JmsConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a connection may send without a login, and how much of what is not yet whole with one. */
class ConnectionLimitsIT {
    private static final Duration SOON = Duration.ofSeconds(30);
    private static final int MANY = 144 << 20;
    /** What fits into the sockets' buffers on either side, and some. */
    private static final int LITTLE = 16 << 20;

    private static final String REQUEST = "{\"name\":\"Till\",\"otp\":\"000123\"}";
    private static final byte[] CORE = "ARTEMIS".getBytes(US_ASCII);

    @TempDir
    private static Path directory;

    private static TestBroker broker;

    @BeforeAll
    static void start() {
        broker = TestBroker.startChanged(
                directory,
                xml -> xml.replace("key=\"login-seconds\" value=\"10\"", "key=\"login-seconds\" value=\"3\"")
                        .replace(
                                "key=\"max-connections-before-login\" value=\"500\"",
                                "key=\"max-connections-before-login\" value=\"20\""));
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    private record Flood(String name, byte[] beginning) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Flood> floods() {
        return List.of(
                new Flood("STOMP header", "CONNECT\nlogin:".getBytes(US_ASCII)),
                new Flood("STOMP body", "CONNECT\ncontent-length:150000000\n\n".getBytes(US_ASCII)),
                new Flood("STOMP command", "CONNECTX".getBytes(US_ASCII)),
                new Flood(
                        "Core packet",
                        join(
                                CORE,
                                ByteBuffer.allocate(13)
                                        .putInt(150_000_000)
                                        .put(PacketImpl.CREATESESSION)
                                        .putLong(1)
                                        .array())),
                new Flood(
                        "Core packet without the word",
                        ByteBuffer.allocate(13)
                                .putInt(150_000_000)
                                .put(PacketImpl.PING)
                                .putLong(0)
                                .array()),
                new Flood(
                        "AMQP frame",
                        join(new byte[] {'A', 'M', 'Q', 'P', 3, 1, 0, 0}, new byte[] {9, 0, 0, 0, 2, 1, 0, 0})),
                new Flood(
                        "AMQP frame without SASL",
                        join(new byte[] {'A', 'M', 'Q', 'P', 0, 1, 0, 0}, new byte[] {9, 0, 0, 0, 2, 0, 0, 0})),
                new Flood(
                        "HTTP body",
                        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 150000000\r\n\r\n".getBytes(US_ASCII)),
                new Flood("HTTP header", "GET / HTTP/1.1\r\nHost: ".getBytes(US_ASCII)),
                new Flood("nothing known", new byte[] {1, 2, 3, 4, 5, 6, 7, 8}));
    }

    @ParameterizedTest
    @MethodSource("floods")
    void cutsOffWhoFloodsItWithoutALogin(Flood flood) throws Exception {
        try (Socket socket = connect()) {
            OutputStream out = socket.getOutputStream();
            byte[] part = new byte[1 << 16];
            Arrays.fill(part, (byte) 'a');
            int sent = 0;
            try {
                out.write(flood.beginning);
                for (; sent < MANY; sent += part.length) {
                    out.write(part);
                }
            } catch (SocketException e) {
                assertThat(sent).isLessThan(LITTLE);
                assertOthersGoOn();
                return;
            }
            throw new AssertionError("The broker took " + sent + " bytes before the login");
        }
    }

    /**
     * Silent from the first byte, after the first, after a whole handshake without a login, and in the middle of one.
     */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "C",
                "CONNECT\n",
                "AMQP\3\1\0\0",
                "AMQP\0\1\0\0",
                "ARTEMIS",
                "ARTEMIS\0\0\0\20",
                "GET / HTTP/1.1\r\n"
            })
    void closesAConnectionThatDoesNotLogInInTime(String beginning) throws Exception {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(beginning.getBytes(US_ASCII));
            assertThat(ended(socket)).isTrue();
        }
    }

    @Test
    void closesTheOldestOfManyThatDoNotLogInAndLetsOthersIn() throws Exception {
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < 60; i++) {
                idle.add(connect());
                idle.get(i).getOutputStream().write("CONNECT\n".getBytes(US_ASCII));
            }
            assertThat(ended(idle.get(0))).isTrue();
            assertOthersGoOn();
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    @Test
    void leavesWhoHasLoggedInAsLongAsHeLikes() throws Exception {
        try (RawStomp stomp = new RawStomp(broker.port(), BrokerUsers.ERP_REQUESTER);
                RawAmqp amqp = new RawAmqp(broker.port(), BrokerUsers.ERP_REQUESTER);
                Connection core = broker.factory(BrokerUsers.ERP_REQUESTER).createConnection();
                Socket silent = connect()) {
            assertThat(ended(silent)).isTrue(); // so that much time has passed
            stomp.write("SEND\ndestination:pairing.requests\nreceipt:r\n\n" + REQUEST + "\0");
            assertThat(stomp.read()).startsWith("RECEIPT");
            assertThat(amqp.send("pairing.requests", AmqpBody.request(REQUEST))).isNull();
            try (Session session = core.createSession()) {
                session.createProducer(session.createQueue("pairing.requests"))
                        .send(session.createTextMessage(REQUEST));
            }
            for (int i = 0; i < 3; i++) {
                assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON))
                        .isNotNull();
            }
        }
    }

    @Test
    void tellsAStompClientWhoseFrameNeverEnds() throws Exception {
        for (String beginning : List.of(
                "SEND\ndestination:pairing.requests\nx:",
                "SEND\ndestination:pairing.batches\n\n",
                "SEND\ndestination:pairing.batches\ncontent-length:2000000000\n\n")) {
            try (RawStomp stomp = new RawStomp(broker.port(), BrokerUsers.ERP_REQUESTER)) {
                stomp.write(beginning + "x".repeat(3_000_000));
                assertThat(stomp.read()).startsWith("ERROR").contains("1048576", "in parts");
            }
        }
        assertOthersGoOn();
    }

    // ---- Core packets ---------------------------------------------------------------------------------------------

    @Test
    void handsOverNoSessionToAnotherConnection() throws Exception {
        try (ServerLocator locator =
                        ActiveMQClient.createServerLocator(broker.url()).setConfirmationWindowSize(1024);
                ClientSessionFactory factory = locator.createSessionFactory();
                ClientSession victim = factory.createSession(
                        BrokerUsers.ERP_REQUESTER,
                        TestBroker.password(BrokerUsers.ERP_REQUESTER),
                        false,
                        true,
                        true,
                        false,
                        0)) {
            for (int connection = 0; connection < 2; connection++) {
                try (Socket stranger = connect()) {
                    stranger.getOutputStream().write(CORE);
                    stranger.getOutputStream()
                            .write(encoded(
                                    new ReattachSessionMessage(((ClientSessionInternal) victim).getName(), 0), 1));
                    DataInputStream in = new DataInputStream(stranger.getInputStream());
                    assertThat(in.readInt()).isEqualTo(14);
                    assertThat(in.readByte()).isEqualTo(PacketImpl.REATTACH_SESSION_RESP);
                    assertThat(in.readLong()).isEqualTo(1);
                    in.readInt();
                    assertThat(in.readBoolean()).as("reattached").isFalse();
                }
            }
            victim.createProducer("pairing.requests").send(victim.createMessage((byte) 4, true));
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON))
                    .isNotNull();
        }
    }

    /** One that would reattach makes a new session, with its own login. */
    @Test
    void letsAClientWithAConfirmationWindowGoOnAfterACut() throws Exception {
        try (ServerLocator locator = ActiveMQClient.createServerLocator(broker.url())
                        .setConfirmationWindowSize(1024)
                        .setReconnectAttempts(20)
                        .setRetryInterval(50);
                ClientSessionFactory factory = locator.createSessionFactory();
                ClientSession session = factory.createSession(
                        BrokerUsers.ERP_REQUESTER,
                        TestBroker.password(BrokerUsers.ERP_REQUESTER),
                        false,
                        true,
                        true,
                        false,
                        0)) {
            ((ClientSessionInternal) session).getConnection().fail(new ActiveMQNotConnectedException("cut"));
            session.createProducer("pairing.requests").send(session.createMessage((byte) 4, true));
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON))
                    .isNotNull();
        }
    }

    @Test
    void makesNoQueueWithoutALogin() throws Exception {
        Packet packet = new CreateQueueMessage(
                SimpleString.of("pairing.outcomes"), SimpleString.of("stranger"), null, true, false, false);
        assertThat(closedAfter(encoded(packet, 1))).isTrue();
        try (Connection connection = broker.factory(BrokerUsers.BRIDGE).createConnection();
                Session session = connection.createSession()) {
            assertThat(((org.apache.activemq.artemis.jms.client.ActiveMQSession) session)
                            .getCoreSession()
                            .queueQuery(SimpleString.of("stranger"))
                            .isExists())
                    .isFalse();
        }
    }

    /** Of a few bytes each; the broker would make room for as much as they say. */
    @Test
    void decodesNoPacketThatNoClientSends() throws Exception {
        for (byte type : new byte[] {
            PacketImpl.SESS_XA_INDOUBT_XIDS_RESP,
            PacketImpl.SESS_BINDINGQUERY_RESP,
            PacketImpl.SESS_BINDINGQUERY_RESP_V5,
            PacketImpl.SESS_SEND,
            PacketImpl.SESS_SEND_LARGE,
            PacketImpl.SESS_SEND_CONTINUATION,
            PacketImpl.FEDERATION_DOWNSTREAM_CONNECT,
            PacketImpl.CLUSTER_CONNECT,
            PacketImpl.BACKUP_REQUEST,
            PacketImpl.REPLICATION_APPEND,
            PacketImpl.SESS_CREATECONSUMER,
            0,
            -128
        }) {
            for (long channel : new long[] {0, 1, 2, 3, 4, 10, -1}) {
                byte[] body = new byte[40];
                Arrays.fill(body, (byte) 0x7f);
                byte[] packet = ByteBuffer.allocate(4 + 9 + body.length)
                        .putInt(9 + body.length)
                        .put(type)
                        .putLong(channel)
                        .put(body)
                        .array();
                assertThat(closedAfter(packet))
                        .as("type %d on channel %d", type, channel)
                        .isTrue();
            }
        }
        assertThat(closedAfter(new byte[] {0, 0, 0, 1, PacketImpl.PING}))
                .as("cut short")
                .isTrue();
        assertOthersGoOn();
    }

    @Test
    void decodesNoMessageThatSaysItHasTooManyProperties() throws Exception {
        for (int properties : new int[] {Integer.MAX_VALUE, -1, 1_000}) {
            CoreMessage message = new CoreMessage(1, 64);
            message.setAddress("pairing.requests").putStringProperty("PairingJobId", "x");
            message.setType((byte) 4);
            byte[] packet = encoded(new SessionSendMessage(message, true, null), 10);
            // The number of properties stands before the length of the only name.
            int at = indexOf(
                    packet,
                    ByteBuffer.allocate(8)
                            .putInt(1)
                            .putInt(2 * "PairingJobId".length())
                            .array());
            ByteBuffer.wrap(packet).putInt(at, properties);
            try (Socket socket = connect()) {
                login(socket);
                socket.getOutputStream().write(packet);
                assertThat(ended(socket)).as("%d properties", properties).isTrue();
            }
        }
        assertOthersGoOn();
    }

    /**
     * A name or a text of less than no byte would make the broker read memory that is not its own: the process ends.
     */
    @Test
    void decodesNoMessageWhosePropertiesHaveNoPossibleLength() throws Exception {
        byte[] name = ByteBuffer.allocate(8)
                .putInt(1)
                .putInt(2 * "PairingJobId".length())
                .array();
        byte[] value = ByteBuffer.allocate(5)
                .put((byte) 10)
                .putInt(2 * "value".length())
                .array();
        for (int length : new int[] {3, 1_000_000, Integer.MAX_VALUE, Integer.MIN_VALUE, -2}) {
            assertThat(endedBy(name, 4, ByteBuffer.allocate(4).putInt(length).array()))
                    .as("a name of %d", length)
                    .isTrue();
            assertThat(endedBy(value, 1, ByteBuffer.allocate(4).putInt(length).array()))
                    .as("a text of %d", length)
                    .isTrue();
        }
        assertThat(endedBy(value, 0, new byte[] {4, -1, -1, -1, -2}))
                .as("bytes of -2")
                .isTrue();
        assertThat(endedBy(value, 0, new byte[] {4, 0x7f, -1, -1, -1}))
                .as("2 GiB of bytes")
                .isTrue();
        assertThat(endedBy(value, 0, new byte[] {12}))
                .as("a type that there is not")
                .isTrue();
        assertOthersGoOn();
    }

    /**
     * Where the broker takes another byte for the beginning of the properties than is meant, it reads their number out
     * of something else.
     */
    @Test
    void decodesNoMessageWhoseIdIsNeitherThereNorAbsent() throws Exception {
        byte[] addressAndNoId = {'s', 0, 0, 4}; // the end of the address, no id, the type
        assertThat(endedBy(addressAndNoId, 2, new byte[] {2})).isTrue();
        assertThat(endedBy(addressAndNoId, 2, new byte[] {-1})).isTrue();
        assertOthersGoOn();
    }

    /** Whether the broker ends the connection for a message whose encoding has other bytes at that place. */
    private static boolean endedBy(byte[] place, int after, byte[] others) throws IOException {
        CoreMessage message = new CoreMessage(1, 64);
        message.setAddress("pairing.requests").putStringProperty("PairingJobId", "value");
        message.setType((byte) 4);
        byte[] packet = encoded(new SessionSendMessage(message, true, null), 10);
        System.arraycopy(others, 0, packet, indexOf(packet, place) + after, others.length);
        try (Socket socket = connect()) {
            login(socket);
            socket.getOutputStream().write(packet);
            return ended(socket);
        }
    }

    @Test
    void takesNoMessageOfAnotherBroker() throws Exception {
        for (byte type : new byte[] {
            org.apache.activemq.artemis.api.core.Message.EMBEDDED_TYPE,
            org.apache.activemq.artemis.api.core.Message.LARGE_EMBEDDED_TYPE
        }) {
            CoreMessage message = new CoreMessage(1, 64);
            message.setAddress("pairing.requests").setType(type);
            try (Socket socket = connect()) {
                login(socket);
                socket.getOutputStream().write(encoded(new SessionSendMessage(message, true, null), 10));
                assertThat(ended(socket)).isTrue();
            }
        }
    }

    private static Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", broker.port());
        socket.setSoTimeout((int) SOON.toMillis());
        return socket;
    }

    /** Whether the broker ends the connection, whatever it says before. */
    private static boolean ended(Socket socket) {
        try {
            while (socket.getInputStream().read() >= 0) {
                continue;
            }
            return true;
        } catch (SocketException e) {
            return true; // reset
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean closedAfter(byte[] packet) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write(join(CORE, packet));
            return ended(socket);
        }
    }

    /** A session on channel 10. */
    private static void login(Socket socket) throws IOException {
        Version version = VersionLoader.getVersion();
        Packet session = new CreateSessionMessage(
                "raw-" + System.nanoTime(),
                10,
                version.getIncrementingVersion(),
                BrokerUsers.ERP_REQUESTER,
                TestBroker.password(BrokerUsers.ERP_REQUESTER),
                100_000,
                false,
                true,
                true,
                false,
                -1,
                null);
        socket.getOutputStream().write(join(CORE, encoded(session, 1)));
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] answer = new byte[in.readInt()];
        in.readFully(answer);
        assertThat(answer[0]).isEqualTo(PacketImpl.CREATESESSION_RESP);
    }

    private static byte[] encoded(Packet packet, long channel) {
        packet.setChannelID(channel);
        ActiveMQBuffer buffer = packet.encode(null);
        byte[] bytes = new byte[buffer.readableBytes()];
        buffer.readBytes(bytes);
        return bytes;
    }

    private static int indexOf(byte[] all, byte[] part) {
        for (int i = 0; i + part.length <= all.length; i++) {
            if (Arrays.equals(all, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        throw new IllegalArgumentException("not there");
    }

    private static byte[] join(byte[]... parts) {
        return AmqpBody.join(parts);
    }

    private static void assertOthersGoOn() throws JMSException {
        broker.send(BrokerUsers.ERP_REQUESTER, BrokerQueue.REQUESTS, REQUEST, Map.of("PairingJobId", "goes-on"));
        assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON)
                        .getStringProperty("PairingJobId"))
                .isEqualTo("goes-on");
        try (Connection connection = new JmsConnectionFactory(
                                BrokerUsers.ERP_REQUESTER,
                                TestBroker.password(BrokerUsers.ERP_REQUESTER),
                                "amqp://127.0.0.1:" + broker.port())
                        .createConnection();
                Session session = connection.createSession()) {
            session.createProducer(session.createQueue("pairing.requests")).send(session.createTextMessage(REQUEST));
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON)
                            .getBody(String.class))
                    .isEqualTo(REQUEST);
        }
    }
}
