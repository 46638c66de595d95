package io.pairingbridge.journal.jdbc;

import static io.pairingbridge.journal.jdbc.Columns.fromJson;
import static io.pairingbridge.journal.jdbc.Columns.instant;
import static io.pairingbridge.journal.jdbc.Columns.integer;
import static io.pairingbridge.journal.jdbc.Columns.toJson;

import io.pairingbridge.job.Outcome;
import io.pairingbridge.journal.Batches.Batch;
import io.pairingbridge.journal.Batches.NewRow;
import io.pairingbridge.journal.Batches.Place;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Batches.Row;
import io.pairingbridge.journal.Batches.Twin;
import io.pairingbridge.journal.EndingDescriptions;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.text.Text;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The table {@code batch_row}: the rows of documents, and what came of the job of each. */
final class BatchRowTable {
    /**
     * What a row takes over from the job that it is, if that has ended: the columns of both tables, and which belong
     * together. A row that has ended follows its job through later tries with other one-time passwords; only one that
     * was paired does not, nor one that was a duplicate, and so never the job. A row that says something else than
     * before is marked, so that a report that was written is made anew.
     */
    private static final String END_WITH_JOB = """
      UPDATE batch_row SET outcome = CASE job.state WHEN 'PUBLISHED' THEN 'PAIRED' ELSE job.state END, reason = job.reason,
        detail = job.detail, attempts = job.attempts, pay_connect_id = job.pay_connect_id,
        pay_connect_name = job.pay_connect_name, terminal_id = job.terminal_id, ended_at = job.finished_at,
        revised = CASE WHEN batch_row.outcome IS NOT NULL
          AND (batch_row.outcome <> CASE job.state WHEN 'PUBLISHED' THEN 'PAIRED' ELSE job.state END
            OR batch_row.reason IS DISTINCT FROM job.reason OR batch_row.pay_connect_id IS DISTINCT FROM job.pay_connect_id
            OR batch_row.ended_at IS DISTINCT FROM job.finished_at AND batch_row.reason IS DISTINCT FROM 'ROW_REFUSED')
          THEN 1 ELSE batch_row.revised END
      FROM job WHERE job.job_id = batch_row.job_id AND job.state NOT IN ('CALLING', 'WAITING', 'SEALED')
        AND (job.otp_hash = batch_row.otp_hash OR batch_row.outcome NOT IN ('PAIRED', 'DUPLICATE'))""";

    private static final String REFUSED = "ROW_REFUSED";
    /** The column of a document that is the terminal's name. */
    private static final String NAME = "name";

    private final JdbcClient sql;

    BatchRowTable(JdbcClient sql) {
        this.sql = sql;
    }

    /** The job has ended: so have its rows, of whatever batch, also those that had ended with an earlier try. */
    void endWith(String jobId) {
        sql.sql(END_WITH_JOB + " AND batch_row.job_id = ?").param(jobId).update();
    }

    /**
     * A request that is no job of its own ended, as a duplicate or as one that could not be handled.
     *
     * @return whether a row ended by it
     */
    boolean end(
            String batchId, String jobId, String otpHash, Outcome outcome, String reason, String detail, Instant now) {
        return sql.sql("""
        UPDATE batch_row SET outcome = ?, reason = ?, detail = ?, ended_at = ?
        WHERE job_id = ? AND batch_id = ? AND outcome IS NULL AND (CAST(? AS TEXT) IS NULL OR otp_hash = ?)""")
                        .params(outcome.name(), reason, detail, now.toEpochMilli(), jobId, batchId, otpHash, otpHash)
                        .update()
                > 0;
    }

    /**
     * Open rows of batches that were read before this, whose job was never begun.
     *
     * @param limit none if it is 0 or less
     */
    List<Orphan> orphans(Instant readBefore, int limit) {
        return limit <= 0
                ? List.of()
                : sql.sql("""
        SELECT r.batch_id, r.job_id, r.fields, b.read_at FROM batch b JOIN batch_row r ON r.batch_id = b.batch_id
        WHERE b.phase = 'RUNNING' AND b.read_at < ? AND r.outcome IS NULL AND r.job_id IS NOT NULL AND NOT EXISTS
          (SELECT 1 FROM job j WHERE j.job_id = r.job_id AND j.otp_hash = r.otp_hash AND j.state IN ('CALLING', 'WAITING', 'SEALED'))
        LIMIT ?""")
                        .params(readBefore.toEpochMilli(), limit)
                        .query((row, n) -> new Orphan(
                                row.getString("job_id"),
                                row.getString("batch_id"),
                                0,
                                instant(row, "read_at"),
                                fromJson(row.getString("fields"))))
                        .list();
    }

