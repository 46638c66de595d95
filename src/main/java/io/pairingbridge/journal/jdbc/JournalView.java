package io.pairingbridge.journal.jdbc;

import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.JournalReader.AttemptRecord;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.springframework.dao.DataAccessException;

/**
 * Jobs and batches for another program than the bridge: reads its journal, whether it runs or not, and writes nothing.
 */
public final class JournalView implements AutoCloseable {
    private final Connection connection;
    private final Tables tables;
    private final String name;

    private JournalView(Connection connection, String name) {
        this.connection = connection;
        this.tables = new Tables(connection);
        this.name = name;
    }

    /**
     * @param url {@code jdbc:sqlite:<path>}
     * @throws JournalException if there is no journal that this user may read
     */
    public static JournalView open(String url) {
        Dialect dialect = new SqliteDialect(url);
        try {
            return new JournalView(dialect.openForReading(), dialect.name());
        } catch (SQLException e) {
            throw unreadable(dialect.name(), e);
        }
    }

    public Optional<Entry> job(String jobId) {
        return read(all -> all.jobs().find(jobId));
    }

    /** In the order in which they were made. */
    public List<AttemptRecord> attempts(String jobId) {
        return read(all -> all.attempts().all(jobId));
    }

    /** All batches, the latest first. */
    public List<Progress> batches() {
        return read(all ->
                all.batches().all().stream().map(all.batchRows()::progress).toList());
    }

    /** By its id, or else the latest one that people call so. */
    public Optional<Progress> batch(String idOrName) {
        return read(all -> all.batches().named(idOrName).map(all.batchRows()::progress));
    }

    private <T> T read(Function<Tables, T> query) {
        try {
            return query.apply(tables);
        } catch (DataAccessException e) {
            throw unreadable(name, e);
        }
    }

    private static JournalException unreadable(String name, Exception cause) {
        return new JournalException(
                "the bridge's journal " + name + " can't be read: this command runs on the bridge's machine, as a"
                        + " user that may read its data directory, once the bridge has been started",
                cause);
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            // nothing was written
        }
    }
}
