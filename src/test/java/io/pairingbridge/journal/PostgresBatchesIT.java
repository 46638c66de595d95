package io.pairingbridge.journal;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.PostgresServer;
import java.io.IOException;
import org.junit.jupiter.api.BeforeAll;

class PostgresBatchesIT extends BatchesContract {
  private Settings.JournalStore store;

  @BeforeAll
  static void needsAServer() {
    PostgresServer.missing().ifPresent(why -> assumeTrue(false, why));
  }

  @Override
  Dialect dialect() {
    try {
      store = store == null ? PostgresServer.shared().journal() : store;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return new PostgresDialect(store.url(), store.username(), store.password(), null);
  }
}
