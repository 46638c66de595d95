package io.pairingbridge.journal.jdbc;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;

/**
 * PostgreSQL, shared by any number of bridges: a commit returns once the write-ahead log is on the server's disk, and a
 * job is decided about by one bridge at a time.
 *
 * <p>Limits on each session keep a bridge that is paused, or a network that has swallowed its connection, from holding
 * a job for the others: the server ends a transaction that idles, and each side gives up a connection that is silent.
 */
final class PostgresDialect implements Dialect {
    static final String PREFIX = "jdbc:postgresql:";
    /** Two-key advisory locks (PostgreSQL, "Advisory Locks"): the first key says what the second stands for. */
    private static final int INSTANCE = 0x50420001;
    /** With the instance's name behind it, what a bridge's connections say of themselves. */
    private static final String APPLICATION = "pairing-bridge ";
    /** Of a name that connections give themselves the server keeps 63 bytes (PostgreSQL, NAMEDATALEN). */
    private static final int LONGEST_APPLICATION = 63;
    /** Of {@code synchronous_commit}: all but {@code off}, with which a commit returns before its log is anywhere. */
    private static final Set<String> DURABLE = Set.of("on", "local", "remote_write", "remote_apply");
    /** What others grant a call beyond its deadline covers this much difference between the clocks of two machines. */
    private static final Duration MOST_CLOCK_DIFFERENCE = Duration.ofSeconds(1);

    // Milliseconds; of the first four each is longer than the one before, so that the cause is named and not its
    // consequence.
    /** A transaction of ours lasts milliseconds; one that idles belongs to a process that stands still. */
    private static final int IDLE = 5_000;
    /** For a lock; longer than the time after which a paused owner has lost it. */
    private static final int LOCK_WAIT = 15_000;
    /** For one statement; the largest deletes a thousand jobs. */
    private static final int STATEMENT = 20_000;
    /** On our side, without an answer: then the connection is given up. */
    private static final int SOCKET = 30_000;
    /**
     * For the lock on the instance's name: until the server has noticed that the connection of the run before is dead.
     */
    private static final int INSTANCE_WAIT = 40_000;

    private final String url;
    private final String username;
    private final String password;
    private final String instance;
    private final int instanceWait;

    /**
     * @param url {@code jdbc:postgresql://host:port/database?...}, without a password
     * @param instance its name is this bridge's alone as long as a connection for writing is open; null for one that
     *     holds no name
     */
    PostgresDialect(String url, String username, String password, String instance) {
        this(url, username, password, instance, INSTANCE_WAIT);
    }

    /** @param instanceWait milliseconds to wait for the name to become free */
    PostgresDialect(String url, String username, String password, String instance, int instanceWait) {
        this.url = url;
        this.username = username;
        this.password = password;
        this.instance = instance;
        this.instanceWait = instanceWait;
    }

    @Override
    public Connection openForWriting() throws SQLException {
        return DialectDataSource.prepared(connect(false), connection -> {
            verify(connection);
            holdName(connection);
            limit(connection);
        });
    }

    /** Without limits: a migration may take its time, and others wait for it. */
    @Override
    public Connection openForMigrating() throws SQLException {
        return DialectDataSource.prepared(connect(false), connection -> {
            verify(connection);
            silentFor(connection, 0);
        });
    }

    @Override
    public Connection openForReading() throws SQLException {
        return DialectDataSource.prepared(connect(true), PostgresDialect::limit);
    }

    /** Advisory locks, for a job that has no row yet cannot be locked by its row; all in one round trip. */
    @Override
    public void lock(Connection connection, Set<String> jobIds) throws SQLException {
        Object[] inOrder = jobIds.stream().map(PostgresDialect::hash).sorted().toArray();
        try (PreparedStatement lock =
                connection.prepareStatement("SELECT pg_advisory_xact_lock(name) FROM unnest(?) AS name")) {
            lock.setArray(1, connection.createArrayOf("bigint", inOrder));
            lock.execute();
        }
    }

    @Override
    public boolean gone(Connection connection, String other) throws SQLException {
        try (PreparedStatement lock = connection.prepareStatement("SELECT pg_try_advisory_xact_lock(?, ?)")) {
            lock.setInt(1, INSTANCE);
            lock.setInt(2, (int) hash(other));
            try (ResultSet free = lock.executeQuery()) {
                return free.next() && free.getBoolean(1);
            }
        }
    }

    /**
     * The server shows what they say of themselves of connections with this bridge's login only; so bridges with one of
     * their own are not seen.
     */
    @Override
    public Set<String> others(Connection connection) throws SQLException {
        Set<String> others = new HashSet<>();
        try (Statement statement = connection.createStatement();
                ResultSet names = statement.executeQuery("""
        SELECT DISTINCT application_name FROM pg_stat_activity WHERE datname = current_database()
        AND starts_with(application_name, '%s') AND application_name <> current_setting('application_name')""".formatted(APPLICATION))) {
            while (names.next()) {
                others.add(names.getString(1).substring(APPLICATION.length()));
            }
        }
        return others;
    }

    @Override
    public boolean names(String other, String instance) {
        return other.equals(instance)
                || APPLICATION.length() + other.length() == LONGEST_APPLICATION && instance.startsWith(other);
    }

    @Override
    public boolean severalWriters() {
        return true;
    }

