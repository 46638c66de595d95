package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.Invariants;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqliteJournalTest extends JournalContract {
    @TempDir
    private Path folder;

    @Override
    public Dialect dialect() {
        return new SqliteDialect("jdbc:sqlite:" + folder.resolve("journal.db"));
    }

    @Test
    void refusesADatabaseThatItDoesNotKnow() {
        assertThatThrownBy(() -> JdbcJournal.open(
                        new Settings.JournalStore("jdbc:h2:mem:journal", "", "", null, ""),
                        null,
                        null,
                        null,
                        Clock.systemUTC()))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("pairing.journal.url is jdbc:h2:mem:journal");
    }

    @Test
    void saysWhatToDoIfItsFileCannotBeMade() throws IOException {
        Path notAFolder = Files.writeString(folder.resolve("file"), "");
        String url = "jdbc:sqlite:" + notAFolder.resolve("journal.db");
        assertThatThrownBy(() -> JdbcJournal.open(
                        new Settings.JournalStore(url, "", "", null, ""), null, null, null, Clock.systemUTC()))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("cannot create the directory " + notAFolder)
                .hasMessageContaining("check that its directory exists");
    }

    /** The log of a process that ended after a failed sync may be in the kernel's memory only; the database is not. */
    @Test
    void writesBackWhatTheLogShowsBeforeItTrustsIt(@TempDir Path left, @TempDir Path durable) throws Exception {
        open("a", "1").admit(job("j", "otp"));
        for (String file : List.of("journal.db", "journal.db-wal")) {
            Files.copy(folder.resolve(file), left.resolve(file));
        }
        try (Connection opened = new SqliteDialect("jdbc:sqlite:" + left.resolve("journal.db")).openForWriting()) {
            Files.copy(left.resolve("journal.db"), durable.resolve("journal.db"));
        }
        try (Connection kept = DriverManager.getConnection("jdbc:sqlite:" + durable.resolve("journal.db"))) {
            assertThat(Invariants.row(kept, "j")).containsExactly("CALLING attempts 0 ambiguous 0");
        }
    }

    /** For the speed of a large batch it is written seldom; but a log that only grew would fill the disk. */
    @Test
    void writesTheLogIntoTheDatabaseBeforeItIsMuchLongerThan64Megabytes() throws IOException {
        Path log = folder.resolve("journal.db-wal");
        Batches batches = open("a", "1").batches();
        batches.begin("large", "document");
        takeMegabytes(batches, 0, 40);
        assertThat(Files.size(log)).isGreaterThan(40_000_000);
        takeMegabytes(batches, 40, 100);
        assertThat(Files.size(log)).isBetween(64_000_000L, 80_000_000L);
    }

    private static void takeMegabytes(Batches batches, int from, int to) {
        Map<String, String> fields = Map.of("note", "x".repeat(10_000));
        for (int megabyte = from; megabyte < to; megabyte++) {
            int first = megabyte * 100;
            batches.take(
                    "large",
                    IntStream.range(first, first + 100)
                            .mapToObj(i -> new Batches.NewRow(i, i, "job-" + i, "hash-" + i, fields, null))
                            .toList(),
                    0);
        }
    }
}
