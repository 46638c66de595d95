package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.Stage;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stopping and starting in order: what waits and what was sent is on disk. */
class RestartIT {
    @Test
    void keepsWhatWaitsAndWhatWasSentThroughARestartOfBoth(@TempDir Path folder) throws Exception {
        try (Stage stage = new Stage(folder)) {
            stage.set("pairing.retry.first-delay", "3s").set("pairing.retry.max-delay", "3s");
            stage.ledger().when("otp-waits", call -> {
                if (call.number() == 1) {
                    call.status(503);
                } else {
                    call.pairOnce();
                }
            });
            stage.ledger().when("otp-refused", call -> call.status(400));
            stage.startBridge();
            stage.send(
                    Stage.request("waits", "otp-waits"),
                    Stage.request("paired", "otp-paired"),
                    Stage.request("refused", "otp-refused"));
            Awaitility.await()
                    .atMost(Stage.PATIENCE)
                    .until(() -> stage.bridge().journal().reader().counts().values().stream()
                                            .mapToLong(Long::longValue)
                                            .sum()
                                    == 3
                            && stage.bridge()
                                            .journal()
                                            .find("waits")
                                            .orElseThrow()
                                            .dueAt()
                                    != null
                            && stage.bridge()
                                    .journal()
                                    .find("paired")
                                    .orElseThrow()
                                    .state()
                                    .ended()
                            && stage.bridge()
                                    .journal()
                                    .find("refused")
                                    .orElseThrow()
                                    .state()
                                    .ended());

            stage.stopBridge();
            stage.stopBroker();
            stage.restartBroker();
            stage.startBridge();

            assertThat(stage.awaitOutcome("waits", "paired", "refused")
                            .get("outcome")
                            .asText())
                    .isEqualTo("PAIRED");
            stage.gather();
            assertThat(stage.credentials())
                    .extracting(Stage.Received::jobId)
                    .containsExactlyInAnyOrder("waits", "paired");
            assertThat(stage.deadLetters()).extracting(Stage.Received::jobId).containsExactly("refused");
            assertThat(stage.events()).hasSize(3);
            assertThat(stage.ledger().posts("otp-waits")).hasSize(2);
            Invariants.check(
                    stage,
                    Map.of("waits", "otp-waits", "paired", "otp-paired", "refused", "otp-refused"),
                    3,
                    List.of());
        }
    }
}
