package io.pairingbridge.journal.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;

/** What differs between the databases that can hold the journal; everything else is the same code. */
interface Dialect {

    /**
     * Opens a connection on which a commit is durable when it returns, and proves that it is.
     *
     * @throws SQLException naming the setting at fault if the database cannot promise that
     */
    Connection openForWriting() throws SQLException;

    /** As {@link #openForWriting()}, for changes of the schema, which may take long; statements are used once. */
    default Connection openForMigrating() throws SQLException {
        return openForWriting();
    }

    /** Opens a connection that never waits for a writer. */
    Connection openForReading() throws SQLException;

    /**
     * Until the transaction ends, nobody else decides about these jobs, whether they have a row yet or not. Whoever
     * locks several locks them in the same order, so that nobody waits for somebody who waits for him.
     */
    void lock(Connection connection, Set<String> jobIds) throws SQLException;

    /** False if all writes come from one process and one after the other. */
    default boolean severalWriters() {
        return false;
    }

    /** True if no process with this name has the journal open; none opens it before the transaction ends. */
    default boolean gone(Connection connection, String instance) throws SQLException {
        return false;
    }

    /**
     * The other bridges that have the journal open now, by the names of their instances.
     *
     * @param connection one of this bridge's own for reading
     */
    default Set<String> others(Connection connection) throws SQLException {
        return Set.of();
    }

    /**
     * True if a name of {@link #others} is that of this instance: a database may keep no more than the beginning of a
     * long one.
     */
    default boolean names(String other, String instance) {
        return other.equals(instance);
    }

    /**
     * True if this fault comes from others who use the same rows: the database has undone the whole transaction,
     * nothing of it is stored, the connection is sound, and the transaction may be tried again.
     */
    default boolean undone(SQLException fault) {
        return false;
    }

    /** What to look at when it cannot be opened or written, as the end of a sentence. */
    String remedy();

    /** The database's address for messages; without a password. */
    String name();
}
