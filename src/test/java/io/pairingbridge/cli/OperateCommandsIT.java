package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator's commands on a real bridge and the simulator. */
class OperateCommandsIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void showsWhatNeedsAPersonAndReplaysIt(@TempDir Path folder) throws Exception {
    try (RunningBridge running = new RunningBridge(folder, Map.of("pairing.endpoint.deadline", "1s", "pairing.retry.first-delay", "100ms",
        "pairing.retry.max-ambiguous-attempts", "1"))) {
      assertThat(Ran.command("submit", "--job", "refused", "--name", "Till 1", "--otp", "canary-0400", "--reference", "store=7", "--wait=1m").code())
          .isEqualTo(1);
      assertThat(Ran.command("submit", "--job", "doubt", "--name", "Till 2", "--otp", "canary-0599", "--wait=1m").code()).isEqualTo(1);

      Ran dead = Ran.command("dead-letters");
      assertThat(dead.out()).contains("refused", "REJECTED", "Till 1, store 7", "new one-time password").doesNotContain("canary");
      Ran doubt = Ran.command("in-doubt", "--json");
      assertThat(JSON.readTree(doubt.out()).path("letters").get(0).path("jobId").asText()).isEqualTo("doubt");
      assertThat(doubt.all()).doesNotContain("canary");

      Ran without = Ran.command("replay", "--job", "refused");
      assertThat(without.code()).isEqualTo(1);
      assertThat(without.out()).contains("0 sent again", "may be spent");
      Path otp = Files.writeString(folder.resolve("otp"), "canary-fresh\n");
      assertThat(Ran.command("replay", "--job", "refused", "--otp-file", otp.toString(), "--dry-run").out()).contains("1 would be sent again");
      assertThat(Ran.command("replay", "--job", "refused", "--otp-file", otp.toString()).code()).isZero();
      Awaitility.await().until(() -> running.bridge.journal().find("refused").orElseThrow().state().name().equals("PUBLISHED"));
      assertThat(Ran.command("replay", "--job", "refused").err()).contains("no letter of job refused");
      assertThat(Ran.command("replay", "--all").out()).contains("0 sent again");
      assertThat(Ran.command("replay").code()).isEqualTo(2);

      assertThat(Ran.command("in-doubt", "--resolve", "unpaired by hand").code()).isEqualTo(2);
      assertThat(Ran.command("in-doubt", "--job", "doubt", "--resolve", "unpaired by hand").code()).isZero();
      assertThat(JSON.readTree(Ran.command("in-doubt", "--json").out()).path("total").asInt()).isZero();

      JsonNode status = JSON.readTree(Ran.command("status", "--json").out());
      assertThat(status.path("queues").path("pairing.in-doubt").asInt()).isZero();
      assertThat(status.path("last_error").path("kind").asText()).isEqualTo("AMBIGUOUS");
      assertThat(Ran.command("status").out()).contains("MESSAGES IN THE QUEUES", "last call that did not pair");

      Path wrong = Files.writeString(folder.resolve("wrong"), "not the password");
      assertThat(Ran.command("dead-letters", "--password-file", wrong.toString()).err()).contains("does not take the login of operator");
      assertThat(Ran.command("dead-letters", "--url", "http://127.0.0.1:1").err()).contains("no bridge answers");
    }
  }
}
