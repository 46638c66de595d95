package io.pairingbridge.broker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.pairingbridge.access.BrokerException;
import io.pairingbridge.access.BrokerUsers;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.qpid.jms.JmsConnectionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerIT {

    private static final Duration SOON = Duration.ofSeconds(15);
    private static final String REQUEST = "{\"name\":\"Kasse 1 \u20ac\",\"otp\":\"000123\"}";

    @TempDir
    Path directory;

    @Test
    void keepsPersistentMessagesOverARestart() throws JMSException {
        try (TestBroker broker = TestBroker.start(directory)) {
            broker.send(BrokerUsers.ERP_REQUESTER, BrokerQueue.REQUESTS, REQUEST, Map.of("PairingJobId", "j1"));
            broker.send(BrokerUsers.BRIDGE, BrokerQueue.OUTCOMES, "{}", Map.of("PairingJobId", "j0"));
        }
        try (TestBroker broker = TestBroker.start(directory)) {
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON))
                    .satisfies(request -> {
                        assertThat(request.getBody(String.class)).isEqualTo(REQUEST);
                        assertThat(request.getStringProperty("PairingJobId")).isEqualTo("j1");
                    });
            assertThat(broker.receive(BrokerUsers.ERP_REQUESTER, BrokerQueue.OUTCOMES, SOON))
                    .isNotNull();
        }
    }

    @Test
    void remembersDuplicateIdsOverARestart() throws JMSException {
        Map<String, String> attempt = Map.of("_AMQ_DUPL_ID", "attempt-1");
        try (TestBroker broker = TestBroker.start(directory)) {
            broker.send(BrokerUsers.BRIDGE, BrokerQueue.CREDENTIALS, "sealed", attempt);
            assertThat(broker.receive(BrokerUsers.ERP_CREDENTIALS, BrokerQueue.CREDENTIALS, SOON))
                    .isNotNull();
        }
        try (TestBroker broker = TestBroker.start(directory)) {
            broker.send(BrokerUsers.BRIDGE, BrokerQueue.CREDENTIALS, "sealed", attempt);
            broker.send(BrokerUsers.BRIDGE, BrokerQueue.CREDENTIALS, "next", Map.of("_AMQ_DUPL_ID", "attempt-2"));

            assertThat(broker.receive(BrokerUsers.ERP_CREDENTIALS, BrokerQueue.CREDENTIALS, SOON)
                            .getBody(String.class))
                    .isEqualTo("next");
        }
    }

    @Test
    void takesARequestOverAmqp() throws JMSException {
        try (TestBroker broker = TestBroker.start(directory)) {
            JmsConnectionFactory amqp = new JmsConnectionFactory(
                    BrokerUsers.ERP_REQUESTER,
                    TestBroker.password(BrokerUsers.ERP_REQUESTER),
                    "amqp://127.0.0.1:" + broker.port());
            try (Connection connection = amqp.createConnection();
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                MessageProducer producer = session.createProducer(session.createQueue(BrokerQueue.REQUESTS.address()));
                producer.setPriority(7);
                TextMessage text = session.createTextMessage(REQUEST);
                text.setStringProperty("PairingJobId", "amqp-text");
                producer.send(text);
                BytesMessage bytes = session.createBytesMessage();
                bytes.writeBytes(REQUEST.getBytes(UTF_8));
                bytes.setJMSCorrelationID("amqp-bytes");
                producer.send(bytes);
            }

            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON))
                    .satisfies(request -> {
                        assertThat(request).isInstanceOf(TextMessage.class);
                        assertThat(request.getBody(String.class)).isEqualTo(REQUEST);
                        assertThat(request.getStringProperty("PairingJobId")).isEqualTo("amqp-text");
                        assertThat(request.getJMSPriority()).isEqualTo(7);
                    });
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON))
                    .satisfies(request -> {
                        assertThat(request).isInstanceOf(BytesMessage.class);
                        assertThat(new String(request.getBody(byte[].class), UTF_8))
                                .isEqualTo(REQUEST);
                        assertThat(request.getJMSCorrelationID()).isEqualTo("amqp-bytes");
                    });
        }
    }

    @Test
    void takesARequestOverStomp() throws JMSException, IOException {
        try (TestBroker broker = TestBroker.start(directory);
                Stomp stomp = new Stomp(broker.port())) {
            assertThat(stomp.ask("CONNECT\naccept-version:1.2\nhost:localhost\nlogin:" + BrokerUsers.ERP_REQUESTER
                            + "\npasscode:" + TestBroker.password(BrokerUsers.ERP_REQUESTER) + "\n\n"))
                    .startsWith("CONNECTED");
            // No destination-type header: whoever sends like this expects it to work.
            assertThat(stomp.ask("SEND\ndestination:" + BrokerQueue.REQUESTS.address()
                            + "\npersistent:true\ncontent-type:application/json\nPairingJobId:stomp-1\nreceipt:r1\n\n"
                            + REQUEST))
                    .startsWith("RECEIPT");

            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON))
                    .satisfies(request -> {
                        assertThat(request.getBody(String.class)).isEqualTo(REQUEST);
                        assertThat(request.getStringProperty("PairingJobId")).isEqualTo("stomp-1");
                        assertThat(request.getJMSDeliveryMode()).isEqualTo(jakarta.jms.DeliveryMode.PERSISTENT);
                    });
        }
    }

    @Test
    void refusesOverStompWhatItRefusesOtherwise() throws IOException {
        try (TestBroker broker = TestBroker.start(directory)) {
            try (Stomp stomp = new Stomp(broker.port())) {
                assertThat(stomp.ask("CONNECT\naccept-version:1.2\nhost:localhost\n\n"))
                        .startsWith("ERROR");
            }
            try (Stomp stomp = new Stomp(broker.port())) {
                assertThat(stomp.ask("CONNECT\naccept-version:1.2\nhost:localhost\nlogin:" + BrokerUsers.ERP_REQUESTER
                                + "\npasscode:" + TestBroker.password(BrokerUsers.ERP_REQUESTER) + "\n\n"))
                        .startsWith("CONNECTED");
                assertThat(stomp.ask(
                                "SEND\ndestination:" + BrokerQueue.CREDENTIALS.address() + "\nreceipt:r1\n\nforged"))
                        .startsWith("ERROR");
            }
        }
    }

    @Test
    void movesAJobWhoseTimeRanOutToTheExpiredOnes() throws JMSException {
        try (TestBroker broker = TestBroker.start(directory)) {
            broker.send(
                    BrokerUsers.ERP_REQUESTER,
                    BrokerQueue.REQUESTS,
                    REQUEST,
                    Map.of("PairingJobId", "late"),
                    Duration.ofMillis(50));

            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.EXPIRED, SOON))
                    .satisfies(expired -> {
                        assertThat(expired.getStringProperty("PairingJobId")).isEqualTo("late");
                        assertThat(expired.getBody(String.class)).isEqualTo(REQUEST);
                        assertThat(expired.getJMSExpiration()).isZero();
                        assertThat(expired.getStringProperty("_AMQ_ORIG_ADDRESS"))
                                .isEqualTo(BrokerQueue.REQUESTS.address());
                    });
        }
    }

    @Test
    void neverLetsResultsExpire() throws JMSException {
        try (TestBroker broker = TestBroker.start(directory)) {
            for (BrokerQueue queue : Set.of(
                    BrokerQueue.CREDENTIALS,
                    BrokerQueue.OUTCOMES,
                    BrokerQueue.DEAD_LETTERS,
                    BrokerQueue.IN_DOUBT,
                    BrokerQueue.EXPIRED)) {
                broker.send(BrokerUsers.BRIDGE, queue, "kept", Map.of(), Duration.ofMillis(1));
            }
            assertThat(broker.receive(BrokerUsers.ERP_CREDENTIALS, BrokerQueue.CREDENTIALS, SOON))
                    .satisfies(this::neverExpires);
            assertThat(broker.receive(BrokerUsers.ERP_REQUESTER, BrokerQueue.OUTCOMES, SOON))
                    .satisfies(this::neverExpires);
            assertThat(broker.receive(BrokerUsers.OPERATOR, BrokerQueue.DEAD_LETTERS, SOON))
                    .satisfies(this::neverExpires);
            assertThat(broker.receive(BrokerUsers.OPERATOR, BrokerQueue.IN_DOUBT, SOON))
                    .satisfies(this::neverExpires);
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.EXPIRED, SOON))
                    .satisfies(this::neverExpires);
        }
    }

    private void neverExpires(Message message) throws JMSException {
        assertThat(message.getBody(String.class)).isEqualTo("kept");
        assertThat(message.getJMSExpiration()).isZero();
    }

    @Test
    void deliversARequestAgainHoweverOftenItWasRolledBack() throws JMSException {
        // Without the growing delay, which would make this last for minutes.
        try (TestBroker broker = TestBroker.startChanged(
                        directory,
                        text -> text.replace(
                                "<redelivery-delay>1000</redelivery-delay>",
                                "<redelivery-delay>0</redelivery-delay>"));
                Connection connection = broker.factory(BrokerUsers.BRIDGE).createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            broker.send(BrokerUsers.ERP_REQUESTER, BrokerQueue.REQUESTS, REQUEST, Map.of());
            connection.start();
            var consumer = session.createConsumer(session.createQueue(BrokerQueue.REQUESTS.queue()));

            for (int delivery = 1; delivery <= 25; delivery++) {
                assertThat(consumer.receive(SOON.toMillis()).getIntProperty("JMSXDeliveryCount"))
                        .isEqualTo(delivery);
                session.rollback();
            }
        }
    }

    @Test
    void waitsBeforeItDeliversARolledBackRequestAgain() throws JMSException {
        try (TestBroker broker = TestBroker.start(directory);
                Connection connection = broker.factory(BrokerUsers.BRIDGE).createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            broker.send(BrokerUsers.ERP_REQUESTER, BrokerQueue.REQUESTS, REQUEST, Map.of());
            connection.start();
            var consumer = session.createConsumer(session.createQueue(BrokerQueue.REQUESTS.queue()));

            assertThat(consumer.receive(SOON.toMillis())).isNotNull();
            long rolledBack = System.nanoTime();
            session.rollback();

            assertThat(consumer.receive(SOON.toMillis())).isNotNull();
            assertThat(Duration.ofNanos(System.nanoTime() - rolledBack)).isGreaterThan(Duration.ofMillis(900));
        }
    }

    @Test
    void stampsARequestWithTheTimeItCameIn() throws JMSException {
        long before = System.currentTimeMillis();
        try (TestBroker broker = TestBroker.start(directory)) {
            broker.send(BrokerUsers.ERP_REQUESTER, BrokerQueue.REQUESTS, REQUEST, Map.of());

            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON))
                    .satisfies(request -> assertThat(request.getLongProperty("_AMQ_INGRESS_TIMESTAMP"))
                            .isBetween(before, System.currentTimeMillis()));
        }
    }

    @Test
    void saysThatThePortIsInUseAndLeavesNothingBehind() throws IOException {
        BrokerUsers users = TestBroker.users(directory);
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThatThrownBy(() -> EmbeddedBroker.start(
                            TestBroker.SHIPPED, directory, "127.0.0.1", taken.getLocalPort(), users))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContainingAll("127.0.0.1:" + taken.getLocalPort(), "pairing.broker.embedded.port");
        }
        try (TestBroker broker = TestBroker.start(directory)) {
            assertThat(broker.broker().active()).isTrue();
        }
    }

    @Test
    void saysThatAnotherBrokerHasThePort() {
        try (TestBroker first = TestBroker.start(directory)) {
            Path other = directory.resolve("other");
            assertThatThrownBy(() -> EmbeddedBroker.start(
                            TestBroker.SHIPPED, other, "127.0.0.1", first.port(), TestBroker.users(other)))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContaining("127.0.0.1:" + first.port());
            assertThat(first.broker().active()).isTrue();
        }
    }

    @Test
    void saysThatAnotherBrokerHasTheDirectory() {
        try (TestBroker first = TestBroker.start(directory)) {
            assertThatThrownBy(() -> TestBroker.start(directory))
                    .isInstanceOf(BrokerException.class)
                    .hasMessageContainingAll(
                            "Another broker", directory.resolve("broker").toString(), "pairing.data-directory");
            assertThat(first.broker().active()).isTrue();
        }
    }

    @Test
    void saysWhichDirectoryOrFileIsUnusable() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");
        assertThatThrownBy(() ->
                        EmbeddedBroker.start(TestBroker.SHIPPED, file, "127.0.0.1", 0, TestBroker.users(directory)))
                .isInstanceOf(BrokerException.class)
                .hasMessageContainingAll(file.resolve("broker").toString(), "pairing.data-directory");
        assertThatThrownBy(() -> TestBroker.start(directory, directory.resolve("missing.xml")))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining(directory.resolve("missing.xml").toString());
        assertThatThrownBy(() ->
                        TestBroker.start(directory, Files.writeString(directory.resolve("bad.xml"), "<nothing/>")))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining(directory.resolve("bad.xml").toString());
    }

    @Test
    void putsAllItsFilesUnderTheDataDirectory() throws IOException {
        try (TestBroker broker = TestBroker.start(directory)) {
            assertThat(directory.resolve("broker/journal")).isNotEmptyDirectory();
            assertThat(directory.resolve("broker/bindings")).isNotEmptyDirectory();
            assertThat(Path.of("data")).doesNotExist();
            assertThat(broker.url()).isEqualTo("tcp://127.0.0.1:" + broker.port());
        }
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(directory.resolve("broker"));
        }
    }

    @Test
    void runsBesideAnotherBrokerInTheSameProcess() throws JMSException {
        try (TestBroker one = TestBroker.start(directory.resolve("one"));
                TestBroker two = TestBroker.start(directory.resolve("two"))) {
            one.send(BrokerUsers.ERP_REQUESTER, BrokerQueue.REQUESTS, "one", Map.of());
            two.send(BrokerUsers.ERP_REQUESTER, BrokerQueue.REQUESTS, "two", Map.of());

            assertThat(one.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON)
                            .getBody(String.class))
                    .isEqualTo("one");
            assertThat(two.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, SOON)
                            .getBody(String.class))
                    .isEqualTo("two");
        }
    }

    @Test
    void keepsNoThreadThatWouldKeepTheProcessAlive() throws JMSException {
        Set<Thread> before = nonDaemonThreads();
        TestBroker broker = TestBroker.start(directory);
        broker.send(BrokerUsers.ERP_REQUESTER, BrokerQueue.REQUESTS, REQUEST, Map.of());

        broker.close();
        broker.close();

        assertThat(broker.broker().active()).isFalse();
        await().atMost(SOON).untilAsserted(() -> assertThat(nonDaemonThreads()).isSubsetOf(before));
    }

    /** With a hundredth of the shipped memory, so that it need not be filled. */
    @Test
    void putsOnPagesWhatDoesNotFitIntoMemoryAndDeliversAllOfIt() throws JMSException, IOException {
        int messages = 500;
        String body = "x".repeat(10_000);
        try (TestBroker broker = TestBroker.startChanged(
                        directory,
                        xml -> xml.replace(
                                "<global-max-size>100M</global-max-size>", "<global-max-size>1M</global-max-size>"));
                Connection sender = broker.factory(BrokerUsers.ERP_REQUESTER).createConnection();
                Connection receiver = broker.factory(BrokerUsers.BRIDGE).createConnection()) {
            try (Session session = sender.createSession(true, Session.SESSION_TRANSACTED);
                    MessageProducer producer =
                            session.createProducer(TestBroker.target(session, BrokerQueue.REQUESTS))) {
                for (int i = 0; i < messages; i++) {
                    Message message = session.createTextMessage(body);
                    message.setStringProperty("PairingJobId", Integer.toString(i));
                    producer.send(message);
                }
                session.commit();
            }
            try (Stream<Path> files = Files.walk(broker.dataDirectory())) {
                assertThat(files.filter(file -> file.getFileName().toString().endsWith(".page")))
                        .isNotEmpty();
            }
            receiver.start();
            List<Integer> numbers = new ArrayList<>();
            try (Session session = receiver.createSession(false, Session.AUTO_ACKNOWLEDGE);
                    MessageConsumer consumer =
                            session.createConsumer(TestBroker.target(session, BrokerQueue.REQUESTS))) {
                for (int i = 0; i < messages; i++) {
                    Message message = consumer.receive(SOON.toMillis());
                    assertThat(message).as("message %d", i).isNotNull();
                    numbers.add(Integer.valueOf(message.getStringProperty("PairingJobId")));
                }
            }
            assertThat(numbers)
                    .containsExactlyElementsOf(
                            IntStream.range(0, messages).boxed().toList());
        }
    }

    private static Set<Thread> nonDaemonThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive()
                        && !thread.isDaemon()
                        && !thread.getName().startsWith("awaitility"))
                .collect(Collectors.toSet());
    }

    /** Frames over a socket, as somebody without any library would send them. */
    private static final class Stomp implements AutoCloseable {

        private final Socket socket;

        Stomp(int port) throws IOException {
            socket = new Socket("127.0.0.1", port);
            socket.setSoTimeout((int) SOON.toMillis());
        }

        String ask(String frame) throws IOException {
            socket.getOutputStream().write((frame + '\0').getBytes(UTF_8));
            InputStream in = socket.getInputStream();
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            for (int next = in.read(); next > 0; next = in.read()) {
                answer.write(next);
            }
            return answer.toString(UTF_8).strip();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
