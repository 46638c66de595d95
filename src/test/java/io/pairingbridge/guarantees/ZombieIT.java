package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.Stage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A bridge that is stopped (SIGSTOP, a frozen virtual machine) until its calls' deadlines have passed and the broker
 * has given its jobs back to their queue, and then goes on where it was. One pause finds a job at each point that
 * matters; the jobs are delivered again while the threads that had them before still hold on to them.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ZombieIT {
    private static final Duration DEADLINE = Duration.ofSeconds(12);
    private static final int MOST_PAUSES = 5;
    private static final String ADMITTED = "before:call-endpoint";
    private static final String ANSWERED = "before:journal-answered";
    private static final String SEALED = "after:journal-answered";
    private static final String PUBLISHED = "after:publish-credentials";
    /** In their calls, with answers that arrive while the process is stopped. */
    private static final List<String> CALLING = List.of("calling-1", "calling-2", "calling-3", "calling-4");

    private final Map<String, String> jobs = new LinkedHashMap<>();
    private Stage stage;
    private Path log;
    private Path secondLog;
    private int secondExit;

    /**
     * Whoever first meets the dead connection to the credentials queue after the pause closes the intake, as it should.
     * It then waits for the jobs in hand, which here are held until they are delivered once more: that never comes.
     * Such a pause says nothing of jobs in two threads; everything is let go, the invariants are checked, and the pause
     * is tried again.
     */
    @BeforeAll
    void pauseEverywhere(@TempDir Path folder) throws Exception {
        for (int pause = 1; !pauseOnce(Files.createDirectory(folder.resolve("pause-" + pause))); pause++) {
            Invariants.check(stage, jobs, 3, List.of(log, secondLog));
            stage.close();
            assertThat(pause)
                    .as("pauses after which the intake closed before the jobs were delivered again")
                    .isLessThan(MOST_PAUSES);
        }
    }

    /** @return whether the jobs that were held were delivered again meanwhile */
    private boolean pauseOnce(Path folder) throws Exception {
        jobs.clear();
        stage = new Stage(folder, ZombieIT::letTheBridgeBrowse)
                .set("pairing.broker.connection-ttl", "8s")
                .set("pairing.requests.concurrency", "12")
                .set("pairing.endpoint.deadline", DEADLINE.toMillis() + "ms");
        CountDownLatch called = new CountDownLatch(CALLING.size());
        CountDownLatch paused = new CountDownLatch(1);
        CountDownLatch written = new CountDownLatch(CALLING.size());
        for (String job : CALLING) {
            stage.ledger().when(otp(job), call -> {
                if (call.number() == 1) {
                    called.countDown();
                    assertThat(paused.await(1, TimeUnit.MINUTES)).isTrue();
                }
                call.pairOnce();
                written.countDown();
            });
        }
        log = folder.resolve("bridge.log");
        secondLog = folder.resolve("second.log");
        Path settings = folder.resolve("child.properties");
        Path steering = Files.createDirectory(folder.resolve("steering"));
        CrashingBridge.writeSettings(stage.settingTexts(), settings);
        boolean again;
        try (Child bridge = Child.java(SteeredBridge.class, log, settings.toString(), steering.toString())) {
            bridge.awaitLog("started", 1);
            for (String point : List.of(SEALED, PUBLISHED, ANSWERED, ADMITTED)) {
                send(point);
                bridge.awaitLog(SteeredBridge.passed(point, point), 1);
            }
            send(CALLING.toArray(String[]::new));
            assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();

            bridge.pause();
            long pausedAt = System.nanoTime();
            paused.countDown();
            assertThat(written.await(1, TimeUnit.MINUTES)).isTrue();
            try (Child second = Child.java(CrashingBridge.class, secondLog, settings.toString())) {
                secondExit = second.awaitEnd();
            }
            Awaitility.await()
                    .atMost(Stage.PATIENCE)
                    .until(() -> backInTheirQueue() == jobs.size()
                            && System.nanoTime() - pausedAt
                                    > DEADLINE.plusSeconds(1).toNanos());
            bridge.resume();

            // The broker hands out again what it took back: each of these jobs is in two threads now.
            Awaitility.await()
                    .atMost(Duration.ofMinutes(4))
                    .until(() -> deliveredAgain() || read(log).contains("Intake closed"));
            again = deliveredAgain();
            for (String point : List.of(SEALED, PUBLISHED, ANSWERED, ADMITTED)) {
                SteeredBridge.letGo(steering, point);
            }
            stage.awaitOutcome(jobs.keySet().toArray(String[]::new));
            // What the threads of before still do with dead connections is done, and nothing is left to come.
            bridge.stop();
        }
        stage.gather();
        return again;
    }

    private boolean deliveredAgain() throws IOException {
        return Child.said(log, SteeredBridge.passed("after:admit", ANSWERED)) > 1
                && Child.said(log, SteeredBridge.passed("after:admit", ADMITTED)) > 1;
    }

    private void send(String... jobIds) throws JMSException {
        for (String job : jobIds) {
            jobs.put(job, otp(job));
            stage.send(Stage.request(job, otp(job)));
        }
    }

    private static String otp(String job) {
        return "otp-canary-" + job.replace(':', '-');
    }

    private static String letTheBridgeBrowse(String brokerXml) {
        String consume = "<permission type=\"consume\" roles=\"bridge\"/>";
        return brokerXml.replaceFirst(consume, consume + consume.replace("consume", "browse"));
    }

    /**
     * How many jobs the broker has taken back: no browser sees what a consumer has in hand. Consumers are not counted,
     * for the bridge has one by AMQP, too, which the broker ends when it likes.
     */
    private int backInTheirQueue() throws JMSException {
        try (Connection connection = stage.login(BrokerUsers.BRIDGE);
                Session session = connection.createSession();
                QueueBrowser browser = session.createBrowser(session.createQueue("pairing.requests"))) {
            connection.start();
            return Collections.list((Enumeration<?>) browser.getEnumeration()).size();
        }
    }

    @AfterAll
    void stop() throws Exception {
        stage.close();
    }

    @Test
    void sendsNoRequestWhoseDeadlinePassedInThePause() throws IOException {
        EndedJob.await(stage, ADMITTED, otp(ADMITTED)).paired().attempts(1).posts(1);
        assertThat(Child.said(log, SteeredBridge.passed(ADMITTED, ADMITTED)))
                .as("the one post is the second attempt's")
                .isEqualTo(2);
    }

    @Test
    void takesAnswersThatArrivedInThePause() {
        CALLING.forEach(
                job -> EndedJob.await(stage, job, otp(job)).paired().attempts(1).posts(1));
    }

    @Test
    void keepsAnAnswerInHandAndCallsNobodyMeanwhile() {
        EndedJob.await(stage, ANSWERED, otp(ANSWERED)).paired().attempts(1).posts(1);
    }

    @Test
    void publishesOnceWhatWasSealedBeforeThePause() {
        EndedJob.await(stage, SEALED, otp(SEALED)).paired().attempts(1).posts(1);
    }

    @Test
    void publishesOnceWhatWasSentBeforeThePause() {
        EndedJob.await(stage, PUBLISHED, otp(PUBLISHED)).paired().attempts(1).posts(1);
    }

    @Test
    void refusesASecondProcessAndSaysThatTheFirstMayBePaused() {
        assertThat(secondExit).isEqualTo(1);
        assertThat(read(secondLog))
                .contains("the data directory " + stage.data() + " is in use by another bridge (it may be paused)");
    }

    @Test
    void keepsAllInvariants() throws Exception {
        Invariants.check(stage, jobs, 3, List.of(log, secondLog));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
