package io.pairingbridge.intake;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.Replacements;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.sealing.Sealer;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.LedgerEndpoint.Post;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.MessageMaker;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A queue is not burnt on an endpoint that is away or does not know us. */
class IntakeIT {
    private static final int JOBS = 40;

    private Stage stage;
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        stage = new Stage(folder).set("pairing.intake.close-after", "3").set("pairing.requests.concurrency", "2");
    }

    @AfterEach
    void close() throws IOException {
        stage.close();
    }

    @Test
    void closesWhileTheEndpointIsAwayAndOpensByItself() throws Exception {
        int port = Stage.freePort();
        stage.set("pairing.endpoint.url", "http://127.0.0.1:" + port + LedgerEndpoint.PATH);
        stage.startBridge();
        assertThat(ready().statusCode()).isEqualTo(200);
        stage.send(requests());
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge().intake().status().gate() != Gate.OPEN);

        HttpResponse<String> ready = ready();
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(ready.body())
                .contains("DOWN", "jobs stay in their queue", "the endpoint cannot be reached", "refuses connections");
        assertThat(live().statusCode()).as("closed is not dead").isEqualTo(200);
        assertThat(metrics()).contains("pairing_intake_open 0");
        double before = notSent();
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> notSent() > before); // it probes, for some milliseconds a time

        try (LedgerEndpoint back = new LedgerEndpoint(port)) {
            stage.awaitOutcome(ids());

            for (String job : ids()) {
                EndedJob.await(stage, job, "otp-" + job).paired().attempts(1);
                assertThat(back.posts("otp-" + job)).hasSize(1);
            }
            Awaitility.await().atMost(Stage.PATIENCE).until(() -> ready().statusCode() == 200);
            assertThat(stage.bridge().intake().status().reason()).isNull();
            assertThat(metrics()).contains("pairing_intake_open 1");
        }
    }

    @Test
    void doesNotBurnTheQueueWhereTheBridgeIsNotAccepted() throws Exception {
        stage.ledger().otherwise(call -> call.status(404));
        stage.set("pairing.intake.probe-delay", "1h").set("pairing.requests.concurrency", "1");
        stage.startBridge();
        stage.send(requests());
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge()
                        .camel()
                        .getRouteController()
                        .getRouteStatus("requests")
                        .isSuspended());
        stage.gather();

        assertThat(ready().body()).contains("the endpoint does not accept this bridge", "answered 404");
        assertThat(stage.deadLetters())
                .hasSameSizeAs(stage.ledger().posts().keySet())
                .as("jobs that were spent until it was sure")
                .hasSizeBetween(3, 4);
        assertThat(stage.deadLetters()).allMatch(m -> "MISCONFIGURED".equals(m.text("PairingOutcome")));
        assertThat(List.of(ids()))
                .filteredOn(job -> stage.bridge().journal().find(job).isPresent())
                .hasSameSizeAs(stage.deadLetters());
    }

    @Test
    void spendsOneJobAProbeAndPairsTheRestOnceItIsAccepted() throws Exception {
        stage.ledger().otherwise(call -> call.status(401));
        stage.startBridge();
        stage.send(requests());
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.bridge().intake().status().gate() != Gate.OPEN);
        stage.ledger().otherwise(LedgerEndpoint.Call::pairOnce);
        stage.awaitOutcome(ids());

        long spent = stage.events().stream()
                .filter(e -> "MISCONFIGURED".equals(e.text("PairingOutcome")))
                .count();
        assertThat(spent).isBetween(3L, 10L);
        assertThat(stage.credentials()).hasSize(JOBS - (int) spent);
        assertThat(stage.deadLetters()).hasSize((int) spent);
    }

    @Test
    void staysOpenWhenOnlySomeJobsAreNotAccepted() throws Exception {
        stage.set("pairing.requests.concurrency", "1");
        stage.ledger().otherwise(call -> {
            if (Integer.parseInt(call.otp().replaceAll("\\D", "")) % 3 == 0) {
                call.pairOnce();
            } else {
                call.status(404);
            }
        });
        stage.startBridge();
        stage.send(requests());
        stage.awaitOutcome(ids());

        assertThat(stage.bridge().intake().status().gate()).isEqualTo(Gate.OPEN);
        assertThat(stage.credentials()).hasSize(14);
        assertThat(stage.deadLetters()).hasSize(26);
    }

    @Test
    void callsNoOftenerThanAllowed() throws Exception {
        stage.set("pairing.rate-limit", "10").set("pairing.requests.concurrency", "8");
        stage.startBridge();
        stage.send(IntStream.range(0, 20)
                .mapToObj(i -> Stage.request("job-" + i, "otp-job-" + i))
                .toArray(MessageMaker[]::new));
        stage.awaitOutcome(IntStream.range(0, 20).mapToObj(i -> "job-" + i).toArray(String[]::new));

        long[] begun = stage.ledger().posts().values().stream()
                .flatMap(List::stream)
                .mapToLong(Post::startNanos)
                .sorted()
                .toArray();
        assertThat(begun).hasSize(20);
        assertThat(Duration.ofNanos(begun[19] - begun[0]))
                .as("20 calls, 100 ms apart, give or take the time to connect")
                .isGreaterThan(Duration.ofMillis(1_600));
    }

    @Test
    void callsNoMoreAtOnceThanAllowedAndTheNextAsSoonAsAnAnswerIsRead() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        CountDownLatch seal = new CountDownLatch(1);
        stage.set("pairing.requests.concurrency", "4");
        stage.ledger().otherwise(call -> {
            await(answer);
            call.pairOnce();
        });
        stage.startBridge(Replacements.NONE.withSealer(loaded -> slow(loaded, seal)));
        stage.send(requests());
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .until(() -> stage.ledger().posts().size() == 4);
        Awaitility.await()
                .during(Duration.ofMillis(500))
                .atMost(Stage.PATIENCE)
                .until(() -> stage.ledger().posts().size() == 4);

        answer.countDown();
        Awaitility.await()
                .atMost(Stage.PATIENCE)
                .untilAsserted(() -> assertThat(stage.ledger().posts())
                        .as("calls while four answers are being sealed; five jobs are in flight")
                        .hasSize(5));

        seal.countDown();
        stage.awaitOutcome(ids());
        assertThat(stage.credentials()).hasSize(JOBS);
    }

    private static Sealer slow(Sealer sealer, CountDownLatch until) {
        return new Sealer() {
            @Override
            public SealedAnswer seal(byte[] plaintext, String jobId) {
                await(until);
                return sealer.seal(plaintext, jobId);
            }

            @Override
            public String keyId() {
                return sealer.keyId();
            }

            @Override
            public void verify() {
                sealer.verify();
            }
        };
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static MessageMaker[] requests() {
        return IntStream.range(0, JOBS)
                .mapToObj(i -> Stage.request("job-" + i, "otp-job-" + i))
                .toArray(MessageMaker[]::new);
    }

    private static String[] ids() {
        return IntStream.range(0, JOBS).mapToObj(i -> "job-" + i).toArray(String[]::new);
    }

    private HttpResponse<String> ready() throws IOException, InterruptedException {
        HttpResponse<String> response = get("/observe/health/ready");
        JsonNode json = Stage.json(response.body());
        assertThat(json.path("status").asText()).isEqualTo(response.statusCode() == 200 ? "UP" : "DOWN");
        return response;
    }

    private HttpResponse<String> live() throws IOException, InterruptedException {
        return get("/observe/health/live");
    }

    private double notSent() throws Exception {
        return metrics()
                .lines()
                .filter(line -> line.startsWith("pairing_attempts_total{") && line.contains("\"NOT_SENT\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private String metrics() throws IOException, InterruptedException {
        return get("/observe/metrics").body();
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + stage.managementPort() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
