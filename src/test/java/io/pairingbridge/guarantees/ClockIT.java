package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import io.pairingbridge.testing.Stage;
import jakarta.jms.JMSException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A wall clock that jumps, under a running bridge and between two of them. The broker's clock stays where it is, as
 * that of a broker on another machine does.
 */
class ClockIT {
    private static final String SEALED = "after:journal-answered";

    private Stage stage;
    private Path log;
    private Path settings;
    private Path steering;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        stage = new Stage(folder).set("pairing.endpoint.deadline", "10s").set("pairing.retry.jitter", "0");
        log = folder.resolve("bridge.log");
        settings = folder.resolve("child.properties");
        steering = Files.createDirectory(folder.resolve("steering"));
    }

    @AfterEach
    void close() throws IOException {
        stage.close();
    }

    private Child startBridge() throws IOException {
        CrashingBridge.writeSettings(stage.settingTexts(), settings);
        return Child.java(SteeredBridge.class, log, settings.toString(), steering.toString());
    }

    @Test
    void neitherCutsNorKeepsJobsWhenTheClockJumps() throws Exception {
        stage.set("pairing.retry.first-delay", "3s").set("pairing.retry.max-delay", "3s");
        CountDownLatch answer = new CountDownLatch(1);
        CountDownLatch called = new CountDownLatch(1);
        stage.ledger().when("otp-canary-calling", call -> {
            called.countDown();
            assertThat(answer.await(1, TimeUnit.MINUTES)).isTrue();
            call.pairOnce();
        });
        stage.ledger()
                .when("otp-canary-waiting", ClockIT::throttledOnce)
                .when("otp-canary-back", ClockIT::throttledOnce)
                .when("otp-canary-ahead", ClockIT::throttledOnce);
        try (Child bridge = startBridge()) {
            stage.send(Stage.request(SEALED, "otp-canary-sealed"));
            bridge.awaitLog(SteeredBridge.passed(SEALED, SEALED), 1);
            stage.send(Stage.request("waiting", "otp-canary-waiting"), Stage.request("calling", "otp-canary-calling"));
            bridge.awaitLog(SteeredBridge.passed("after:schedule-request", "waiting"), 1);
            assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();

            WatchedBridge.setAhead(SteeredBridge.clock(steering), Duration.ofMinutes(10));
            // For the broker this wait would begin in ten minutes.
            stage.send(Stage.request("ahead", "otp-canary-ahead"));
            bridge.awaitLog(SteeredBridge.passed("after:schedule-request", "ahead"), 1);
            assertThat(finished("forward")).isAfter(Instant.now().plus(Duration.ofMinutes(9)));
            WatchedBridge.setAhead(SteeredBridge.clock(steering), Duration.ofHours(-5));
            assertThat(finished("backward")).isBefore(Instant.now().minus(Duration.ofHours(4)));
            // Its wait begins under the clock that was turned back: for the broker it is over before it begins.
            stage.send(Stage.request("back", "otp-canary-back"));
            bridge.awaitLog(SteeredBridge.passed("after:schedule-request", "back"), 1);
            answer.countDown();
            SteeredBridge.letGo(steering, SEALED);

            assertPaired("calling", "otp-canary-calling", 1);
            assertPaired(SEALED, "otp-canary-sealed", 1);
            assertPaired("waiting", "otp-canary-waiting", 2);
            assertPaired("back", "otp-canary-back", 2);
            assertPaired("ahead", "otp-canary-ahead", 2);
            assertThat(waited("otp-canary-ahead")).isBetween(Duration.ofMillis(2_900), Duration.ofSeconds(30));
            assertThat(waited("otp-canary-waiting")).isLessThan(Duration.ofSeconds(30));
            assertThat(waited("otp-canary-back"))
                    .as("its wait is not cut short")
                    .isGreaterThan(Duration.ofMillis(2_900));
            assertThat(count("before:admit", "back"))
                    .as("deliveries of a job that waits")
                    .isLessThanOrEqualTo(4);
        }
        Invariants.check(
                stage,
                Map.of(
                        "calling",
                        "otp-canary-calling",
                        SEALED,
                        "otp-canary-sealed",
                        "waiting",
                        "otp-canary-waiting",
                        "back",
                        "otp-canary-back",
                        "ahead",
                        "otp-canary-ahead",
                        "forward",
                        "otp-canary-forward",
                        "backward",
                        "otp-canary-backward"),
                3,
                List.of(log));
    }

    @Test
    void doesNotWaitForADeadlineThatAnotherInstanceStoredBeforeTheClockWasTurnedBack() throws Exception {
        stage.set("pairing.instance-id", "one").set("pairing.endpoint.deadline", "2s");
        CountDownLatch called = new CountDownLatch(1);
        stage.ledger().when("otp-canary-calling", call -> {
            if (call.number() == 1) {
                called.countDown();
                call.silence();
            } else {
                call.pairOnce();
            }
        });
        try (Child bridge = startBridge()) {
            stage.send(Stage.request(SEALED, "otp-canary-sealed"));
            bridge.awaitLog(SteeredBridge.passed(SEALED, SEALED), 1);
            stage.send(Stage.request("calling", "otp-canary-calling"));
            assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();
            bridge.kill();
        }
        WatchedBridge.setAhead(SteeredBridge.clock(steering), Duration.ofHours(-5));
        SteeredBridge.letGo(steering, SEALED);
        stage.set("pairing.instance-id", "two");
        try (Child bridge = startBridge()) {
            bridge.awaitLog("started", 2);

            assertPaired(SEALED, "otp-canary-sealed", 1);
            assertPaired("calling", "otp-canary-calling", 2);
            assertThat(count("before:admit", "calling"))
                    .as("deliveries of a job that waits")
                    .isLessThanOrEqualTo(6);
        }
        Invariants.check(stage, Map.of("calling", "otp-canary-calling", SEALED, "otp-canary-sealed"), 3, List.of(log));
    }

    private static void throttledOnce(Call call) throws IOException {
        if (call.number() == 1) {
            call.status(503);
        } else {
            call.pairOnce();
        }
    }

    /** When a job of its own ended, by the bridge's clock. */
    private Instant finished(String job) throws JMSException {
        stage.send(Stage.request(job, "otp-canary-" + job));
        assertPaired(job, "otp-canary-" + job, 1);
        return Instant.parse(stage.outcomes(job).get(0).path("finished_at").asText());
    }

    /** Whose event tells when it ended by a clock that may have been behind that of its request. */
    private void assertPaired(String job, String otp, int posts) {
        JsonNode outcome = stage.awaitOutcome(job);
        assertThat(outcome.path("outcome").asText())
                .as("job %s: %s", job, outcome.path("detail").asText())
                .isEqualTo("PAIRED");
        assertThat(stage.ledger().posts(otp)).as("posts of job %s", job).hasSize(posts);
    }

    private Duration waited(String otp) {
        return Duration.ofNanos(stage.ledger().posts(otp).get(1).startNanos()
                - stage.ledger().posts(otp).get(0).startNanos());
    }

    private int count(String point, String job) throws IOException {
        return Child.said(log, SteeredBridge.passed(point, job));
    }
}
