package io.pairingbridge.journal.jdbc;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class SqliteBatchesTest extends BatchesContract {
    @TempDir
    private Path folder;

    @Override
    Dialect dialect() {
        return new SqliteDialect("jdbc:sqlite:" + folder.resolve("journal.db"));
    }
}
