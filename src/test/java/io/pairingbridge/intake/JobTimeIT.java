package io.pairingbridge.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.Replacements;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.LedgerEndpoint.Post;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.MessageMaker;
import jakarta.jms.Connection;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a job's age, its expiry and its priority are honoured. */
class JobTimeIT {
    /** The wall clock, ahead by what a test says. */
    private static final class MovedClock extends Clock {
        private volatile Duration ahead = Duration.ZERO;

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.now().plus(ahead);
        }
    }

    private final MovedClock clock = new MovedClock();
    private Stage stage;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        stage = new Stage(folder).set("pairing.requests.max-age", "1h");
    }

    @AfterEach
    void close() throws IOException {
        stage.close();
    }

    private void startBridge() {
        stage.startBridge(Replacements.NONE.withClock(clock));
    }

    @Test
    void endsJobsThatExpiredInTheQueue() throws Exception {
        Message unnamed = send(
                1,
                4,
                Stage.request("expired", "otp-expired"),
                session -> session.createTextMessage(Stage.body("otp-unnamed")));
        send(1, 4, Stage.text("expired-garbage", "garbage"));
        startBridge();

        EndedJob.await(stage, "expired", "otp-expired")
                .ended("EXPIRED", "TOO_OLD")
                .detail("time ran out")
                .status(null)
                .attempts(0)
                .posts(0)
                .keepsOtp();
        EndedJob.await(stage, unnamed.getJMSMessageID(), "otp-unnamed")
                .ended("EXPIRED", "TOO_OLD")
                .posts(0)
                .keepsOtp();
        EndedJob.await(stage, "expired-garbage", null)
                .ended("INVALID", "NOT_JSON")
                .holds("garbage");
    }

    @Test
    void tellsTheOutcomeOfAPairedJobAgainWhenItsSecondMessageExpires() throws Exception {
        startBridge();
        stage.send(Stage.request("twice", "otp-twice"));
        EndedJob.await(stage, "twice", "otp-twice").paired();
        stage.stopBridge();
        send(1, 4, Stage.request("twice", "otp-twice"));
        startBridge();
        stage.awaitUntil(() -> stage.outcomes("twice").size() == 2);

        assertThat(stage.outcomes("twice"))
                .allMatch(data -> "PAIRED".equals(data.path("outcome").asText()));
        assertThat(stage.credentials()).hasSize(1);
        assertThat(stage.ledger().posts("otp-twice")).hasSize(1);
    }

    @Test
    void endsJobsThatAreTooOldAndTriesThemAgainOnlyOnRequest() throws Exception {
        clock.ahead = Duration.ofHours(1);
        startBridge();
        stage.send(Stage.request("old", "otp-old"));
        EndedJob.await(stage, "old", "otp-old")
                .ended("EXPIRED", "TOO_OLD")
                .attempts(0)
                .posts(0)
                .keepsOtp();

        clock.ahead = Duration.ZERO;
        stage.send(Stage.request("old", "otp-old"));
        stage.awaitUntil(() -> stage.outcomes("old").size() == 2);
        assertThat(stage.outcomes("old"))
                .allMatch(data -> "EXPIRED".equals(data.path("outcome").asText()));
        assertThat(stage.deadLetters()).hasSize(1);
        assertThat(stage.ledger().posts("otp-old")).isEmpty();

        stage.send(session -> {
            Message message = Stage.request("old", "otp-old").make(session);
            message.setStringProperty("PairingReplay", "true");
            return message;
        });
        stage.awaitUntil(() -> stage.outcomes("old").size() == 3);
        assertThat(stage.outcomes("old").get(2).path("outcome").asText()).isEqualTo("PAIRED");
        assertThat(stage.ledger().posts("otp-old")).hasSize(1);
    }

    @Test
    void endsJobsWhoseTimeRunsOutWhileTheyWait() throws Exception {
        stage.ledger().when("otp-throttled", call -> call.status(503)).when("otp-lost", call -> call.status(500));
        stage.set("pairing.retry.max-ambiguous-attempts", "20").set("pairing.intake.close-after", "1000");
        startBridge();
        send(1_500, 4, Stage.request("throttled", "otp-throttled"), Stage.request("lost", "otp-lost"));

        EndedJob throttled = EndedJob.await(stage, "throttled", "otp-throttled")
                .ended("EXPIRED", "TOO_OLD")
                .keepsOtp();
        EndedJob lost = EndedJob.await(stage, "lost", "otp-lost")
                .ended("IN_DOUBT", "TOO_OLD_AFTER_LOST_ANSWER")
                .masksOtp();
        assertThat(stage.ledger().posts("otp-throttled"))
                .hasSizeGreaterThan(1)
                .hasSize(throttled.data().path("attempts").asInt());
        assertThat(stage.ledger().posts("otp-lost"))
                .hasSizeGreaterThan(1)
                .hasSize(lost.data().path("attempts").asInt());
    }

    @Test
    void takesTheHighestPriorityFirstAlsoAfterAWait() throws Exception {
        CountDownLatch called = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        stage.ledger().when("otp-first", call -> {
            called.countDown();
            assertThat(answer.await(1, TimeUnit.MINUTES)).isTrue();
            call.pairOnce();
        });
        stage.ledger().when("otp-waits", call -> {
            if (call.number() == 1) {
                call.status(503);
            } else {
                call.pairOnce();
            }
        });
        stage.set("pairing.endpoint.deadline", "1m");
        stage.set("pairing.requests.concurrency", "1")
                .set("pairing.retry.first-delay", "3s")
                .set("pairing.retry.max-delay", "3s");
        startBridge();
        send(0, 8, Stage.request("waits", "otp-waits"));
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> dueAt("waits") != null);
        send(0, 4, Stage.request("first", "otp-first"));
        assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();
        send(0, 1, Stage.request("low", "otp-low"));
        send(0, 6, Stage.request("middle", "otp-middle"));
        send(0, 9, Stage.request("high", "otp-high"));
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> dueAt("waits").isBefore(Instant.now().minusMillis(500)));
        answer.countDown();

        stage.awaitOutcome("first", "low", "middle", "high", "waits");
        assertThat(stage.ledger().posts().values().stream()
                        .flatMap(List::stream)
                        .sorted(Comparator.comparingLong(Post::startNanos))
                        .map(Post::otp))
                .containsExactly("otp-waits", "otp-first", "otp-high", "otp-waits", "otp-middle", "otp-low");
    }

    private Instant dueAt(String jobId) {
        return stage.bridge().journal().find(jobId).map(Entry::dueAt).orElse(null);
    }

    /** Sends with a time to live (0 for none) and a priority; returns the last message. */
    private Message send(long timeToLive, int priority, MessageMaker... makers) throws Exception {
        try (Connection connection = stage.login(BrokerUsers.ERP_REQUESTER);
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"));
            producer.setTimeToLive(timeToLive);
            producer.setPriority(priority);
            Message last = null;
            for (MessageMaker maker : makers) {
                last = maker.make(session);
                producer.send(last);
            }
            return last;
        }
    }
}
