package io.pairingbridge.journal;

import io.pairingbridge.journal.Journal.AttemptRecord;
import io.pairingbridge.journal.Journal.JournalException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** A job and its attempts, for another program than the bridge: reads its journal, whether it runs or not, and writes nothing. */
public final class JobView implements AutoCloseable {
  private final Connection connection;
  private final JobRows rows;
  private final String name;

  private JobView(Connection connection, String name) {
    this.connection = connection;
    this.rows = new JobRows(JdbcClient.create(new SingleConnectionDataSource(connection, true)));
    this.name = name;
  }

  /**
   * @param url {@code jdbc:sqlite:<path>}
   * @throws JournalException if there is no journal that this user may read
   */
  public static JobView open(String url) {
    Dialect dialect = new SqliteDialect(url);
    try {
      return new JobView(dialect.openForReading(), dialect.name());
    } catch (SQLException e) {
      throw BatchView.unreadable(dialect.name(), e);
    }
  }

  public Optional<Entry> find(String jobId) {
    try {
      return rows.find(jobId);
    } catch (DataAccessException e) {
      throw BatchView.unreadable(name, e);
    }
  }

  /** In the order in which they were made. */
  public List<AttemptRecord> attempts(String jobId) {
    try {
      return rows.attempts(jobId);
    } catch (DataAccessException e) {
      throw BatchView.unreadable(name, e);
    }
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
