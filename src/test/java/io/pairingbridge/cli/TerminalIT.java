package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Launcher;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands as a shell starts them: on a terminal of its own (script, util-linux), in pipes, and with streams that
 * take nothing.
 */
class TerminalIT {
    private static final String LONG_ID = "a-till-whose-id-is-as-long-as-ids-may-be-" + "0123456789".repeat(8);
    private static final String REFUSED = "till-refused";

    @TempDir
    private static Path folder;

    private static RunningBridge running;
    private static Path launcher;
    private static final Map<String, String> environment = new TreeMap<>();

    /** What a shell's line came to. */
    private record Came(int code, String out, String err) {
        String all() {
            return out + err;
        }
    }

    @BeforeAll
    static void start() throws IOException {
        running = new RunningBridge(
                folder,
                Map.of(
                        "pairing.endpoint.deadline",
                        "2s",
                        "pairing.retry.first-delay",
                        "100ms",
                        "pairing.retry.max-ambiguous-attempts",
                        "1"));
        environment.putAll(running.settings.environment());
        launcher = Launcher.home(folder.resolve("home"));
        // Names as wide as two columns a character, and longer than any line.
        assertThat(Ran.command(
                                "submit",
                                "--job",
                                LONG_ID,
                                "--name",
                                "\u6771\u4eac\u99c5\u524d\u306e\u5e97 ".repeat(12),
                                "--otp",
                                "canary-0599",
                                "--wait",
                                "--batch",
                                "north",
                                "--reference",
                                "store=" + "x".repeat(150))
                        .code())
                .isEqualTo(3);
        assertThat(Ran.command("submit", "--job", REFUSED, "--name", "Till", "--otp", "canary-0400", "--wait")
                        .code())
                .isEqualTo(3);
        assertThat(Ran.command("submit", "--job", "till-paired", "--name", "Till", "--otp", "canary-1", "--wait")
                        .code())
                .isZero();
        Path file = Files.writeString(
                folder.resolve("a-batch-with-a-rather-long-name-for-a-screen-of-eighty.csv"),
                "name,otp\nA,c-1\nB,c-0400\nC,c-0599\nD,\n");
        assertThat(Ran.command("submit", "--file", file.toString(), "--wait=1m").code())
                .isEqualTo(3);
    }

    @AfterAll
    static void stop() {
        running.close();
    }

    @Test
    void noLineIsLongerThanTheTerminalIsWideAndStatusFitsOnIt() throws Exception {
        String[] commands = {
            "status",
            "batches",
            "dead-letters --detail",
            "in-doubt --detail",
            "job " + LONG_ID,
            "job till-paired",
            "outcomes",
            "keys show",
            "check",
            "submit --name T --otp canary-0400 --wait",
            "replay --all --dry-run",
            "intake open",
            "replay --job none",
            "statsu"
        };
        for (int columns : new int[] {80, 50}) {
            for (String command : columns == 80 ? List.of(commands) : List.of("status", "in-doubt --detail")) {
                String shown = terminal(columns, "", command).replaceAll("\033\\[\\d*m", "");
                assertThat(shown).as(command).isNotBlank();
                assertThat(shown.lines())
                        .as(command)
                        .allSatisfy(
                                line -> assertThat(Screen.width(line)).as(line).isLessThanOrEqualTo(columns));
                if (command.equals("status")) {
                    assertThat(shown)
                            .startsWith("intake    open since ")
                            .contains("in doubt", "in-doubt'", "/console/", "environment simulator");
                    assertThat(shown.lines().count()).isLessThan(24);
                }
                if (command.startsWith("job a-till")) {
                    assertThat(shown.replaceAll("[\\s]", "")).contains(LONG_ID, "theendpointanswered500", "IN_DOUBT");
                }
            }
        }
    }

    @Test
    void hasColoursOnATerminalUnlessSomebodyWantsNone() throws Exception {
        assertThat(terminal(80, "", "status")).contains("\033[32mopen since");
        assertThat(terminal(80, "NO_COLOR=1 ", "status")).contains("open since").doesNotContain("\033");
        assertThat(terminal(80, "TERM=dumb ", "status")).contains("open since").doesNotContain("\033");
        assertThat(shell("LAUNCHER status").out()).contains("open since").doesNotContain("\033");
    }

