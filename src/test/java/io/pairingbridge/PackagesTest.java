package io.pairingbridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PackagesTest {
    /** Its {@code package-info.java} says what belongs into it, in a sentence. */
    @Test
    void sayWhatTheyAreFor() throws IOException {
        try (Stream<Path> all = Files.walk(Path.of("src/main/java"))) {
            List<Path> silent = all.filter(Files::isDirectory)
                    .filter(PackagesTest::holdsClasses)
                    .filter(folder -> !saysWhatFor(folder.resolve("package-info.java")))
                    .toList();
            assertThat(silent).isEmpty();
        }
    }

    private static boolean holdsClasses(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.anyMatch(file -> file.toString().endsWith(".java"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean saysWhatFor(Path file) {
        try {
            return Files.exists(file) && Files.readString(file).matches("(?s)/\\*\\*.*\\w.*\\*/\\s.*package .*");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
