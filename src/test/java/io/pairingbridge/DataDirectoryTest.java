package io.pairingbridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.pairingbridge.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
    @TempDir
    private Path folder;

    @Test
    void remembersACrashUntilABridgeHasStartedAgain() throws Exception {
        Files.createFile(folder.resolve("running")); // as a process leaves it that is killed
        try (DataDirectory failedStart = DataDirectory.open(folder, false)) {
            assertThat(failedStart.afterCrash()).isTrue();
        }
        try (DataDirectory start = DataDirectory.open(folder, false)) {
            assertThat(start.afterCrash()).as("after a start that failed").isTrue();
            start.started();
        }
        try (DataDirectory next = DataDirectory.open(folder, false)) {
            assertThat(next.afterCrash()).as("after a run that ended in order").isFalse();
        }
    }

    @Test
    void takesAFailedStartForNoCrash() throws Exception {
        DataDirectory.open(folder, false).close();
        try (DataDirectory next = DataDirectory.open(folder, false)) {
            assertThat(next.afterCrash()).isFalse();
        }
    }

    @Test
    void takesFromOthersWhatTheyCouldReadOrChange() throws Exception {
        Path journal = Files.createDirectories(folder.resolve("broker/journal"));
        Path message = Files.writeString(journal.resolve("activemq-data-1.amq"), "otp");
        Path database = Files.writeString(folder.resolve("journal.db"), "otp");
        Path elsewhere = Files.writeString(Files.createTempFile("not-of-the-bridge", ""), "x");
        Path link = Files.createSymbolicLink(folder.resolve("link"), elsewhere);
        for (Path open : List.of(folder, folder.resolve("broker"), journal)) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));
        }
        for (Path open : List.of(message, database, elsewhere)) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-rw-rw-"));
        }
        DataDirectory.open(folder, true).close();
        for (Path closed : List.of(folder, folder.resolve("broker"), folder.resolve("batches"), journal)) {
            assertThat(mode(closed)).as(closed.toString()).isEqualTo("rwx------");
        }
        for (Path closed : List.of(message, database, folder.resolve("lock"))) {
            assertThat(mode(closed)).as(closed.toString()).isEqualTo("rw-------");
        }
        assertThat(mode(elsewhere)).as("what a link leads to").isEqualTo("rw-rw-rw-");
        Files.delete(link);
        Files.delete(elsewhere);
    }

    @Test
    void refusesAFolderThatItCannotCloseAndSaysWhatToRun() {
        Path theirs = Path.of("/proc/sys"); // nobody may change its mode, not even root
        assumeThat(theirs).exists();
        assertThatThrownBy(() -> DataDirectory.open(theirs, true))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("chmod 700 /proc/sys")
                .hasMessageContaining("pairing.data-directory")
                .hasMessageContaining("root");
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
