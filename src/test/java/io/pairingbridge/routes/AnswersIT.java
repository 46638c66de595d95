package io.pairingbridge.routes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each row of the answer table, through the real routes, broker, journal and HTTP client. */
class AnswersIT {
  private static Stage stage;

  @BeforeAll
  static void start(@TempDir Path folder) throws IOException {
    stage = new Stage(folder).set("pairing.intake.close-after", "1000");
    stage.startBridge();
  }

  @AfterAll
  static void stop() throws IOException {
    stage.close();
  }

  @Test
  void pairsAndSealsTheAnswerByteForByte() throws Exception {
    stage.send(Stage.request("plain-200", "otp-plain-200"));

    JsonNode outcome = stage.awaitOutcome("plain-200");

    assertThat(outcome.get("outcome").asText()).isEqualTo("PAIRED");
    Received message = stage.credentials().stream().filter(c -> c.jobId().equals("plain-200")).findFirst().orElseThrow();
    assertThat(new String(stage.opener().open(message.body()), StandardCharsets.UTF_8))
        .isEqualTo(LedgerEndpoint.credentials("otp-plain-200", "Till of 13"));
    assertThat(stage.ledger().posts("otp-plain-200")).hasSize(1);
  }

  @Test
  void refusesAtOnceOn400() throws Exception {
    stage.ledger().when("otp-400", call -> call.status(400));
    stage.send(Stage.request("refused", "otp-400"));

    assertThat(stage.awaitOutcome("refused").get("outcome").asText()).isEqualTo("REJECTED");
    Received letter = stage.deadLetters().stream().filter(d -> d.jobId().equals("refused")).findFirst().orElseThrow();
    assertThat(letter.body()).contains("***").doesNotContain("otp-400");
    assertThat(List.of(letter.text("PairingOutcome"), letter.text("PairingHttpStatus"), letter.text("PairingAttempts")))
        .containsExactly("REJECTED", "400", "1");
    assertThat(stage.ledger().posts("otp-400")).hasSize(1);
  }
}
