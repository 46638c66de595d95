package io.pairingbridge.journal.jdbc;

import io.pairingbridge.journal.JournalReader.FoundJob;
import io.pairingbridge.journal.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Finds jobs by what people know of them: till, store, serial number. Reads, and decides nothing. */
final class JobSearch {
    private static final String OF_A_JOB = """
      LOWER(j.job_id || ' ' || COALESCE(j.reference, '') || ' ' || COALESCE(j.pay_connect_name, '') || ' ' || COALESCE(j.terminal_id, ''))""";
    private static final String OF_A_ROW = "LOWER(r.job_id || ' ' || r.fields)";
    /** Columns of a document that say nothing of the till, or are told by themselves. */
    private static final Set<String> NOT_SHOWN =
            Set.of("name", "webhook_url", "otp_generated_at", "job_id", "integrator");

    /** What a row of a batch's document knows of its job. */
    private record Row(String batchId, long line, Map<String, String> fields) {
        String name() {
            return fields.getOrDefault("name", "");
        }

        Map<String, String> reference() {
            Map<String, String> shown = new TreeMap<>(fields);
            shown.keySet().removeAll(NOT_SHOWN);
            return shown;
        }
    }

    private final JdbcClient sql;

    JobSearch(JdbcClient sql) {
        this.sql = sql;
    }

    List<FoundJob> find(List<String> words, int limit) {
        List<Object> parameters =
                new ArrayList<>(words.stream().map(JobSearch::pattern).toList());
        parameters.add(limit);
        Map<String, FoundJob> found = new LinkedHashMap<>();
        sql.sql("SELECT j.* FROM job j WHERE " + all(OF_A_JOB, words) + " ORDER BY j.updated_at DESC LIMIT ?")
                .params(parameters)
                .query((row, n) -> new FoundJob(
                        row.getString("job_id"),
                        text(row.getString("pay_connect_name")),
                        State.valueOf(row.getString("state")),
                        row.getString("batch_id"),
                        0,
                        Columns.fromJson(row.getString("reference")),
                        row.getString("terminal_id"),
                        Columns.instant(row, "updated_at")))
                .list()
                .forEach(job -> found.put(job.jobId(), job));
        rowsOf(found.keySet()).forEach((jobId, row) -> found.computeIfPresent(jobId, (id, job) -> with(job, row)));
        sql.sql("""
        SELECT r.job_id, r.batch_id, r.line, r.fields, r.outcome, j.state, j.terminal_id, COALESCE(j.updated_at, r.ended_at) AS touched_at
        FROM batch_row r LEFT JOIN job j ON j.job_id = r.job_id WHERE r.job_id IS NOT NULL AND\s""" + all(OF_A_ROW, words) + " ORDER BY COALESCE(j.updated_at, r.ended_at, 0) DESC LIMIT ?")
                .params(parameters)
                .query((row, n) -> {
                    Row said = new Row(
                            row.getString("batch_id"), row.getLong("line"), Columns.fromJson(row.getString("fields")));
                    return new FoundJob(
                            row.getString("job_id"),
                            said.name(),
                            state(row.getString("state"), row.getString("outcome")),
                            said.batchId(),
                            said.line(),
                            said.reference(),
                            row.getString("terminal_id"),
                            Columns.instant(row, "touched_at"));
                })
                .list()
                .forEach(job -> found.putIfAbsent(job.jobId(), job));
        return found.values().stream()
                .sorted(Comparator.comparing(
                        FoundJob::touchedAt, Comparator.nullsLast(Comparator.<Instant>reverseOrder())))
                .limit(limit)
                .toList();
    }

    /** The last row of each of these jobs. */
    private Map<String, Row> rowsOf(Set<String> jobIds) {
        Map<String, Row> rows = new LinkedHashMap<>();
        if (!jobIds.isEmpty()) {
            sql.sql(
                            "SELECT r.job_id, r.batch_id, r.line, r.fields FROM batch_row r JOIN batch b ON b.batch_id = r.batch_id WHERE r.job_id IN (:ids)"
                                    + " ORDER BY b.started_at")
                    .param("ids", jobIds)
                    .query(row -> {
                        rows.put(
                                row.getString("job_id"),
                                new Row(
                                        row.getString("batch_id"),
                                        row.getLong("line"),
                                        Columns.fromJson(row.getString("fields"))));
                    });
        }
        return rows;
    }

    private static FoundJob with(FoundJob job, Row row) {
        return new FoundJob(
                job.jobId(),
                row.name().isEmpty() ? job.name() : row.name(),
                job.state(),
                row.batchId(),
                row.line(),
                job.reference().isEmpty() ? row.reference() : job.reference(),
                job.terminalId(),
                job.touchedAt());
    }

    /** A row that was refused may have no job; of the others the job says where they are. */
    private static State state(String ofJob, String ofRow) {
        String state = ofJob != null ? ofJob : "PAIRED".equals(ofRow) ? State.PUBLISHED.name() : ofRow;
        for (State known : State.values()) {
            if (known.name().equals(state)) {
                return known;
            }
        }
        return null;
    }

    private static String all(String columns, List<String> words) {
        return String.join(
                " AND ",
                words.stream()
                        .map(word -> columns + " LIKE LOWER(?) ESCAPE '!'")
                        .toList());
    }

    /** The word as it stands in a column, JSON or not. */
    private static String pattern(String word) {
        String json = Columns.toJson(Map.of("", word));
        String inside = json.substring("{\"\":\"".length(), json.length() - "\"}".length());
        return "%" + inside.replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%";
    }

    private static String text(String value) {
        return value == null ? "" : value;
    }
}
