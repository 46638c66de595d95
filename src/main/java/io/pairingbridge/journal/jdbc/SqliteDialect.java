package io.pairingbridge.journal.jdbc;

import io.pairingbridge.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.apache.commons.dbcp2.DelegatingPreparedStatement;
import org.apache.commons.dbcp2.PoolingConnection;
import org.apache.commons.pool2.impl.GenericKeyedObjectPool;
import org.apache.commons.pool2.impl.GenericKeyedObjectPoolConfig;
import org.sqlite.SQLiteConfig;

/** SQLite in WAL mode with {@code synchronous=FULL}: every commit is followed by an fsync of the write-ahead log. */
final class SqliteDialect implements Dialect {
    /** The first release without the WAL reset bug, as major * 1,000,000 + minor * 1,000 + patch. */
    private static final int OLDEST_SAFE = 3_051_003;

    /** More than the journal has; one beyond it would push out the one that was not used for the longest time. */
    private static final int MOST_STATEMENTS = 100;

    /**
     * How long the log grows, in pages of 4 KB, before it is written into the database: 64 MB. Jobs' ids are random, so
     * that each row of a large batch changes another page of their index; of those changed twice in one log only the
     * last state is written. The commit that does it takes some 100 ms, with SQLite's default of 4 MB some 50.
     */
    private static final int LOG_PAGES = 16_000;
    /**
     * Pages kept in memory by the one connection that writes, in KB; SQLite's default of 2 MB reads the pages of that
     * index again and again.
     */
    private static final int CACHE_KILOBYTES = 16 * 1024;

    static final String PREFIX = "jdbc:sqlite:";

    private final String url;
    private final Path file;

    /** @param url {@code jdbc:sqlite:<path>} */
    SqliteDialect(String url) {
        SqliteLibrary.extractPrivately();
        this.url = url;
        this.file = Path.of(url.substring(PREFIX.length()));
    }

    @Override
    public Connection openForWriting() throws SQLException {
        return keepingStatements(openForMigrating());
    }

    @Override
    public Connection openForMigrating() throws SQLException {
        Path folder = file.toAbsolutePath().getParent();
        try {
            PrivateFiles.makeFolder(folder);
        } catch (IOException e) {
            throw new SQLException("cannot create the directory " + folder + ": " + e, e);
        }
        try {
            // SQLite gives its log and the index of that the mode of the database.
            PrivateFiles.makeFile(file);
            for (String name : List.of("", "-wal", "-shm")) {
                Path one = Path.of(file + name);
                if (Files.exists(one)) {
                    PrivateFiles.closeToOthers(one);
                }
            }
        } catch (IOException e) {
            throw new SQLException("cannot make " + file + " for this user alone: " + e, e);
        }
        return DialectDataSource.prepared(DriverManager.getConnection(url, options(false)), connection -> {
            verify(connection);
            writeBack(connection);
        });
    }

    /** SQLite compiles a statement each time that it is prepared, and the journal's are the same ones job after job. */
    private static Connection keepingStatements(Connection connection) {
        GenericKeyedObjectPoolConfig<DelegatingPreparedStatement> statements = new GenericKeyedObjectPoolConfig<>();
        statements.setMaxTotal(MOST_STATEMENTS);
        statements.setMaxTotalPerKey(-1);
        statements.setMaxIdlePerKey(1);
        statements.setJmxEnabled(false);
        PoolingConnection keeping = new PoolingConnection(connection);
        keeping.setStatementPool(new GenericKeyedObjectPool<>(keeping, statements));
        return keeping;
    }

    @Override
    public Connection openForReading() throws SQLException {
        return DriverManager.getConnection(url, options(true));
    }

    @Override
    public void lock(Connection connection, Set<String> jobIds) {
        // One writer: the transaction itself is the lock.
    }

    @Override
    public String remedy() {
        return "check that its directory exists and has space, and that its permissions let this user write";
    }

    @Override
    public String name() {
        return file.toString();
    }

    private static Properties options(boolean readOnly) {
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(5_000);
        if (readOnly) {
            config.setReadOnly(true);
        } else {
            config.setJournalMode(SQLiteConfig.JournalMode.WAL);
            config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
            config.setTransactionMode(SQLiteConfig.TransactionMode.IMMEDIATE);
            config.setCacheSize(-CACHE_KILOBYTES); // negative: KB, not pages
            config.setPragma(SQLiteConfig.Pragma.WAL_AUTOCHECKPOINT, Integer.toString(LOG_PAGES));
        }
        return config.toProperties();
    }

    /** Asks the database what it really does: a file system may refuse WAL, a build may be too old. */
    private void verify(Connection connection) throws SQLException {
        String version = ask(connection, "SELECT sqlite_version()");
        String[] parts = version.split("\\.");
        int number = Integer.parseInt(parts[0]) * 1_000_000
                + Integer.parseInt(parts[1]) * 1_000
                + Integer.parseInt(parts[2]);
        if (number < OLDEST_SAFE) {
            throw new SQLException("SQLite " + version + " is too old for the journal; 3.51.3 or newer is needed");
        }
        String mode = ask(connection, "PRAGMA journal_mode");
        if (!"wal".equalsIgnoreCase(mode)) {
            throw new SQLException("journal " + file + " is in mode " + mode + ", not WAL: put it on a local disk");
        }
        String synchronous = ask(connection, "PRAGMA synchronous");
        if (!"2".equals(synchronous)) {
            throw new SQLException("journal " + file + " has synchronous=" + synchronous + ", not 2 (FULL)");
        }
    }

    /**
     * Writes what the log holds into the database and syncs it. After an fsync that failed, the log shows what no disk
     * holds, for as long as the kernel remembers it, and a later fsync of the same pages says that all is well.
     */
    private void writeBack(Connection connection) throws SQLException {
        if (!"0".equals(ask(connection, "PRAGMA wal_checkpoint(TRUNCATE)"))) {
            throw new SQLException("journal " + file
                    + " is being read by another process and cannot be brought up to date;" + " end that process");
        }
    }

    private static String ask(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet answer = statement.executeQuery(sql)) {
            return answer.next() ? answer.getString(1) : "";
        }
    }
}