    @Test
    void theBarOfABatchIsNoWiderThanTheTerminal() throws Exception {
        Path file = Files.writeString(
                folder.resolve("another-batch-with-a-rather-long-name-for-a-screen-of-eighty.csv"),
                "name,otp\nA,d-1\nB,d-0503\n");
        String shown = terminal(80, "", "submit --file " + file + " --wait");
        assertThat(shown).contains("2/2", "100%");
        assertThat(shown.split("[\r\n]+"))
                .allSatisfy(line -> assertThat(Screen.width(line)).as(line).isLessThanOrEqualTo(80));
    }

    @Test
    void aResultThatCannotBeWrittenIsAnError() throws Exception {
        for (String command : List.of(
                "--version",
                "--help",
                "status",
                "status -o json",
                "batches",
                "job " + REFUSED,
                "dead-letters",
                "in-doubt -o json",
                "outcomes",
                "keys show",
                "completion bash",
                "check",
                "submit --name T --otp canary-full2 --wait --json",
                "collect --json --max 1 --key " + running.privateKey + " --out " + folder.resolve("full"),
                "replay --all --dry-run")) {
            Came came = shell("LAUNCHER " + command + " > /dev/full");
            assertThat(came.code()).as(command + ": " + came.err()).isEqualTo(1);
            assertThat(came.err()).as(command).contains("could not be ", "standard output");
        }
        Came closed = shell("LAUNCHER batches >&-");
        assertThat(closed.code()).isEqualTo(1);
        assertThat(closed.err()).contains("standard output is closed");
    }

    @Test
    void whatCouldNotBePrintedIsNotTaken() throws Exception {
        long before = events();
        assertThat(before).isGreaterThan(3);
        assertThat(shell("LAUNCHER outcomes --take > /dev/full").code()).isEqualTo(1);
        assertThat(events()).isEqualTo(before);
        assertThat(shell("LAUNCHER outcomes --take --json --job " + REFUSED)
                        .out()
                        .lines())
                .hasSize(1);
        assertThat(events()).isEqualTo(before - 1);
    }

    private static long events() throws Exception {
        Came came = shell("LAUNCHER outcomes -o json --count 1000");
        assertThat(came.code()).as(came.err()).isZero();
        return came.out().lines().filter(line -> line.startsWith("{")).count();
    }

    @Test
    void whoHasSeenEnoughEndsTheCommandQuietly() throws Exception {
        for (String command : List.of("status --watch", "status --watch --json", "dead-letters", "--help")) {
            Came came = shell("LAUNCHER " + command + " | head -1");
            assertThat(came.out().lines()).as(command).hasSize(1);
            assertThat(came.err()).as(command).doesNotContain("written", "Broken", "Exception");
        }
    }

    @Test
    void anInputThatIsClosedIsNoPassword() throws Exception {
        for (String command : List.of(
                "submit --name T --otp - <&-",
                "submit --name T --otp - </dev/null",
                "replay --job " + REFUSED + " --otp-file - <&-",
                "submit --name T --otp canary-p --password <&-")) {
            Came came = shell("LAUNCHER " + command);
            assertThat(came.code()).as(command + ": " + came.err()).isEqualTo(2);
            assertThat(came.err()).as(command).contains("standard input");
            assertThat(came.out()).as(command).isEqualTo(command.contains("--password") ? "Password: " : "");
        }
    }

    @Test
    void aFailureIsJsonWhereJsonWasAskedFor() throws Exception {
        Came came = shell("LAUNCHER job nobody --json");
        assertThat(came.code()).isEqualTo(1);
        assertThat(came.out()).isEmpty();
        JsonNode error = new ObjectMapper().readTree(came.err()).path("error");
        assertThat(error.path("message").asText()).contains("no job nobody", "data directory");
        assertThat(error.path("exit_code").asInt()).isEqualTo(1);
    }

