package io.pairingbridge.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Result;
import io.pairingbridge.journal.State;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.MessageMaker;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The broker goes away and comes back: what was answered meanwhile arrives, once. */
class PublishIT {
    private static final int JOBS = 8;

    private Stage stage;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        stage = new Stage(folder).set("pairing.endpoint.deadline", "1m").set("pairing.requests.concurrency", "8");
    }

    @AfterEach
    void close() throws IOException {
        stage.close();
    }

    @Test
    void keepsCredentialsInTheJournalUntilTheBrokerIsBack() throws Exception {
        CountDownLatch called = new CountDownLatch(JOBS);
        CountDownLatch answer = new CountDownLatch(1);
        stage.ledger().otherwise(call -> {
            called.countDown();
            assertThat(answer.await(2, TimeUnit.MINUTES)).isTrue();
            call.pairOnce();
        });
        stage.startBridge();
        stage.send(IntStream.range(0, JOBS)
                .mapToObj(i -> Stage.request("job-" + i, "otp-" + i))
                .toArray(MessageMaker[]::new));
        assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();

        stage.stopBroker();
        answer.countDown();
        Awaitility.await().atMost(Stage.PATIENCE).until(() -> sealed() == JOBS);
        Awaitility.await()
                .atMost(Duration.ofMinutes(3))
                .during(Duration.ofSeconds(60))
                .until(() -> sealed() == JOBS);
        stage.restartBroker();

        for (int i = 0; i < JOBS; i++) {
            EndedJob.await(stage, "job-" + i, "otp-" + i)
                    .paired()
                    .attempts(1)
                    .posts(1)
                    .seals(LedgerEndpoint.credentials("otp-" + i, "Till of 5"));
            assertThat(stage.bridge().journal().find("job-" + i).orElseThrow().state())
                    .isEqualTo(State.PUBLISHED);
            assertThat(stage.bridge().journal().reader().attempts("job-" + i))
                    .singleElement()
                    .satisfies(attempt -> {
                        assertThat(attempt.result()).isEqualTo(Result.PAIRED);
                        assertThat(attempt.holdsSealedBytes()).isFalse();
                    });
        }
        stage.gather();
        assertThat(stage.credentials()).hasSize(JOBS);
    }

    @Test
    void takesJobsAgainAfterTheBrokerWasAway() throws Exception {
        stage.startBridge();
        stage.send(Stage.request("before", "otp-before"));
        EndedJob.await(stage, "before", "otp-before").paired();
        stage.stopBroker();
        stage.restartBroker();

        stage.send(Stage.request("after", "otp-after"), Stage.request("before", "otp-before"));
        EndedJob.await(stage, "after", "otp-after").paired().posts(1);
        stage.awaitUntil(() -> stage.outcomes("before").size() == 2);
        assertThat(stage.ledger().posts("otp-before")).hasSize(1);
        assertThat(stage.credentials()).hasSize(2);
    }

    @Test
    void keepsWaitingJobsAndWhatWasPublishedOverARestartOfTheBroker() throws Exception {
        CountDownLatch restarted = new CountDownLatch(1);
        stage.set("pairing.retry.first-delay", "3s").set("pairing.retry.max-delay", "3s");
        stage.ledger().when("otp-waits", call -> {
            if (restarted.getCount() > 0) {
                call.status(503);
            } else {
                call.pairOnce();
            }
        });
        stage.startBridge();
        stage.send(Stage.request("published", "otp-published"), Stage.request("waits", "otp-waits"));
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> state("waits") == State.WAITING && state("published") == State.PUBLISHED);

        stage.stopBridge(); // so that its session has come to its end
        stage.stopBroker();
        restarted.countDown();
        stage.restartBroker();
        stage.startBridge();

        EndedJob.await(stage, "published", "otp-published").paired().posts(1);
        EndedJob.await(stage, "waits", "otp-waits").paired();
    }

    private long sealed() {
        return stage.bridge().journal().reader().counts().get(State.SEALED);
    }

    private State state(String jobId) {
        return stage.bridge().journal().find(jobId).map(entry -> entry.state()).orElse(null);
    }
}
