package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pairingbridge.PairingBridge;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the build puts into share/, read by the programs that read it. */
class SharedFilesTest {
    @TempDir
    private static Path share;

    @BeforeAll
    static void write() throws IOException {
        SharedFiles.main(new String[] {share.toString()});
    }

    @ParameterizedTest
    @CsvSource({
        "'stat', status",
        "'keys n', new",
        "'submit --otp-', --otp-file",
        "'batches -o w', wide",
        "'intake c', close",
        "'completion z', zsh"
    })
    void bashCompletes(String typed, String wanted) throws Exception {
        List<String> words = Stream.concat(Stream.of("pairing-bridge"), Stream.of(typed.split(" ")))
                .toList();
        String script = "source '" + share.resolve("bash-completion/completions/pairing-bridge") + "'\n"
                + "COMP_WORDS=(" + String.join(" ", words) + "); COMP_CWORD=" + (words.size() - 1) + "; COMP_LINE='"
                + String.join(" ", words)
                + "'; COMP_POINT=${#COMP_LINE}\n"
                + "complete -p pairing-bridge | sed 's/.*-F \\([^ ]*\\).*/\\1/' > '" + share + "/function'; $(cat '"
                + share + "/function') pairing-bridge '"
                + words.get(words.size() - 1) + "' x 2>/dev/null\nprintf '%s\\n' \"${COMPREPLY[@]}\"";
        assertThat(output("bash", "-c", script).lines().map(String::strip)).contains(wanted);
    }

    @Test
    void zshAndFishUnderstandTheirs() throws Exception {
        boolean any = false;
        for (String[] shell : new String[][] {
            {"zsh", "zsh/site-functions/_pairing-bridge"}, {"fish", "fish/vendor_completions.d/pairing-bridge.fish"}
        }) {
            Path script = share.resolve(shell[1]);
            assertThat(Files.readString(script)).contains("status", "otp-file", "in-doubt", "outcomes");
            if (installed(shell[0])) {
                any = true;
                assertThat(output(shell[0], "-n", script.toString())).isEmpty();
            }
        }
        assumeTrue(any, "neither zsh nor fish is installed");
    }

    @Test
    void thereIsAManualPageForEachCommandWithExamplesAndExitCodes() throws Exception {
        List<Path> pages;
        try (Stream<Path> files = Files.list(share.resolve("man/man1"))) {
            pages = files.sorted().toList();
        }
        assertThat(pages)
                .extracting(page -> page.getFileName().toString())
                .contains(
                        "pairing-bridge.1",
                        "pairing-bridge-status.1",
                        "pairing-bridge-keys-new.1",
                        "pairing-bridge-intake-close.1")
                .hasSize(count(PairingBridge.commands()));
        assumeTrue(installed("groff"), "groff is not installed");
        for (Path page : pages) {
            String shown = output("groff", "-man", "-Tutf8", "-ww", "-P-c", "-P-b", "-P-u", page.toString());
            assertThat(shown)
                    .as(page.toString())
                    .contains("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS", "SEE ALSO")
                    .doesNotContain("warning:")
                    .doesNotContain("${");
        }
        assertThat(output(
                        "groff",
                        "-man",
                        "-Tutf8",
                        "-P-c",
                        "-P-b",
                        "-P-u",
                        share.resolve("man/man1/pairing-bridge-submit.1").toString()))
                .contains("pairing-bridge submit --file estate.csv --dry-run", "--otp-file", "-o, --output FORMAT")
                .contains("3 ended otherwise");
    }

    private static int count(picocli.CommandLine command) {
        return 1
                + command.getSubcommands().values().stream()
                        .mapToInt(SharedFilesTest::count)
                        .sum();
    }

    private static boolean installed(String program) throws Exception {
        return new ProcessBuilder("sh", "-c", "command -v " + program)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
    }

    private static String output(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }
}