    /** The hash of the one-time password of a row that is open. */
    Optional<String> openRow(String batchId, String jobId) {
        return sql.sql(
                        "SELECT otp_hash FROM batch_row WHERE batch_id = ? AND job_id = ? AND outcome IS NULL AND otp_hash IS NOT NULL LIMIT 1")
                .params(batchId, jobId)
                .query(String.class)
                .optional();
    }

    /**
     * Enters rows of a document, or finds them entered.
     *
     * @return the numbers of those that an earlier reading has refused
     */
    List<Long> take(Connection connection, String batchId, List<NewRow> rows, Instant now) throws SQLException {
        boolean known;
        try (PreparedStatement insert = connection.prepareStatement("""
        INSERT INTO batch_row (batch_id, number, line, job_id, otp_hash, fields, outcome, reason, detail, ended_at, same_as, paired_before)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (batch_id, number) DO UPDATE SET outcome = excluded.outcome,
          reason = excluded.reason, detail = excluded.detail, ended_at = excluded.ended_at
        WHERE batch_row.outcome IS NULL AND excluded.outcome IS NOT NULL""")) {
            Map<String, String> before = pairedBefore(batchId, rows);
            for (NewRow row : rows) {
                boolean refused = row.refused() != null;
                insert.setString(1, batchId);
                insert.setLong(2, row.number());
                insert.setLong(3, row.line());
                insert.setString(4, row.jobId());
                insert.setString(5, row.otpHash());
                insert.setString(6, toJson(wellFormed(row.fields())));
                insert.setString(7, refused ? Outcome.INVALID.name() : null);
                insert.setString(8, refused ? REFUSED : null);
                insert.setString(9, Text.line(row.refused()));
                insert.setObject(10, refused ? now.toEpochMilli() : null);
                insert.setObject(11, row.sameAs());
                insert.setString(12, refused ? null : before.get(row.jobId()));
                insert.addBatch();
            }
            known = Arrays.stream(insert.executeBatch()).anyMatch(count -> count != 1);
        }
        long first = rows.get(0).number();
        long last = rows.get(rows.size() - 1).number();
        endOpen(batchId, first, last);
        if (rows.stream()
                .anyMatch(row -> row.refused()
                        != null)) { // whatever is wrong with such a row, its job may have been paired before
            sql.sql(
                            END_WITH_JOB
                                    + " AND job.state = 'PUBLISHED' AND batch_row.batch_id = ? AND batch_row.number BETWEEN ? AND ?")
                    .params(batchId, first, last)
                    .update();
        }
        return !known
                ? List.of()
                : sql.sql("SELECT number FROM batch_row WHERE batch_id = ? AND number BETWEEN ? AND ? AND reason = ?")
                        .params(batchId, first, last, REFUSED)
                        .query(Long.class)
                        .list();
    }

    /**
     * In which other batch terminals of these names were paired with these one-time passwords, by this batch's job. A
     * name alone comes twice in an estate, and so may a password of six digits.
     */
    private Map<String, String> pairedBefore(String batchId, List<NewRow> rows) {
        Map<String, NewRow> byHash = new HashMap<>();
        rows.stream().filter(row -> row.refused() == null).forEach(row -> byHash.put(row.otpHash(), row));
        Map<String, String> before = new HashMap<>();
        if (!byHash.isEmpty()) {
            sql.sql(
                            "SELECT otp_hash, batch_id, job_id, fields FROM batch_row WHERE outcome = 'PAIRED' AND otp_hash IN (:hashes) AND batch_id <> :batch")
                    .param("hashes", byHash.keySet())
                    .param("batch", batchId)
                    .query(row -> {
                        NewRow mine = byHash.get(row.getString("otp_hash"));
                        String name = fromJson(row.getString("fields")).get(NAME);
                        if (!mine.jobId().equals(row.getString("job_id"))
                                && name != null
                                && name.equals(mine.fields().get(NAME))) {
                            before.put(mine.jobId(), row.getString("batch_id"));
                        }
                    });
        }
        return before;
    }

