package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.batch.BatchCompletion;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Stage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A process dies between the end of a job that had ended before and each step of the report that this makes untrue. */
@Tag("heavy")
class BatchRevisionKillIT {
    private static final List<String> POINTS =
            List.of("before:write-report", "after:write-report", "after:send-batch-event");

    @Test
    void reportsAnewWhoeverDiesBetweenTheJobsEndAndTheReport(@TempDir Path folder) throws Exception {
        try (Stage stage = new Stage(folder)) {
            Path inbox = Files.createDirectories(folder.resolve("inbox"));
            stage.set("pairing.batch.inbox", inbox.toString());
            stage.ledger().when("otp-canary-refused", call -> call.status(400));
            Path log = folder.resolve("bridge.log");
            Path settings = folder.resolve("child.properties");
            CrashingBridge.writeSettings(stage.settingTexts(), settings);
            Files.writeString(inbox.resolve("estate.csv"), "name,otp,job_id\nTill,otp-canary-refused,j-1\n");
            Files.createFile(inbox.resolve("estate.csv.done"));
            Path report = inbox.resolve("done/estate.report.csv");
            try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                Awaitility.await().atMost(Stage.PATIENCE).until(() -> Files.exists(inbox.resolve("done/estate.csv")));
                assertThat(Files.readString(report)).contains("REJECTED");
                bridge.kill();
            }
            stage.send(Stage.request("j-1", "otp-canary-new"));

            for (String point : POINTS) {
                try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString(), point, "#1")) {
                    assertThat(bridge.awaitEnd()).as("died " + point).isEqualTo(CrashingBridge.KILLED);
                }
            }
            try (Child bridge = Child.java(CrashingBridge.class, log, settings.toString())) {
                Awaitility.await()
                        .atMost(Stage.PATIENCE)
                        .untilAsserted(() ->
                                assertThat(Files.readString(log)).contains("Batch estate is finished, revision 2"));
                assertThat(Files.readString(report)).contains("PAIRED").doesNotContain("REJECTED");
                assertThat(Files.readString(inbox.resolve("done/estate.report.html")))
                        .contains("Nothing needs a person");
                stage.gather();
                bridge.kill();
            }

            List<JsonNode> events = stage.events().stream()
                    .map(event -> Stage.json(event.body()))
                    .filter(event -> event.path("type").asText().equals(BatchCompletion.TYPE))
                    .toList();
            assertThat(events)
                    .extracting(event -> event.path("data").path("revision").asInt())
                    .as("the second one was told twice")
                    .containsExactly(1, 2, 2);
            assertThat(events.get(1).path("id"))
                    .isEqualTo(events.get(2).path("id"))
                    .isNotEqualTo(events.get(0).path("id"));
            assertThat(events.get(2).path("data").path("outcomes").toString()).isEqualTo("{\"PAIRED\":1}");
            assertThat(stage.ledger().posts("otp-canary-new")).hasSize(1);
        }
    }
}