    /**
     * Class 40 (transaction rollback: deadlock, serialization) and 55P03 (a lock was waited for too long): the server
     * has undone the transaction and keeps the connection (PostgreSQL, "Error Codes").
     */
    @Override
    public boolean undone(SQLException fault) {
        String state = fault.getSQLState();
        return state != null && (state.startsWith("40") && !"40003".equals(state) || "55P03".equals(state));
    }

    @Override
    public String name() {
        return url.substring("jdbc:".length()).replaceFirst("\\?.*", "");
    }

    @Override
    public String remedy() {
        return "check that the server runs and can be reached, pairing.journal.username and .password, and what docker/postgres/grants.sql grants";
    }

    private Connection connect(boolean readOnly) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", username);
        properties.setProperty("password", password);
        properties.setProperty("ApplicationName", instance == null ? APPLICATION.strip() : APPLICATION + instance);
        properties.setProperty("connectTimeout", "5");
        properties.setProperty("loginTimeout", "10");
        properties.setProperty("socketTimeout", Integer.toString(SOCKET / 1_000));
        properties.setProperty("tcpKeepAlive", "true");
        // No plan is kept on the server: one made before a newer bridge added a column to a table fails its transaction
        // afterwards.
        properties.setProperty("prepareThreshold", "0");
        properties.setProperty("readOnly", Boolean.toString(readOnly));
        return DriverManager.getConnection(url, properties);
    }

    private static void limit(Connection connection) throws SQLException {
        try (Statement settings = connection.createStatement()) {
            settings.execute("SET idle_in_transaction_session_timeout = " + IDLE);
            settings.execute("SET lock_timeout = " + LOCK_WAIT);
            settings.execute("SET statement_timeout = " + STATEMENT);
        }
        silentFor(connection, SOCKET);
    }

    /** @param millis without an answer, after which we give the connection up; 0 for never */
    private static void silentFor(Connection connection, int millis) throws SQLException {
        connection.setNetworkTimeout(Runnable::run, millis);
    }

    /** Asks the server what it really does. */
    private void verify(Connection connection) throws SQLException {
        try (Statement settings = connection.createStatement()) {
            // Seconds: a machine that has lost its power or its network holds its name and its locks no longer than
            // this.
            settings.execute("SET tcp_keepalives_idle = 10");
            settings.execute("SET tcp_keepalives_interval = 5");
            settings.execute("SET tcp_keepalives_count = 3");
        }
        require(
                "on".equals(ask(connection, "SHOW fsync")),
                "fsync is off on the server, so that a power cut takes what was committed:" + " set fsync = on");
        require(
                "on".equals(ask(connection, "SHOW full_page_writes")),
                "full_page_writes is off on the server, so that a power cut may"
                        + " destroy its pages: set full_page_writes = on");
        String commit = ask(connection, "SHOW synchronous_commit");
        require(
                DURABLE.contains(commit),
                "synchronous_commit is " + commit + " for this user, so that a commit returns before it is"
                        + " on a disk: set synchronous_commit = on (or local) on the server, and for the role and the database");
        require(
                "f".equals(ask(connection, "SELECT pg_is_in_recovery()")),
                "the server is a standby, which takes no writes: give the"
                        + " primary in pairing.journal.url (with several hosts, add targetServerType=primary)");
        require(
                "UTF8".equals(ask(connection, "SHOW server_encoding")),
                "the database is not in UTF8: create it with ENCODING 'UTF8'");
        Duration difference = clockDifference(connection);
        require(
                difference.abs().compareTo(MOST_CLOCK_DIFFERENCE) <= 0,
                "this machine's clock and the server's differ by " + difference.toMillis()
                        + " ms, and bridges tell by their clocks when a call of another one is over: synchronise them (NTP)");
    }

    /** How far the server's clock is ahead, as far as the way there and back leaves it open. */
    private static Duration clockDifference(Connection connection) throws SQLException {
        Instant before = Instant.now();
        Instant there = Instant.ofEpochMilli(
                Long.parseLong(ask(connection, "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")));
        Instant after = Instant.now();
        return there.isBefore(before.minusMillis(1))
                ? Duration.between(before, there)
                : there.isAfter(after.plusMillis(1)) ? Duration.between(after, there) : Duration.ZERO;
    }

    /** Two processes of one name would each take the other's calls for calls of a run that is dead. */
    private void holdName(Connection connection) throws SQLException {
        if (instance == null) {
            return;
        }
        try (Statement wait = connection.createStatement();
                PreparedStatement lock = connection.prepareStatement("SELECT pg_advisory_lock(?, ?)")) {
            wait.execute("SET lock_timeout = " + instanceWait);
            wait.execute("SET statement_timeout = 0");
            silentFor(connection, instanceWait + SOCKET);
            lock.setInt(1, INSTANCE);
            lock.setInt(2, (int) hash(instance));
            lock.execute();
        } catch (SQLException e) {
            if ("55P03".equals(e.getSQLState())) {
                throw new SQLException(
                        "another bridge with pairing.instance-id " + instance
                                + " runs on it: give each bridge a name of its" + " own, or end the other one",
                        e);
            }
            throw e;
        }
    }

    private void require(boolean holds, String problem) throws SQLException {
        if (!holds) {
            throw new SQLException(problem);
        }
    }

    private static long hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            long hash = 0;
            for (int i = 0; i < Long.BYTES; i++) {
                hash = hash << 8 | digest[i] & 0xff;
            }
            return hash;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static String ask(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet answer = statement.executeQuery(sql)) {
            return answer.next() ? answer.getString(1) : "";
        }
    }
}
