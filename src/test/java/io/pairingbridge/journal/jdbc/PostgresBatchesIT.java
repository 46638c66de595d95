package io.pairingbridge.journal.jdbc;

import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.PostgresServer;
import java.io.IOException;
import java.sql.SQLException;

class PostgresBatchesIT extends BatchesContract {
    private Settings.JournalStore store;

    @Override
    Dialect dialect() {
        try {
            store = store == null ? PostgresServer.shared().journal() : store;
        } catch (IOException | SQLException e) {
            throw new IllegalStateException(e);
        }
        return new PostgresDialect(store.url(), store.username(), store.password(), null);
    }
}