    /** How many rows of the batch are told to have been paired in others, and in which. */
    Optional<String> warning(String batchId) {
        Map<String, Long> others = new TreeMap<>();
        sql.sql(
                        "SELECT paired_before, COUNT(*) AS n FROM batch_row WHERE batch_id = ? AND paired_before IS NOT NULL GROUP BY paired_before")
                .param(batchId)
                .query(row -> {
                    others.put(row.getString("paired_before"), row.getLong("n"));
                });
        return others.isEmpty() ? Optional.empty() : Optional.of(EndingDescriptions.pairedBefore(others));
    }

    /** A lone surrogate has no form that every database takes. */
    private static Map<String, String> wellFormed(Map<String, String> fields) {
        Map<String, String> all = new LinkedHashMap<>();
        fields.forEach((column, value) -> all.put(Text.wellFormed(column), Text.wellFormed(value)));
        return all;
    }

    /** As {@link #endWith}, for those of a batch's rows that are open; the numbers are included. */
    void endOpen(String batchId, long first, long last) {
        sql.sql(
                        END_WITH_JOB
                                + " AND batch_row.batch_id = ? AND batch_row.number BETWEEN ? AND ? AND batch_row.outcome IS NULL")
                .params(batchId, first, last)
                .update();
    }

    long lastNumber(String batchId) {
        return sql.sql("SELECT COALESCE(MAX(number), 0) FROM batch_row WHERE batch_id = ?")
                .param(batchId)
                .query(Long.class)
                .single();
    }

    /** Forgets which rows have changed since the last report; false if none had. */
    boolean clearRevised(String batchId) {
        return sql.sql("UPDATE batch_row SET revised = 0 WHERE batch_id = ? AND revised = 1")
                        .param(batchId)
                        .update()
                > 0;
    }

    Optional<Place> place(String jobId) {
        return sql.sql("""
        SELECT r.batch_id, r.line, r.fields FROM batch_row r JOIN batch b ON b.batch_id = r.batch_id WHERE r.job_id = ?
        ORDER BY b.started_at DESC, r.number LIMIT 1""")
                .param(jobId)
                .query((row, n) ->
                        new Place(row.getString("batch_id"), row.getLong("line"), fromJson(row.getString("fields"))))
                .optional();
    }

    Progress progress(Batch batch) {
        Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
        long[] rows = new long[2];
        sql.sql("SELECT outcome, COUNT(*) AS n FROM batch_row WHERE batch_id = ? GROUP BY outcome")
                .param(batch.id())
                .query(row -> {
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
        return sql.sql("""
        SELECT r.*, t.line AS twin_line, t.job_id AS twin_job, t.outcome AS twin_outcome, t.terminal_id AS twin_terminal
        FROM batch_row r LEFT JOIN batch_row t ON t.batch_id = r.batch_id AND t.number = r.same_as
        WHERE r.batch_id = ? AND r.number > ? ORDER BY r.number LIMIT ?""")
                .params(batchId, after, limit)
                .query((row, n) -> new Row(
                        row.getLong("number"),
                        row.getLong("line"),
                        row.getString("job_id"),
                        fromJson(row.getString("fields")),
                        outcome(row, "outcome"),
                        row.getString("reason"),
                        row.getString("detail"),
                        integer(row, "attempts"),
                        row.getString("pay_connect_id"),
                        row.getString("pay_connect_name"),
                        row.getString("terminal_id"),
                        instant(row, "ended_at"),
                        row.getString("twin_job") == null
                                ? null
                                : new Twin(
                                        row.getLong("twin_line"),
                                        row.getString("twin_job"),
                                        outcome(row, "twin_outcome"),
                                        row.getString("twin_terminal")),
                        row.getString("paired_before")))
                .list();
    }

    /** Deletes up to a thousand rows of this batch; one may have a million, and others want to write between. */
    int delete(String batchId) {
        return sql.sql(
                        "DELETE FROM batch_row WHERE batch_id = ? AND number IN (SELECT number FROM batch_row WHERE batch_id = ? LIMIT 1000)")
                .params(batchId, batchId)
                .update();
    }

    private static Outcome outcome(ResultSet row, String column) throws SQLException {
        return row.getString(column) == null ? null : Outcome.valueOf(row.getString(column));
    }
}
