package io.pairingbridge.journal;

import io.pairingbridge.job.Outcome;
import io.pairingbridge.journal.Batches.Batch;
import io.pairingbridge.journal.Batches.NewRow;
import io.pairingbridge.journal.Batches.Phase;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Batches.Row;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.text.Text;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The journal's SQL for batches: reads and writes rows, and decides nothing. */
final class BatchRows {
  /** What a row takes over from the job that it is, if that has ended: the columns of both tables, and which belong together. */
  private static final String END_WITH_JOB = """
      UPDATE batch_row SET outcome = CASE job.state WHEN 'PUBLISHED' THEN 'PAIRED' ELSE job.state END, reason = job.reason,
        detail = job.detail, attempts = job.attempts, pay_connect_id = job.pay_connect_id,
        pay_connect_name = job.pay_connect_name, terminal_id = job.terminal_id, ended_at = job.finished_at
      FROM job WHERE job.job_id = batch_row.job_id AND job.otp_hash = batch_row.otp_hash
        AND job.state NOT IN ('CALLING', 'WAITING', 'SEALED')""";

  private static final String REFUSED = "ROW_REFUSED";
  private final JdbcClient sql;

  /** @param sql on the connection whose transaction the rows belong to */
  BatchRows(JdbcClient sql) {
    this.sql = sql;
  }

  // ---- what a job's end means to the rows that are that job --------------------------------------------------------

  /** The job has ended: so have its rows, of whatever batch. */
  void endWith(String jobId) {
    sql.sql(END_WITH_JOB + " AND batch_row.job_id = ?").param(jobId).update();
  }

  /** A request that is no job of its own ended, as a duplicate or as one that could not be handled. */
  void end(String batchId, String jobId, String otpHash, Outcome outcome, String reason, String detail, Instant now) {
    sql.sql("""
        UPDATE batch_row SET outcome = ?, reason = ?, detail = ?, ended_at = ?
        WHERE job_id = ? AND batch_id = ? AND outcome IS NULL AND (CAST(? AS TEXT) IS NULL OR otp_hash = ?)""")
        .params(outcome.name(), reason, detail, now.toEpochMilli(), jobId, batchId, otpHash, otpHash).update();
  }

  /**
   * Open rows of batches that were read before this, whose job was never begun.
   *
   * @param limit none if it is 0 or less
   */
  List<Orphan> orphans(Instant readBefore, int limit) {
    return limit <= 0 ? List.of() : sql.sql("""
        SELECT r.batch_id, r.job_id, r.fields, b.read_at FROM batch b JOIN batch_row r ON r.batch_id = b.batch_id
        WHERE b.phase = 'RUNNING' AND b.read_at < ? AND r.outcome IS NULL AND r.job_id IS NOT NULL AND NOT EXISTS
          (SELECT 1 FROM job j WHERE j.job_id = r.job_id AND j.otp_hash = r.otp_hash AND j.state IN ('CALLING', 'WAITING', 'SEALED'))
        LIMIT ?""")
        .params(readBefore.toEpochMilli(), limit)
        .query((row, n) -> new Orphan(row.getString("job_id"), row.getString("batch_id"), 0, JobRows.instant(row, "read_at"),
            JobRows.fromJson(row.getString("fields")))).list();
  }

  /** The hash of the one-time password of a row that is open. */
  Optional<String> openRow(String batchId, String jobId) {
    return sql.sql("SELECT otp_hash FROM batch_row WHERE batch_id = ? AND job_id = ? AND outcome IS NULL AND otp_hash IS NOT NULL LIMIT 1")
        .params(batchId, jobId).query(String.class).optional();
  }

  // ---- batches -----------------------------------------------------------------------------------------------------

  Optional<Batch> find(String batchId) {
    return sql.sql("SELECT * FROM batch WHERE batch_id = ?").param(batchId).query((row, n) -> batch(row)).optional();
  }

  void moved(String batchId, String source) {
    sql.sql("UPDATE batch SET source = ? WHERE batch_id = ?").params(Text.line(source), batchId).update();
  }

