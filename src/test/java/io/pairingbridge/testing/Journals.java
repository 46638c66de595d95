package io.pairingbridge.testing;

import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.journal.jdbc.JdbcJournal;
import io.pairingbridge.settings.Settings;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;

/** Journals without a bridge, with limits such as a bridge's own. */
public final class Journals {
    private static final Limits LIMITS = new Limits(
            Duration.ofSeconds(30),
            Duration.ofHours(1),
            3,
            new RetryPolicy(Duration.ofSeconds(2), Duration.ofMinutes(2), 2, 0.2));

    private Journals() {}

    /** @param otpHash null leaves it open which key the journal's hashes are made with */
    public static JdbcJournal open(Settings.JournalStore store, OtpHash otpHash) {
        return JdbcJournal.open(store, LIMITS, new Owner("test", "1"), otpHash, Clock.systemUTC());
    }

    /** In a file of this folder, which is there. */
    public static Settings.JournalStore file(Path folder) {
        return new Settings.JournalStore("jdbc:sqlite:" + folder.resolve("journal.db"), "", "", null, "");
    }
}
