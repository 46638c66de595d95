package io.pairingbridge.journal.jdbc;

import java.sql.Connection;

/**
 * What a piece of work may use inside a transaction of {@link GroupCommit}. Kept for as long as its connection, because
 * a client of Spring's holds caches.
 */
final class Transaction extends Tables {
    private final Connection connection;

    Transaction(Connection connection) {
        super(connection);
        this.connection = connection;
    }

    Connection connection() {
        return connection;
    }
}
