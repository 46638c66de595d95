package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import io.pairingbridge.testing.Stage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kills in a row, and jobs that do the killing: nothing that merely waited is harmed. */
@Tag("heavy")
class KillIT {
    private static final int KILLS = 12;
    private static final int JOBS = 50;
    private static final int MAX_AMBIGUOUS = 3;

    /** A plain route loses all fifty: every message in a killed consumer's prefetch window counts as delivered. */
    @Test
    void keepsFiftyJobsThroughTwelveKills(@TempDir Path folder) throws Exception {
        try (Stage stage = new Stage(folder)) {
            stage.set("pairing.requests.concurrency", "2");
            // The endpoint gets posts and neither pairs nor answers, so that every kill finds calls under way.
            AtomicInteger posts = new AtomicInteger();
            stage.ledger().otherwise(call -> {
                posts.incrementAndGet();
                call.silence();
            });
            Path log = folder.resolve("bridge.log");
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            Map<String, String> jobs = new LinkedHashMap<>();
            List<Stage.MessageMaker> requests = new ArrayList<>();
            for (int i = 0; i < JOBS; i++) {
                jobs.put("job-" + i, "otp-canary-" + i);
                requests.add(Stage.request("job-" + i, "otp-canary-" + i));
            }
            stage.send(requests.toArray(Stage.MessageMaker[]::new));

            for (int kill = 0; kill < KILLS; kill++) {
                int before = posts.get();
                try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                    Awaitility.await().atMost(Stage.PATIENCE).until(() -> posts.get() > before);
                    bridge.kill();
                }
            }
            stage.ledger().otherwise(Call::pairOnce);
            try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                stage.awaitOutcome(jobs.keySet().toArray(String[]::new));
            }

            stage.gather();
            Invariants.check(stage, jobs, MAX_AMBIGUOUS, List.of(log));
            int doubtful = 0;
            for (Map.Entry<String, String> job : jobs.entrySet()) {
                JsonNode outcome = stage.outcomes(job.getKey()).get(0);
                // In doubt are those, and only those, of which every attempt that is allowed died with its process.
                boolean exhausted = !stage.ledger().pairings().containsKey(job.getValue());
                assertThat(outcome.get("outcome").asText())
                        .as(job.getKey())
                        .isEqualTo(exhausted ? "IN_DOUBT" : "PAIRED");
                doubtful += exhausted ? 1 : 0;
            }
            assertThat(doubtful).as("jobs that were in a call at a kill").isLessThanOrEqualTo(KILLS);
        }
    }

    @Test
    void setsAJobAsideThatKillsTheProcessInItsCallAndGoesOnWithTheOthers(@TempDir Path folder) throws Exception {
        poison(folder, "before:call-endpoint", "IN_DOUBT", "in-doubt");
    }

    @Test
    void setsAJobAsideThatKillsTheProcessBeforeItsCall(@TempDir Path folder) throws Exception {
        poison(folder, "before:await-turn", "INVALID", "dead-letters");
    }

    private static void poison(Path folder, String point, String expected, String queue) throws Exception {
        try (Stage stage = new Stage(folder)) {
            stage.set("pairing.requests.max-begun", "3").set("pairing.requests.concurrency", "1");
            Path log = folder.resolve("bridge.log");
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            stage.send(
                    Stage.request("poison", "otp-canary-poison"),
                    Stage.request("other-1", "otp-canary-1"),
                    Stage.request("other-2", "otp-canary-2"));

            int deaths = 0;
            while (stage.outcomes("poison").isEmpty()) {
                assertThat(deaths).as("deaths before the job is set aside").isLessThanOrEqualTo(6);
                try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString(), point, "poison")) {
                    Awaitility.await().atMost(Stage.PATIENCE).until(() -> {
                        stage.gather();
                        return !bridge.alive() || !stage.outcomes("poison").isEmpty();
                    });
                    deaths += bridge.alive() ? 0 : 1;
                    if (!stage.outcomes("poison").isEmpty()) {
                        stage.awaitOutcome("other-1", "other-2");
                    }
                }
            }

            assertThat(deaths).isGreaterThanOrEqualTo(2);
            assertThat(stage.outcomes("poison"))
                    .extracting(e -> e.get("outcome").asText())
                    .containsOnly(expected);
            assertThat(stage.outcomes("other-1").get(0).get("outcome").asText()).isEqualTo("PAIRED");
            assertThat(stage.outcomes("other-2").get(0).get("outcome").asText()).isEqualTo("PAIRED");
            stage.gather();
            assertThat(queue.equals("in-doubt") ? stage.inDoubt() : stage.deadLetters())
                    .extracting(Stage.Received::jobId)
                    .containsExactly("poison");
            assertThat(stage.ledger().posts("otp-canary-poison")).isEmpty();
        }
    }
}
