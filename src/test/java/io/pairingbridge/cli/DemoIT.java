package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoIT {
    @Test
    void showsEveryEndingAndLeavesTheInboxOfTheBundleAlone(@TempDir Path home, @TempDir Path inbox) throws IOException {
        for (String part : List.of("config", "routes", "docker")) {
            copy(Path.of(part), home.resolve(part));
        }
        Path settings = home.resolve("config/application.properties");
        Files.writeString(
                settings,
                Files.readString(settings)
                        .replaceFirst("(?m)^pairing\\.batch\\.inbox=$", "pairing.batch.inbox=" + inbox));
        assertThat(Files.readString(settings)).contains("pairing.batch.inbox=" + inbox);
        Path estate = Files.writeString(inbox.resolve("estate.csv"), "name,otp\nTill,otp-of-a-real-terminal\n");
        Files.createFile(inbox.resolve("estate.csv.done"));
        String before = System.getProperty("pairing.home");
        System.setProperty("pairing.home", home.toString());
        try {
            Ran ran = Ran.command("demo");

            assertThat(ran.code()).as(ran.all()).isZero();
            assertThat(ran.out())
                    .contains("PAIRED", "REJECTED", "IN_DOUBT", "INVALID", "EXPIRED", "MISCONFIGURED", "each sealed");
            assertThat(Files.exists(estate)).as("the file in the inbox").isTrue();
            assertThat(inbox.toFile().list()).hasSize(2);
        } finally {
            if (before == null) {
                System.clearProperty("pairing.home");
            } else {
                System.setProperty("pairing.home", before);
            }
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            all.forEach(file -> {
                try {
                    Files.copy(file, to.resolve(from.relativize(file).toString()));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