  Batch begin(String batchId, String source, Instant now) {
    sql.sql("DELETE FROM batch WHERE batch_id = ?").param(batchId).update();
    sql.sql("INSERT INTO batch (batch_id, source, phase, taken, started_at) VALUES (?, ?, 'READING', 0, ?)")
        .params(batchId, Text.line(source), now.toEpochMilli()).update();
    return find(batchId).orElseThrow();
  }

  List<Long> take(Connection connection, String batchId, List<NewRow> rows, long sent, Instant now) throws SQLException {
    boolean known;
    try (PreparedStatement insert = connection.prepareStatement("""
        INSERT INTO batch_row (batch_id, number, line, job_id, otp_hash, fields, outcome, reason, detail, ended_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (batch_id, number) DO UPDATE SET outcome = excluded.outcome,
          reason = excluded.reason, detail = excluded.detail, ended_at = excluded.ended_at
        WHERE batch_row.outcome IS NULL AND excluded.outcome IS NOT NULL""")) {
      for (NewRow row : rows) {
        boolean refused = row.refused() != null;
        insert.setString(1, batchId);
        insert.setLong(2, row.number());
        insert.setLong(3, row.line());
        insert.setString(4, row.jobId());
        insert.setString(5, row.otpHash());
        insert.setString(6, JobRows.toJson(wellFormed(row.fields())));
        insert.setString(7, refused ? Outcome.INVALID.name() : null);
        insert.setString(8, refused ? REFUSED : null);
        insert.setString(9, Text.line(row.refused()));
        insert.setObject(10, refused ? now.toEpochMilli() : null);
        insert.addBatch();
      }
      known = Arrays.stream(insert.executeBatch()).anyMatch(count -> count != 1);
    }
    long first = rows.get(0).number();
    long last = rows.get(rows.size() - 1).number();
    endOpen(batchId, first, last);
    sql.sql("UPDATE batch SET taken = ? WHERE batch_id = ?").params(sent, batchId).update();
    return !known ? List.of() : sql.sql("SELECT number FROM batch_row WHERE batch_id = ? AND number BETWEEN ? AND ? AND reason = ?")
        .params(batchId, first, last, REFUSED).query(Long.class).list();
  }

  /** A lone surrogate has no form that every database takes. */
  private static Map<String, String> wellFormed(Map<String, String> fields) {
    Map<String, String> all = new LinkedHashMap<>();
    fields.forEach((column, value) -> all.put(Text.wellFormed(column), Text.wellFormed(value)));
    return all;
  }

  /** As {@link #endWith}, for those of a batch's rows that are open; the numbers are included. */
  void endOpen(String batchId, long first, long last) {
    sql.sql(END_WITH_JOB + " AND batch_row.batch_id = ? AND batch_row.number BETWEEN ? AND ? AND batch_row.outcome IS NULL")
        .params(batchId, first, last).update();
  }

  /** Batches that were read to their end before this and are not finished. */
  List<Batch> running(Instant readBefore) {
    return sql.sql("SELECT * FROM batch WHERE phase = 'RUNNING' AND read_at < ?").param(readBefore.toEpochMilli())
        .query((row, n) -> batch(row)).list();
  }

  long lastNumber(String batchId) {
    return sql.sql("SELECT COALESCE(MAX(number), 0) FROM batch_row WHERE batch_id = ?").param(batchId).query(Long.class).single();
  }

  /** Of these jobs, those that are there with this hash. */
  List<String> known(Map<String, String> otpHashByJob) {
    if (otpHashByJob.isEmpty()) {
      return List.of();
    }
    List<String> known = new ArrayList<>();
    sql.sql("SELECT job_id, otp_hash FROM job WHERE job_id IN (:ids)").param("ids", otpHashByJob.keySet()).query(row -> {
      if (otpHashByJob.get(row.getString("job_id")).equals(row.getString("otp_hash"))) {
        known.add(row.getString("job_id"));
      }
    });
    return known;
  }

