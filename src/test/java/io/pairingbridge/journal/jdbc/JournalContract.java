package io.pairingbridge.journal.jdbc;

import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.testing.MovingClock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;

/**
 * What every journal promises, whatever database holds it: one contract for each kind of promise. A database's own test
 * extends this and says how to open it.
 */
abstract class JournalContract
        implements AdmissionContract,
                TimeContract,
                AnswerContract,
                TryContract,
                RefusalContract,
                MissingRequestContract,
                StoreFailureContract,
                LookupContract {
    final MovingClock clock = new MovingClock();
    private final List<Journal> opened = new ArrayList<>();
    private int messages;

    @AfterEach
    void close() {
        opened.forEach(Journal::close);
    }

    @Override
    public MovingClock clock() {
        return clock;
    }

    @Override
    public String nextMessageId() {
        return Integer.toString(++messages);
    }

    @Override
    public JdbcJournal open(Dialect dialect, Limits limits, String instance, String run) {
        JdbcJournal journal = JdbcJournal.open(dialect, limits, new Owner(instance, run), HASH, clock);
        opened.add(journal);
        return journal;
    }
}
