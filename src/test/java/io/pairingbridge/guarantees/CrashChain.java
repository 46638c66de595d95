package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.LedgerEndpoint.Behaviour;
import io.pairingbridge.testing.Stage;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * One crash at every edge of every durable step. A chain of processes on one journal and one broker: each recovers the
 * job at which the one before it died, then takes a job of its own and dies at the next edge. The broker and the
 * endpoint live on. At the end every job must have come to the outcome that {@code docs/design/guarantees.md} says.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class CrashChain {
    /**
     * One crash.
     *
     * @param point {@code before:<step>} or {@code after:<step>}
     * @param expected the outcome that the job must come to
     */
    record Edge(String point, String expected) {
        String jobId() {
            return "job-" + point.replace(':', '-');
        }

        String otp() {
            return "otp-canary-" + point.replace(':', '-');
        }

        @Override
        public String toString() {
            return "crash " + point.replace(':', ' ') + " ends " + expected;
        }
    }

    private Stage stage;
    private Path log;

    /** The edges, in the order of the steps. */
    abstract List<Edge> edges();

    /** How the endpoint answers. */
    abstract Behaviour answer();

    @BeforeAll
    void crashEverywhere(@TempDir Path folder) throws Exception {
        stage = new Stage(folder);
        stage.ledger().otherwise(answer());
        log = folder.resolve("bridge.log");
        Path settings = folder.resolve("child.properties");
        CrashingBridge.writeSettings(stage.settingTexts(), settings);
        String before = null;
        for (Edge edge : edges()) {
            try (Child bridge =
                    Child.java(CrashingBridge.class, log, settings.toString(), edge.point(), edge.jobId())) {
                if (before != null) {
                    stage.awaitOutcome(before);
                }
                stage.send(Stage.request(edge.jobId(), edge.otp()));
                assertThat(bridge.awaitEnd()).as(edge + " did crash").isEqualTo(CrashingBridge.KILLED);
            }
            before = edge.jobId();
        }
        // The last edge of all: the acknowledgement has just been committed.
        Edge last = afterCommit();
        try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
            stage.awaitOutcome(before);
            stage.send(Stage.request(last.jobId(), last.otp()));
            stage.awaitOutcome(last.jobId());
            bridge.kill();
        }
        try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
            bridge.awaitLog("started", 2);
            stage.send(Stage.request("job-after-all", "otp-canary-after-all"));
            stage.awaitOutcome("job-after-all");
        }
        stage.gather();
    }

    /** The edge after the commit of a job that met no crash before. */
    abstract Edge afterCommit();

    @AfterAll
    void stop() throws Exception {
        stage.close();
    }

    @ParameterizedTest
    @MethodSource("edges")
    void endsAsPromised(Edge edge) {
        assertThat(stage.outcomes(edge.jobId()))
                .extracting(e -> e.get("outcome").asText())
                .containsOnly(edge.expected());
    }

    @Test
    void endsAsPromisedAfterCommit() {
        assertThat(stage.outcomes(afterCommit().jobId()))
                .extracting(e -> e.get("outcome").asText())
                .containsExactly(afterCommit().expected());
    }

    @Test
    void keepsAllInvariants() throws Exception {
        Map<String, String> jobs = new LinkedHashMap<>();
        edges().forEach(edge -> jobs.put(edge.jobId(), edge.otp()));
        jobs.put(afterCommit().jobId(), afterCommit().otp());
        jobs.put("job-after-all", "otp-canary-after-all");
        Invariants.check(stage, jobs, 3, List.of(log));
    }
}
