package io.pairingbridge.journal.jdbc;

import static io.pairingbridge.journal.jdbc.Columns.instant;

import io.pairingbridge.journal.Batches.Batch;
import io.pairingbridge.journal.Batches.Phase;
import io.pairingbridge.text.Text;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The table {@code batch}: how far each batch has come. */
final class BatchTable {
    private final JdbcClient sql;
    private final BatchRowTable rows;

    BatchTable(JdbcClient sql, BatchRowTable rows) {
        this.sql = sql;
        this.rows = rows;
    }

    Optional<Batch> find(String batchId) {
        return sql.sql("SELECT * FROM batch WHERE batch_id = ?")
                .param(batchId)
                .query((row, n) -> batch(row))
                .optional();
    }

    Optional<Batch> named(String idOrName) {
        return find(idOrName)
                .or(() -> sql.sql("SELECT * FROM batch WHERE name = ? ORDER BY started_at DESC LIMIT 1")
                        .param(Text.line(idOrName))
                        .query((row, n) -> batch(row))
                        .optional());
    }

    void moved(String batchId, String source) {
        sql.sql("UPDATE batch SET source = ? WHERE batch_id = ?")
                .params(Text.line(source), batchId)
                .update();
    }

    Batch begin(String batchId, String name, String source, Instant now) {
        sql.sql("DELETE FROM batch WHERE batch_id = ?").param(batchId).update();
        sql.sql(
                        "INSERT INTO batch (batch_id, name, source, phase, taken, started_at) VALUES (?, ?, ?, 'READING', 0, ?)")
                .params(batchId, Text.line(name), Text.line(source), now.toEpochMilli())
                .update();
        return find(batchId).orElseThrow();
    }

    void sent(String batchId, long rows) {
        sql.sql("UPDATE batch SET taken = ? WHERE batch_id = ?")
                .params(rows, batchId)
                .update();
    }

    /** Batches that were read to their end before this and are not finished. */
    List<Batch> running(Instant readBefore) {
        return sql.sql("SELECT * FROM batch WHERE phase = 'RUNNING' AND read_at < ?")
                .param(readBefore.toEpochMilli())
                .query((row, n) -> batch(row))
                .list();
    }

    void read(String batchId, String problem, String warning, Instant now) {
        sql.sql(
                        "UPDATE batch SET phase = 'RUNNING', problem = ?, warning = ?, read_at = ? WHERE batch_id = ? AND phase = 'READING'")
                .params(Text.line(problem), Text.line(warning), now.toEpochMilli(), batchId)
                .update();
    }

    List<Batch> ended() {
        return sql.sql("""
        SELECT * FROM batch WHERE phase = 'RUNNING' AND NOT EXISTS
            (SELECT 1 FROM batch_row r WHERE r.batch_id = batch.batch_id AND r.outcome IS NULL)
          OR phase IN ('FINISHED', 'FAILED') AND (stale = 1 OR batch_id IN (SELECT batch_id FROM batch_row WHERE revised = 1))""").query((row, n) -> batch(row)).list();
    }

    /**
     * What changed after it had ended makes the next revision. That is counted up even if the event of the one before
     * may not be out: one that is out must not come again with other figures.
     */
    Optional<Batch> reporting(String batchId, Instant now) {
        if (rows.clearRevised(batchId)) {
            sql.sql("""
          UPDATE batch SET revision = revision + 1, stale = CASE phase WHEN 'RUNNING' THEN 0 ELSE 1 END,
            revised_at = CASE phase WHEN 'RUNNING' THEN NULL ELSE CAST(? AS BIGINT) END WHERE batch_id = ?""").params(now.toEpochMilli(), batchId).update();
        }
        return find(batchId);
    }

    void finished(Batch batch, String report, Instant now) {
        sql.sql("""
        UPDATE batch SET report = ?, stale = 0, finished_at = COALESCE(finished_at, ?), phase = CASE WHEN phase <> 'RUNNING' THEN phase
          WHEN problem IS NOT NULL AND NOT EXISTS (SELECT 1 FROM batch_row r WHERE r.batch_id = batch.batch_id) THEN 'FAILED'
          ELSE 'FINISHED' END
        WHERE batch_id = ? AND phase <> 'READING' AND started_at = ? AND revision = ?""")
                .params(
                        report,
                        now.toEpochMilli(),
                        batch.id(),
                        batch.startedAt().toEpochMilli(),
                        batch.revision())
                .update();
    }

    List<Batch> all() {
        return sql.sql("SELECT * FROM batch ORDER BY started_at DESC, batch_id")
                .query((row, n) -> batch(row))
                .list();
    }

    /** Of a finished batch that ended before this, deletes a thousand rows, and the batch itself once none are left. */
    int purge(Instant before) {
        return sql.sql("SELECT batch_id FROM batch WHERE phase IN ('FINISHED', 'FAILED') AND finished_at < ? LIMIT 1")
                .param(before.toEpochMilli())
                .query(String.class)
                .optional()
                .map(id -> {
                    int forgotten = forget(id);
                    return forgotten > 0
                            ? forgotten
                            : sql.sql("DELETE FROM batch WHERE batch_id = ?")
                                    .param(id)
                                    .update();
                })
                .orElse(0);
    }

    /** Deletes up to a thousand rows of this batch, which is reported no more from then on. */
    int forget(String batchId) {
        sql.sql("UPDATE batch SET stale = 0 WHERE batch_id = ? AND stale = 1")
                .param(batchId)
                .update();
        rows.clearRevised(batchId);
        return rows.delete(batchId);
    }

    private static Batch batch(ResultSet row) throws SQLException {
        // As lines, because an earlier version wrote down what the document and its name hold as it was.
        String id = row.getString("batch_id");
        return new Batch(
                id,
                row.getString("name") == null ? id : row.getString("name"),
                Text.line(row.getString("source")),
                Phase.valueOf(row.getString("phase")),
                row.getLong("taken"),
                Text.line(row.getString("problem")),
                row.getString("warning"),
                instant(row, "started_at"),
                instant(row, "read_at"),
                instant(row, "finished_at"),
                row.getInt("revision"),
                instant(row, "revised_at"),
                row.getString("report"));
    }
}
