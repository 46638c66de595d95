package io.pairingbridge.journal.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.MeterRegistry;
import io.pairingbridge.journal.Journal.JournalException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.function.Function;
import org.springframework.dao.DataAccessException;

/** The connections that read the journal; none of them waits for the one that writes. */
final class ReadPool implements AutoCloseable {
    private final Dialect dialect;
    private final HikariDataSource connections;
    private final Tables tables;

    ReadPool(Dialect dialect) {
        this.dialect = dialect;
        HikariConfig config = new HikariConfig();
        config.setPoolName("journal-readers");
        config.setMaximumPoolSize(4);
        config.setMinimumIdle(0);
        config.setReadOnly(true);
        config.setConnectionTimeout(5_000);
        config.setDataSource(new DialectDataSource(dialect::openForReading));
        this.connections = new HikariDataSource(config);
        this.tables = new Tables(connections);
    }

    /** @throws JournalException if the store cannot be read */
    <T> T read(Function<Tables, T> query) {
        try {
            return query.apply(tables);
        } catch (DataAccessException e) {
            throw new JournalException("the journal " + dialect.name() + " cannot be read: " + rootMessage(e), e);
        }
    }

    /** The other bridges that have the journal open now; see {@link Dialect#others}. */
    Set<String> others() {
        try (Connection connection = connections.getConnection()) {
            return dialect.others(connection);
        } catch (SQLException e) {
            throw new JournalException(
                    "the journal " + dialect.name() + " cannot be asked who uses it: " + rootMessage(e), e);
        }
    }

    void measure(MeterRegistry meters) {
        connections.setMetricRegistry(meters);
    }

    @Override
    public void close() {
        connections.close();
    }

    /** What the database said; below that may be an error of the file system whose whole message is a path. */
    static String rootMessage(Throwable e) {
        Throwable root = e;
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException || !(root instanceof SQLException)) {
                root = cause;
            }
        }
        return root.getMessage();
    }
}
