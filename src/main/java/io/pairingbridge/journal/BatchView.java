package io.pairingbridge.journal;

import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Journal.JournalException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** How far batches have come, for another program than the bridge: reads its journal, whether it runs or not, and writes nothing. */
public final class BatchView implements AutoCloseable {
  private final Connection connection;
  private final BatchRows rows;
  private final String name;

  private BatchView(Connection connection, String name) {
    this.connection = connection;
    this.rows = new BatchRows(JdbcClient.create(new SingleConnectionDataSource(connection, true)));
    this.name = name;
  }

  /**
   * @param url {@code jdbc:sqlite:<path>}
   * @throws JournalException if there is no journal that this user may read
   */
  public static BatchView open(String url) {
    Dialect dialect = new SqliteDialect(url);
    try {
      return new BatchView(dialect.openForReading(), dialect.name());
    } catch (SQLException e) {
      throw unreadable(dialect.name(), e);
    }
  }

  /** All batches, the latest first. */
  public List<Progress> all() {
    try {
      return rows.all().stream().map(rows::progress).toList();
    } catch (DataAccessException e) {
      throw unreadable(name, e);
    }
  }

  /** By its id, or else the latest one that people call so. */
  public Optional<Progress> find(String idOrName) {
    try {
      return rows.named(idOrName).map(rows::progress);
    } catch (DataAccessException e) {
      throw unreadable(name, e);
    }
  }

  private static JournalException unreadable(String name, Exception cause) {
    return new JournalException("the bridge's journal " + name + " can't be read: this command runs on the bridge's machine, as a"
        + " user that may read its data directory, once the bridge has been started", cause);
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
