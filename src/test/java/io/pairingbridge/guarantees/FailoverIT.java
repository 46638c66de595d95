package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.broker.BrokerQueue;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.File;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A broker process is killed while a bridge works. The bridge is not restarted, no job is lost, and since no call was
 * cut off none is made twice. The pair is configured as docs/operate/broker.md says, with the page's own text.
 */
@Tag("heavy")
class FailoverIT {
    private static final int JOBS = 300;
    /** Slow enough that there is work left for seconds after the first calls. */
    private static final int CALLS_A_SECOND = 25;

    private static final Duration PATIENCE = Duration.ofSeconds(120);

    @TempDir
    Path folder;

    private final List<Process> processes = new ArrayList<>();
    private Stage stage;

    @BeforeEach
    void prepare() throws IOException {
        stage = new Stage(folder.resolve("stage"));
        stage.stopBroker();
    }

    @AfterEach
    void end() throws IOException {
        processes.forEach(Process::destroyForcibly);
        stage.close();
    }

    @Test
    void goesOnWithTheBackupWhenThePrimaryBrokerIsKilled() throws Exception {
        Path instance = Files.createDirectories(folder.resolve("shared"));
        int first = Stage.freePort();
        Process primary = broker("primary", instance, first);
        listens(first);
        int second = Stage.freePort();
        Process backup = broker("backup", instance, second);
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() -> Files.readString(folder.resolve("backup.log")).contains(HaBroker.STARTED));
        assertThat(open(second)).as("the backup waits and does not serve").isFalse();

        pairThrough(
                "(tcp://127.0.0.1:" + first + ",tcp://127.0.0.1:" + second + ")",
                () -> primary.destroyForcibly().waitFor());

        assertThat(backup.isAlive()).isTrue();
        assertThat(open(second)).isTrue();
    }

    @Test
    void goesOnWhenTheBrokerIsKilledAndStartedAgain() throws Exception {
        Path instance = Files.createDirectories(folder.resolve("alone"));
        int port = Stage.freePort();
        Process broker = broker("alone", instance, port);
        listens(port);

        pairThrough("tcp://127.0.0.1:" + port, () -> {
            broker.destroyForcibly().waitFor();
            broker("alone", instance, port);
        });
    }

    private interface Disturbance {
        void happen() throws Exception;
    }

    private void pairThrough(String url, Disturbance disturbance) throws Exception {
        stage.set("pairing.broker.url", url).set("pairing.rate-limit", Integer.toString(CALLS_A_SECOND));
        stage.startBridge();
        List<String> jobs = IntStream.range(0, JOBS).mapToObj(i -> "job-" + i).toList();
        try (Connection connection = login(url, BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            MessageProducer producer = session.createProducer(session.createQueue(BrokerQueue.REQUESTS.address()));
            for (String job : jobs) {
                Message request = session.createTextMessage(Stage.body("otp-" + job));
                request.setStringProperty("PairingJobId", job);
                producer.send(request);
            }
        }
        Awaitility.await().atMost(PATIENCE).until(() -> posts(jobs) >= JOBS / 10);

        disturbance.happen();
        assertThat(posts(jobs))
                .as("the broker was killed while there was work to do")
                .isLessThan(JOBS);

        List<String> paired = new ArrayList<>();
        Set<String> ended = new HashSet<>();
        Awaitility.await().atMost(PATIENCE).ignoreException(JMSException.class).until(() -> {
            drain(url, BrokerUsers.ERP_CREDENTIALS, BrokerQueue.CREDENTIALS, paired);
            drain(url, BrokerUsers.ERP_REQUESTER, BrokerQueue.OUTCOMES, ended);
            return ended.size() == JOBS && paired.size() >= JOBS;
        });
        assertThat(paired).as("each once").containsExactlyInAnyOrderElementsOf(jobs);
        assertThat(jobs)
                .allSatisfy(
                        job -> assertThat(stage.ledger().posts("otp-" + job)).hasSize(1));
    }

    private long posts(List<String> jobs) {
        return jobs.stream()
                .mapToLong(job -> stage.ledger().posts("otp-" + job).size())
                .sum();
    }

    private void drain(String url, String user, BrokerQueue queue, Collection<String> jobs) throws JMSException {
        try (Connection connection = login(url, user);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            MessageConsumer consumer = session.createConsumer(session.createQueue(queue.fullyQualified()));
            for (Message message = consumer.receive(500); message != null; message = consumer.receive(500)) {
                jobs.add(
                        queue == BrokerQueue.OUTCOMES
                                ? Stage.json(Stage.received(message).body())
                                        .path("subject")
                                        .asText()
                                : message.getStringProperty("PairingJobId"));
            }
        }
    }

    private Connection login(String url, String user) throws JMSException {
        return BrokerConnections.factory(
                        new BrokerAddress(url, user, stage.users().password(user)))
                .createConnection();
    }

    /** A broker of the pair with what the page adds to broker.xml, or one alone. */
    private Process broker(String part, Path instance, int port) throws IOException {
        String shipped = Files.readString(Path.of("docker/artemis/broker.xml"));
        Path file = folder.resolve(part + ".xml");
        Files.writeString(file, "alone".equals(part) ? shipped : pair(shipped, part));
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dpairing.broker.host=127.0.0.1",
                        "-Dpairing.broker.port=" + Stage.freePort(),
                        "-Dpairing.broker.core.port=" + port,
                        "-cp",
                        System.getProperty("java.class.path"),
                        HaBroker.class.getName(),
                        file.toString(),
                        instance.toString(),
                        folder.resolve("stage/artemis").toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(new File(folder.toFile(), part + ".log")))
                .start();
        processes.add(process);
        return process;
    }

    private static String pair(String shipped, String part) throws IOException {
        Matcher page = Pattern.compile("```xml\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("docs", "operate", "broker.md")));
        assertThat(page.find()).as("the page shows the pair's configuration").isTrue();
        String added = page.group(1);
        if ("backup".equals(part)) {
            added = added.replaceFirst(
                    "<primary>.*</primary>", "<backup><allow-failback>false</allow-failback></backup>");
            assertThat(added).contains("<backup>");
        }
        return shipped.replaceFirst("<journal-lock-acquisition-timeout>5000</journal-lock-acquisition-timeout>", "")
                .replace("</core>", added + "</core>");
    }

    private static void listens(int port) {
        Awaitility.await().atMost(PATIENCE).until(() -> open(port));
    }

    private static boolean open(int port) {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
