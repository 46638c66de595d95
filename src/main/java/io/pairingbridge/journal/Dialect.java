package io.pairingbridge.journal;

import java.sql.Connection;
import java.sql.SQLException;

/** What differs between the databases that can hold the journal; everything else is the same code. */
interface Dialect {

  /**
   * Opens a connection on which a commit is durable when it returns, and proves that it is.
   *
   * @throws SQLException naming the setting at fault if the database cannot promise that
   */
  Connection openForWriting() throws SQLException;

  /** Opens a connection that never waits for a writer. */
  Connection openForReading() throws SQLException;

  /** Until the transaction ends, nobody else decides about this job, whether it has a row yet or not. */
  void lock(Connection connection, String jobId) throws SQLException;

  /** The database's address for messages; without a password. */
  String name();
}
