package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.PairingBridge;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class UsageTest {
    private final SystemProperties properties = new SystemProperties();

    @AfterEach
    void forget() {
        properties.close();
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyCommandExplainsItselfWithAnExampleInEightyColumns(String command) {
        Ran ran = Ran.command((command + " --help").strip().split(" "));
        assertThat(ran.code()).isZero();
        assertThat(ran.out()).startsWith(("Usage: pairing-bridge " + command).strip());
        assertThat(ran.out())
                .contains(
                        "Exit code: 0 ",
                        (command.isEmpty() || command.equals("completion") ? "  " : "  pairing-bridge " + command))
                .containsPattern("Examples?:");
        assertThat(ran.out().lines()).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
        assertThat(ran.err()).isEmpty();
    }

    static Stream<String> all() {
        return names(PairingBridge.commands(), "").stream();
    }

    private static List<String> names(CommandLine command, String path) {
        List<String> names = new ArrayList<>(List.of(path));
        command.getSubcommands().forEach((name, below) -> names.addAll(names(below, (path + " " + name).strip())));
        return names;
    }

    @Test
    void aCommandIsFoundByTheNameThatItHas() {
        assertThat(PairingBridge.commands().getSubcommands())
                .hasSizeGreaterThan(14)
                .allSatisfy((name, command) -> assertThat(command.getCommand()
                                .getClass()
                                .getAnnotation(CommandLine.Command.class)
                                .name())
                        .isEqualTo(name));
    }

    @Test
    void anExampleInAHelpTextIsACommandLineThatIsUnderstood() {
        int examples = 0;
        for (String command : names(PairingBridge.commands(), "")) {
            for (String line : Ran.command((command + " --help").strip().split(" "))
                    .out()
                    .lines()
                    .toList()) {
                if (line.startsWith("  pairing-bridge ")) {
                    String[] arguments = line.strip()
                            .substring("pairing-bridge ".length())
                            .replaceFirst(" *(\\||>>).*", "")
                            .replaceAll("'[^']*'", "x")
                            .split(" ");
                    PairingBridge.commands().parseArgs(arguments);
                    examples++;
                }
            }
        }
        assertThat(examples).isGreaterThan(30);
    }

    @ParameterizedTest
    @CsvSource({
        "statsu, pairing-bridge status",
        "sttus, pairing-bridge status",
        "keys nwe, pairing-bridge keys new",
        "batch, pairing-bridge batches",
        "intake clsoe, pairing-bridge intake close"
    })
    void aMistypedNameIsAnsweredWithWhatWasMeantPerhaps(String typed, String meant) {
        Ran ran = Ran.command(typed.split(" "));
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("Did you mean '" + meant + "'?").doesNotContain("no option");
    }

    @Test
    void aMistypedOptionIsAnsweredWithThoseThatLookLikeIt() {
        assertThat(Ran.command("status", "--wacht").err()).contains("unknown option --wacht", "--watch");
    }

    @Test
    void whatIsWrongWithACommandLineIsJsonWhereJsonWasAskedFor() throws IOException {
        for (String form : List.of("--json", "-o json", "-ojson", "--output=json", "-o JSON")) {
            Ran ran = Ran.command(("submit --name x " + form).split(" "));
            assertThat(ran.code()).isEqualTo(2);
            assertThat(ran.out()).isEmpty();
            JsonNode error = new ObjectMapper().readTree(ran.err()).path("error");
            assertThat(error.path("command").asText()).isEqualTo("pairing-bridge submit");
            assertThat(error.path("message").asText()).contains("give the one-time password");
            assertThat(error.path("exit_code").asInt()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "submit --priority high --name x --otp 1",
                "submit --wait=soon --name x --otp 1",
                "status -o xml",
                "keys new --private",
                "status --watch=x",
                "batches --watch",
                "outcomes --count many",
                "job",
                "completion tcsh"
            })
    void noMessageSaysAWordTwice(String command) {
        Ran ran = Ran.command(command.split(" "));
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).doesNotContain("option option").doesNotContainPattern("(?i)\\b(\\w+) \\1\\b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense",
                "submit --nonsense",
                "submit --name x",
                "submit --name x --otp 1 --otp-file y",
                "submit --otp 1",
                "submit --name x --otp 1 --priority 10",
                "submit --name x --otp 1 --priority high",
                "submit --name x --otp 1 --expires soon",
                "submit --name x --otp 1 --wait=soon",
                "submit --name x --otp 1 --reference y",
                "submit --name x --otp 1 --job a/b",
                "submit --name x --otp 1 --batch a/b",
                "submit --name x --otp-file none",
                "submit --name x --otp 1 --user other",
                "submit --name x --otp 1 --password a --password-file b",
                "collect",
                "collect --out x",
                "collect --out x --key y --no-open",
                "collect --out x --key y --max -1",
                "collect --out x --key y --timeout 5",
                "status --job 1",
                "check now",
                "keys",
                "keys new",
                "keys new --private",
                "keys new --private x --kind DSA",
                "keys new --private same --public same",
                "keys list a b",
                "run now",
                "job",
                "job a b",
                "status -o xml",
                "intake",
                "intake shut",
                "outcomes --count 0",
                "completion",
                "completion tcsh",
                "submit --file .",
                "replay --all --wait",
                "replay --job a --wait --dry-run",
                "replay --job a --wait=soon",
                "replay --all --name x",
                "replay --job a --batch b",
                "submit --file pom.xml --priority 9",
                "submit --file pom.xml --dry-run --wait"
            })
    void aWrongCommandLineIsAnsweredWithTwoAndNothingOnStdout(String command) {
        Ran ran = Ran.command(command.split(" "));
        assertThat(ran.code()).as(ran.all()).isEqualTo(2);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).startsWith("pairing-bridge").contains("--help'");
    }

    @Test
    void anEmptyOneTimePasswordIsAMistake() {
        assertThat(Ran.withInput("\n", "submit", "--name", "x", "--otp", "-").code())
                .isEqualTo(2);
        Ran closed = Ran.withInput("", "submit", "--name", "x", "--otp", "-");
        assertThat(closed.code()).isEqualTo(2);
        assertThat(closed.err()).contains("standard input is closed or empty");
        Ran login = Ran.withInput("", "submit", "--name", "x", "--otp", "1", "--password");
        assertThat(login.code()).isEqualTo(2);
        assertThat(login.err()).contains("--password is empty");
    }

    @Test
    void whatIsTypedInTheWrongPlaceMayBeAPasswordAndIsNotRepeated() {
        Ran ran = Ran.command(
                "submit", "--name", "x", "--top=031337", "031337", "--otp", "031337", "--webhook-url", "http://x");
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
        assertThat(Ran.command("submit", "--name", "x", "--otp", "@" + file, "--priority", "10")
                        .code())
                .isEqualTo(2);
    }

    @Test
    void noPasswordIsFoundWithoutABridgeAndTheMessageSaysHowToGiveOne(@TempDir Path folder) {
        properties.with(Map.of("pairing.data-directory", folder.toString()));
        Ran ran = Ran.command("submit", "--name", "x", "--otp", "031337");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err())
                .contains("erp-requester", "start the bridge once", "pairing.broker.users.erp-requester.password");
    }
}
