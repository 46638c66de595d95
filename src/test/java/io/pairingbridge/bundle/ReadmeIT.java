package io.pairingbridge.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Stage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands of the README and of the page on batches, taken out of them and typed as they stand there: without a
 * terminal first, then the whole estate.
 */
class ReadmeIT {
    /** What is only for this machine: ports that nobody else uses. */
    private final Map<String, String> environment = new HashMap<>();

    @Test
    void itsCommandsDoWhatItSays(@TempDir Path folder) throws Exception {
        environment.put("PAIRING_BROKER_EMBEDDED_PORT", Integer.toString(Stage.freePort()));
        environment.put("PAIRING_MANAGEMENT_PORT", Integer.toString(Stage.freePort()));
        Path home = BundleIT.unpack(folder);
        String readme = Files.readString(home.resolve("README.md"));
        String batches = Files.readString(home.resolve("docs/integrate/batches.md"));
        Matcher keys = Pattern.compile("`(bin/pairing-bridge keys new [^`]*)`").matcher(readme);
        assertThat(keys.find()).as("how keys are made").isTrue();
        assertThat(run(home, keys.group(1) + "\ncp recipients.jwks config/keys/recipients.jwks"))
                .contains("private.jwk");

        List<String> trial = block(readme, "bin/pairing-bridge simulator");
        List<String> windows = trial.stream()
                .filter(line -> line.matches(".*# in (one window|another).*"))
                .toList();
        assertThat(windows).as("what goes on in windows of its own").hasSize(2);
        try (Child simulator = start(home, windows.get(0), folder.resolve("simulator.log"));
                Child bridge = start(home, windows.get(1), folder.resolve("bridge.log"))) {
            simulator.awaitLog("/v1/pay-connect/pair/", 1);
            bridge.awaitLog("takes requests from", 1);
            String commands =
                    trial.stream().filter(line -> !windows.contains(line)).collect(Collectors.joining("\n"));

            assertThat(run(home, commands)).contains("PAIRED").contains("till-3");

            try (var files = Files.list(home.resolve("credentials"))) {
                assertThat(files.map(file -> file.getFileName().toString()))
                        .contains("Till-3.till-3.json", "Till-3.till-3.about.json");
            }
            Files.writeString(
                    home.resolve("estate.csv"),
                    "name,otp,Store\nTill 1,731001,0815\nTill 2,731002,0815\nTill 3,731003,0816\n");
            String estate = "export PAIRING_PROFILE=simulator\n"
                    + String.join("\n", block(batches, "bin/pairing-bridge submit --file"));
            assertThat(run(home, estate)).contains("estate").contains("FINISHED");
            try (var files = Files.list(home.resolve("credentials"))) {
                assertThat(files.filter(file -> file.toString().endsWith(".about.json")))
                        .hasSize(4);
            }
        }
    }

    /** The lines between the fences around the one that begins so. */
    private static List<String> block(String document, String first) {
        Matcher block = Pattern.compile("(?s)```\\n(" + Pattern.quote(first) + ".*?)```")
                .matcher(document);
        assertThat(block.find()).as("a block that begins with %s", first).isTrue();
        return block.group(1).lines().toList();
    }

    private Child start(Path home, String line, Path log) throws Exception {
        return Child.start(List.of("bash", "-c", "cd '" + home + "' && exec " + line), log, environment);
    }

    /** Ends with an error if one of the commands does; returns what they printed. */
    private String run(Path home, String commands) throws Exception {
        ProcessBuilder shell = new ProcessBuilder("bash", "-euo", "pipefail", "-c", commands)
                .directory(home.toFile())
                .redirectErrorStream(true);
        shell.environment().putAll(environment);
        Process process = shell.start();
        process.getOutputStream().close();
        String printed = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as("%s%n%s", commands, printed).isZero();
        return printed;
    }
}