    /**
     * A command's time is what it loads: these are there in about the time that --help takes, as long as they need none
     * of this.
     */
    @Test
    void statusAndBatchesLoadNothingOfABrokerOrABridge() throws Exception {
        Path loaded = folder.resolve("loaded");
        for (String command : List.of("status", "batches", "job " + REFUSED, "dead-letters", "intake open")) {
            Came came = shell("JAVA_OPTS='-Xlog:class+load:file=" + loaded + "' LAUNCHER " + command);
            assertThat(came.code()).as(came.err()).isZero();
            assertThat(Files.readString(loaded))
                    .as(command)
                    .contains("io.pairingbridge.cli.ManagementClient ")
                    .doesNotContain(
                            " org.apache.camel.",
                            " org.apache.activemq.",
                            " io.vertx.",
                            " io.netty.",
                            " org.springframework.",
                            " org.sqlite.",
                            " ch.qos.logback.",
                            " java.net.http.",
                            " org.jolokia.");
        }
    }

    /** Another bridge than the one that is meant answers: its profile was forgotten. */
    @Test
    void saysWhichProfileABridgeRunsWithWhereItWasForgotten(@TempDir Path other) throws Exception {
        Path command = Launcher.home(other.resolve("home"));
        Files.delete(other.resolve("home/config"));
        Files.createDirectories(other.resolve("home/config"));
        for (String file : List.of(
                "application.properties", "application-simulator.properties", "logback.xml", "jolokia-access.xml")) {
            Files.copy(Path.of("config", file), other.resolve("home/config").resolve(file));
        }
        Files.createSymbolicLink(
                other.resolve("home/config/schema"), Path.of("config/schema").toAbsolutePath());
        KeyPairs.writePublic(KeyPairs.generate(KeyKind.P256, "other"), other.resolve("recipients.jwks"));
        Map<String, String> settings = Map.of(
                "PAIRING_MANAGEMENT_PORT",
                Integer.toString(Stage.freePort()),
                "PAIRING_BROKER_EMBEDDED_PORT",
                Integer.toString(Stage.freePort()),
                "PAIRING_SEAL_RECIPIENT_KEYS",
                other.resolve("recipients.jwks").toString());
        Path log = other.resolve("log");
        try (Child bridge = Child.start(List.of(command.toString(), "run", "--profile", "simulator"), log, settings)) {
            bridge.awaitLog("takes requests from", 1);
            for (String asked : List.of("batches", "dead-letters", "job x", "outcomes", "submit --name x --otp 1")) {
                Came came = run(command + " " + asked, settings);
                assertThat(came.code()).as(asked + came.all()).isEqualTo(1);
                assertThat(came.err())
                        .as(asked)
                        .contains(
                                "without a profile",
                                other.resolve("home/data").toString(),
                                "with --profile simulator",
                                other.resolve("home/data/simulator").toString());
            }
            Came right = run(command + " batches --profile simulator", settings);
            assertThat(right.code()).as(right.err()).isZero();
            assertThat(right.err()).contains("environment simulator", "No batches.");
            bridge.stop();
            Came stopped = run(command + " batches --profile simulator", settings);
            assertThat(stopped.code()).as(stopped.err()).isZero();
            assertThat(stopped.err()).contains("From the journal", "journal.db", "no bridge answers");
        }
    }

    // -------------------------------------------------------------------------------------------------------------------

    /** What stands on a terminal of so many columns at the end. */
    private static String terminal(int columns, String before, String command) throws Exception {
        Came came = shell("script -qec \"stty cols " + columns + " rows 24; TERM=xterm " + before + "LAUNCHER "
                + command + "\" /dev/null </dev/null");
        return came.out().replace("\r\n", "\n");
    }

    private static Came shell(String script) throws Exception {
        return run(script.replace("LAUNCHER", launcher.toString()), environment);
    }

    private static Came run(String script, Map<String, String> more) throws Exception {
        Path out = Files.createTempFile(folder, "shell", ".out");
        Path err = Files.createTempFile(folder, "shell", ".err");
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", script)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        List.of("NO_COLOR", "COLUMNS", "LC_ALL", "PAIRING_PROFILE").forEach(builder.environment()::remove);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        builder.environment().putAll(more);
        Process process = builder.start();
        process.getOutputStream().close();
        if (!process.waitFor(Stage.PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
            throw new AssertionError("does not end: " + script + "\n" + Files.readString(err));
        }
        return new Came(
                process.exitValue(),
                Files.readString(out),
                new String(Files.readAllBytes(err), StandardCharsets.UTF_8));
    }
}
