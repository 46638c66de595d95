package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageTest {
  private final SystemProperties properties = new SystemProperties();

  @AfterEach
  void forget() {
    properties.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "run", "demo", "simulator", "submit", "collect", "status", "check", "keys", "keys new",
      "keys list", "keys show"})
  void everyCommandExplainsItself(String command) {
    Ran ran = Ran.command((command + " --help").strip().split(" "));
    assertThat(ran.code()).isZero();
    assertThat(ran.out()).startsWith(("Usage: pairing-bridge " + command).strip());
    assertThat(ran.err()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nonsense", "submit --nonsense", "submit --name x", "submit --name x --otp 1 --otp-file y",
      "submit --otp 1", "submit --name x --otp 1 --priority 10", "submit --name x --otp 1 --priority high",
      "submit --name x --otp 1 --expires soon", "submit --name x --otp 1 --wait=soon",
      "submit --name x --otp 1 --reference y",
      "submit --name x --otp 1 --job a/b", "submit --name x --otp 1 --batch a/b", "submit --name x --otp-file none",
      "submit --name x --otp 1 --user other", "submit --name x --otp 1 --password a --password-file b",
      "collect", "collect --out x", "collect --out x --key y --no-open", "collect --out x --key y --max -1",
      "collect --out x --key y --timeout 5", "status --job 1", "check now", "keys", "keys new", "keys new --private",
      "keys new --private x --kind DSA", "keys new --private same --public same", "keys list a b", "run now"})
  void aWrongCommandLineIsAnsweredWithTwoAndNothingOnStdout(String command) {
    Ran ran = Ran.command(command.split(" "));
    assertThat(ran.code()).as(ran.all()).isEqualTo(2);
    assertThat(ran.out()).isEmpty();
    assertThat(ran.err()).startsWith("pairing-bridge").contains("--help'");
  }

  @Test
  void anEmptyOneTimePasswordIsAMistake() {
    assertThat(Ran.withInput("\n", "submit", "--name", "x", "--otp", "-").code()).isEqualTo(2);
    assertThat(Ran.withInput("", "submit", "--name", "x", "--otp", "-").code()).isEqualTo(2);
  }

  @Test
  void whatIsTypedInTheWrongPlaceMayBeAPasswordAndIsNotRepeated() {
    Ran ran = Ran.command("submit", "--name", "x", "--top=031337", "031337", "--otp", "031337", "--webhook-url",
        "http://x");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.all()).contains("--top").doesNotContain("031337");
    ran = Ran.command("submit", "--otp", "031337", "031337");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.all()).doesNotContain("031337");
    ran = Ran.command("submit", "--otp", "031337", "--otp", "031337");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.all()).doesNotContain("031337");
    ran = Ran.command("submit", "--otp", "031337", "--reference", "031337=031337");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.all()).doesNotContain("031337");
  }

  @Test
  void aValueThatBeginsWithAnAtSignIsNoFile(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("options"), "1 --help");
    assertThat(Ran.command("submit", "--name", "x", "--otp", "@" + file, "--priority", "10").code()).isEqualTo(2);
  }

  @Test
  void noPasswordIsFoundWithoutABridgeAndTheMessageSaysHowToGiveOne(@TempDir Path folder) {
    properties.with(
        Map.of("pairing.data-directory", folder.toString()));
    Ran ran = Ran.command("submit", "--name", "x", "--otp", "031337");
    assertThat(ran.code()).isEqualTo(1);
    assertThat(ran.err()).contains("erp-requester", "start the bridge once",
        "pairing.broker.users.erp-requester.password");
  }
}
