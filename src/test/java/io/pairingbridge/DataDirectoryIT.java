package io.pairingbridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.testing.BridgeSettings;
import io.pairingbridge.testing.Child;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bridge with its own broker and journal, started with the worst umask on a folder that others made readable. */
class DataDirectoryIT {
    private static final Set<PosixFilePermission> OTHERS = EnumSet.complementOf(EnumSet.of(
            PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE, PosixFilePermission.OWNER_EXECUTE));

    @Test
    void letsNobodyElseReadOrChangeWhatItWritesWhateverTheUmask(@TempDir Path folder) throws Exception {
        Path data = Files.createDirectory(folder.resolve("data"));
        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        Map<String, String> environment =
                BridgeSettings.in(folder).set("pairing.seal", "none").environment();
        List<String> command = List.of(
                "sh",
                "-c",
                "umask 000; exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.io.tmpdir=" + temporary,
                "-Dlogback.configurationFile=config/logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                PairingBridge.class.getName(),
                "run");
        try (Child bridge = Child.start(command, folder.resolve("log"), environment)) {
            bridge.awaitLog("takes requests from", 1);
            assertThat(reachable(data)).isEmpty();
            try (Stream<Path> all = Files.list(data)) {
                assertThat(all.filter(DataDirectoryIT::open))
                        .as("with a folder around it that lets others in")
                        .isEmpty();
            }
            assertThat(data.resolve("journal.db-wal")).exists();
            assertThat(reachable(temporary)).as("SQLite's library").isEmpty();
            assertThat(bridge.log()).content().contains("was open to others (rwxr-xr-x)");
            bridge.stop();
        }
        assertThat(reachable(temporary)).isEmpty();
    }

    /** What others can read, change or enter: nothing below a folder that they cannot. */
    private static List<Path> reachable(Path folder) throws IOException {
        List<Path> reachable = new ArrayList<>();
        boolean root = folder.endsWith("tmp");
        if (!root && !open(folder)) {
            return reachable;
        }
        if (!root) {
            reachable.add(folder);
        }
        if (Files.isDirectory(folder)) {
            try (Stream<Path> all = Files.list(folder)) {
                for (Path one : all.toList()) {
                    reachable.addAll(reachable(one));
                }
            }
        }
        return reachable;
    }

    private static boolean open(Path path) {
        try {
            return Files.getPosixFilePermissions(path).stream().anyMatch(OTHERS::contains);
        } catch (IOException e) {
            return false; // it is gone again
        }
    }
}