  void read(String batchId, String problem, Instant now) {
    sql.sql("UPDATE batch SET phase = 'RUNNING', problem = ?, read_at = ? WHERE batch_id = ? AND phase = 'READING'")
        .params(Text.line(problem), now.toEpochMilli(), batchId).update();
  }

  List<Batch> ended() {
    return sql.sql("""
        SELECT * FROM batch WHERE phase = 'RUNNING' AND NOT EXISTS
          (SELECT 1 FROM batch_row r WHERE r.batch_id = batch.batch_id AND r.outcome IS NULL)""")
        .query((row, n) -> batch(row)).list();
  }

  void finished(String batchId, Instant now) {
    sql.sql("""
        UPDATE batch SET finished_at = ?, phase = CASE WHEN problem IS NOT NULL AND NOT EXISTS
          (SELECT 1 FROM batch_row r WHERE r.batch_id = batch.batch_id) THEN 'FAILED' ELSE 'FINISHED' END
        WHERE batch_id = ? AND phase = 'RUNNING'""")
        .params(now.toEpochMilli(), batchId).update();
  }

  List<Batch> all() {
    return sql.sql("SELECT * FROM batch ORDER BY started_at DESC, batch_id").query((row, n) -> batch(row)).list();
  }

  Progress progress(Batch batch) {
    Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
    long[] rows = new long[2];
    sql.sql("SELECT outcome, COUNT(*) AS n FROM batch_row WHERE batch_id = ? GROUP BY outcome").param(batch.id()).query(row -> {
      long count = row.getLong("n");
      rows[0] += count;
      if (row.getString("outcome") == null) {
        rows[1] += count;
      } else {
        outcomes.put(Outcome.valueOf(row.getString("outcome")), count);
      }
    });
    return new Progress(batch, rows[0], rows[1], outcomes);
  }

  List<Row> rows(String batchId, long after, int limit) {
    return sql.sql("SELECT * FROM batch_row WHERE batch_id = ? AND number > ? ORDER BY number LIMIT ?")
        .params(batchId, after, limit)
        .query((row, n) -> new Row(row.getLong("number"), row.getLong("line"), row.getString("job_id"), JobRows.fromJson(row.getString("fields")),
            row.getString("outcome") == null ? null : Outcome.valueOf(row.getString("outcome")), row.getString("reason"),
            row.getString("detail"), JobRows.integer(row, "attempts"), row.getString("pay_connect_id"),
            row.getString("pay_connect_name"), row.getString("terminal_id"), JobRows.instant(row, "ended_at"))).list();
  }

  /** Of a finished batch that ended before this, deletes a thousand rows, and the batch itself once none are left. */
  int purge(Instant before) {
    return sql.sql("SELECT batch_id FROM batch WHERE phase IN ('FINISHED', 'FAILED') AND finished_at < ? LIMIT 1")
        .param(before.toEpochMilli()).query(String.class).optional().map(id -> {
          int rows = forget(id);
          return rows > 0 ? rows : sql.sql("DELETE FROM batch WHERE batch_id = ?").param(id).update();
        }).orElse(0);
  }

  /** Deletes up to a thousand rows of this batch; one may have a million, and others want to write between. */
  int forget(String batchId) {
    return sql.sql("DELETE FROM batch_row WHERE batch_id = ? AND number IN (SELECT number FROM batch_row WHERE batch_id = ? LIMIT 1000)")
        .params(batchId, batchId).update();
  }

  private static Batch batch(ResultSet row) throws SQLException {
    // As lines, because an earlier version wrote down what the document and its name hold as it was.
    return new Batch(row.getString("batch_id"), Text.line(row.getString("source")), Phase.valueOf(row.getString("phase")),
        row.getLong("taken"), Text.line(row.getString("problem")), JobRows.instant(row, "started_at"), JobRows.instant(row, "read_at"),
        JobRows.instant(row, "finished_at"));
  }
}
