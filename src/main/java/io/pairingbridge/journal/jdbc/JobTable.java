package io.pairingbridge.journal.jdbc;

import static io.pairingbridge.journal.jdbc.Columns.fromJson;
import static io.pairingbridge.journal.jdbc.Columns.instant;
import static io.pairingbridge.journal.jdbc.Columns.millis;
import static io.pairingbridge.journal.jdbc.Columns.text;
import static io.pairingbridge.journal.jdbc.Columns.toJson;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * The table {@code job}: where each job stands. What belongs to a step of a job in other tables is written with it: an
 * attempt that begins, the try that is left behind, the rows of batches that end.
 */
final class JobTable {
    private static final String DONE_WITH = """
      j.state NOT IN ('CALLING', 'WAITING', 'SEALED') AND NOT EXISTS
        (SELECT 1 FROM attempt a WHERE a.job_id = j.job_id AND a.result = 'PAIRED' AND a.sealed IS NOT NULL)""";

    private final JdbcClient sql;
    private final AttemptTable attempts;
    private final EndedTryTable endedTries;
    private final BatchRowTable batchRows;

    JobTable(JdbcClient sql, AttemptTable attempts, EndedTryTable endedTries, BatchRowTable batchRows) {
        this.sql = sql;
        this.attempts = attempts;
        this.endedTries = endedTries;
        this.batchRows = batchRows;
    }

    Optional<Entry> find(String jobId) {
        return sql.sql("SELECT * FROM job WHERE job_id = ?")
                .param(jobId)
                .query(Columns::entry)
                .optional();
    }

    Optional<String> runningJob(String originalMessageId, Instant requestedAt) {
        return sql.sql(
                        "SELECT job_id FROM job WHERE state IN ('CALLING', 'WAITING') AND carrier = ? AND requested_at = ?")
                .params(originalMessageId, millis(requestedAt))
                .query(String.class)
                .optional();
    }

    /** Of these jobs, those that are there with this hash. */
    List<String> known(Map<String, String> otpHashByJob) {
        if (otpHashByJob.isEmpty()) {
            return List.of();
        }
        List<String> known = new ArrayList<>();
        sql.sql("SELECT job_id, otp_hash FROM job WHERE job_id IN (:ids)")
                .param("ids", otpHashByJob.keySet())
                .query(row -> {
                    if (otpHashByJob.get(row.getString("job_id")).equals(row.getString("otp_hash"))) {
                        known.add(row.getString("job_id"));
                    }
                });
        return known;
    }

    /** When the job's row was written last, in milliseconds. */
    long touchedAt(String jobId) {
        return sql.sql("SELECT updated_at FROM job WHERE job_id = ?")
                .param(jobId)
                .query(Long.class)
                .single();
    }

    /**
     * Running jobs that nobody has touched since, and that were due before that. Of what lies further in the future
     * than a job may get old the clock was turned back since.
     *
     * @param all else only those whose time was over by then
     */
    List<Orphan> orphans(boolean all, Instant untouchedSince, Duration maxAge, Instant now, int limit) {
        long since = millis(untouchedSince);
        long future = millis(now.plus(maxAge));
        return sql.sql("""
        SELECT job_id, batch_id, updated_at, requested_at, reference FROM job WHERE state IN ('CALLING', 'WAITING')
          AND (updated_at < ? OR updated_at > ?) AND (due_at IS NULL OR due_at < ? OR due_at > ?)
          AND (? = 1 OR requested_at < ? OR expires_at < ?)
        ORDER BY updated_at LIMIT ?""")
                .params(since, future, since, future, all ? 1 : 0, millis(untouchedSince.minus(maxAge)), since, limit)
                .query((row, n) -> new Orphan(
                        row.getString("job_id"),
                        row.getString("batch_id"),
                        row.getLong("updated_at"),
                        instant(row, "requested_at"),
                        fromJson(row.getString("reference"))))
                .list();
    }

    /** A new try of a job: nothing of an earlier one is left in its row. */
    void replace(Job job, State state, String otpHash, Instant now) {
        endedTries.keep(job.id(), otpHash);
        sql.sql("DELETE FROM job WHERE job_id = ?").param(job.id()).update();
        insert(job, state, otpHash, now);
    }

    /** A job that was never heard of. */
    void insert(Job job, State state, String otpHash, Instant now) {
        Job.Origin origin = job.origin();
        sql.sql("""
        INSERT INTO job (job_id, state, otp_hash, carrier, batch_id, reference, requested_at, expires_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""")
                .params(
                        job.id(),
                        state.name(),
                        otpHash,
                        origin.originalMessageId(),
                        origin.batchId(),
                        toJson(job.reference()),
                        millis(origin.requestedAt()),
                        millis(origin.expiresAt()),
                        millis(now))
                .update();
    }

    /** A job that was never heard of, with its first attempt. */
    void insertCalling(Job job, String otpHash, Attempt attempt, Owner owner, Instant deadline, Instant now) {
        Job.Origin origin = job.origin();
        sql.sql("""
        INSERT INTO job (job_id, state, otp_hash, carrier, batch_id, reference, requested_at, expires_at, attempt_id, owner, deadline,
          updated_at) VALUES (?, 'CALLING', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""")
                .params(
                        job.id(),
                        otpHash,
                        origin.originalMessageId(),
                        origin.batchId(),
                        toJson(job.reference()),
                        millis(origin.requestedAt()),
                        millis(origin.expiresAt()),
                        attempt.id(),
                        owner.toString(),
                        millis(deadline),
                        millis(now))
                .update();
        attempts.enter(job, attempt, owner, deadline, now);
    }

    /** CALLING, with a new attempt of a job that has a row. */
    void begin(Job job, Attempt attempt, Owner owner, Instant deadline, Instant now) {
        sql.sql("""
        UPDATE job SET state = 'CALLING', carrier = ?, attempt_id = ?, owner = ?, deadline = ?, due_at = NULL, updated_at = ?
        WHERE job_id = ?""")
                .params(
                        job.origin().originalMessageId(),
                        attempt.id(),
                        owner.toString(),
                        millis(deadline),
                        millis(now),
                        job.id())
                .update();
        attempts.enter(job, attempt, owner, deadline, now);
    }

    void moveDeadline(String jobId, Instant deadline) {
        sql.sql("UPDATE job SET deadline = ? WHERE job_id = ?")
                .params(millis(deadline), jobId)
                .update();
    }

    /** WAITING until due. */
    void await(Job job, AttemptReport report, Instant due, Instant now) {
        sql.sql("""
        UPDATE job SET state = 'WAITING', due_at = ?, waits = waits + 1, attempts = attempts + ?, ambiguous = ambiguous + ?,
          http_status = ?, carrier = ?, updated_at = ? WHERE job_id = ?""")
                .params(
                        millis(due),
                        heard(report),
                        doubtful(report),
                        report == null ? null : report.httpStatus(),
                        job.origin().originalMessageId(),
                        millis(now),
                        job.id())
                .update();
    }

    /** One of the states that end a job without credentials. */
    void end(Job job, State state, String why, String detail, AttemptReport report, Instant now) {
        sql.sql("""
        UPDATE job SET state = ?, carrier = ?, reason = ?, detail = ?, http_status = COALESCE(?, http_status),
          attempts = attempts + ?, ambiguous = ambiguous + ?, finished_at = ?, updated_at = ? WHERE job_id = ?""")
                .params(
                        state.name(),
                        job.origin().originalMessageId(),
                        why,
                        text(detail),
                        report == null ? null : report.httpStatus(),
                        heard(report),
                        doubtful(report),
                        millis(now),
                        millis(now),
                        job.id())
                .update();
        batchRows.endWith(job.id());
    }

    /** One more call whose end is unknown. */
    void countLost(String jobId) {
        sql.sql("UPDATE job SET attempts = attempts + 1, ambiguous = ambiguous + 1 WHERE job_id = ?")
                .param(jobId)
                .update();
    }

    /** SEALED, unless it is PUBLISHED already. */
    void seal(String jobId, String attemptId, AttemptReport report, boolean current, Instant now) {
        PairedTerminal terminal = report.terminal();
        sql.sql("""
        UPDATE job SET state = CASE WHEN state = 'PUBLISHED' THEN state ELSE 'SEALED' END, attempts = attempts + ?,
          attempt_id = ?, reason = NULL, detail = NULL, http_status = ?, pay_connect_id = ?, pay_connect_name = ?,
          terminal_id = ?, finished_at = ?, updated_at = ? WHERE job_id = ?""")
                .params(
                        current ? 1 : 0,
                        attemptId,
                        report.httpStatus(),
                        text(terminal.payConnectId()),
                        text(terminal.payConnectName()),
                        text(terminal.terminalId()),
                        millis(now),
                        millis(now),
                        jobId)
                .update();
    }

    /** PUBLISHED, once no credentials of the job are left to publish. */
    Entry publish(String jobId, Instant now) {
        Optional<Entry> published = sql.sql("""
        UPDATE job SET state = 'PUBLISHED', finished_at = ?, updated_at = ?
        WHERE job_id = ? AND state = 'SEALED' AND NOT EXISTS
          (SELECT 1 FROM attempt a WHERE a.job_id = job.job_id AND a.result = 'PAIRED' AND a.sealed IS NOT NULL)
        RETURNING *""")
                .params(millis(now), millis(now), jobId)
                .query(Columns::entry)
                .optional();
        batchRows.endWith(jobId);
        return published.or(() -> find(jobId)).orElseThrow();
    }

    Map<State, Long> counts() {
        Map<State, Long> counts = new EnumMap<>(State.class);
        for (State state : State.values()) {
            counts.put(state, 0L);
        }
        sql.sql("SELECT state, COUNT(*) AS jobs FROM job GROUP BY state").query(row -> {
            counts.put(State.valueOf(row.getString("state")), row.getLong("jobs"));
        });
        return counts;
    }

    /** How many calls are under way, by the owner. */
    Map<String, Long> calls() {
        Map<String, Long> calls = new HashMap<>();
        sql.sql("SELECT owner, COUNT(*) AS jobs FROM job WHERE state = 'CALLING' GROUP BY owner")
                .query(row -> {
                    calls.put(row.getString("owner"), row.getLong("jobs"));
                });
        return calls;
    }

    /** Deletes up to a thousand jobs that ended before this, with their attempts. */
    int purge(Instant before) {
        List<String> old = sql.sql(
                        "SELECT j.job_id FROM job j WHERE j.finished_at < ? AND " + DONE_WITH + " LIMIT 1000")
                .param(millis(before))
                .query(String.class)
                .list();
        if (old.isEmpty()) {
            return 0;
        }
        // The conditions again: another process may have begun a new try of one of them since.
        int purged = sql.sql(
                        "DELETE FROM job AS j WHERE j.job_id IN (:ids) AND j.finished_at < :before AND " + DONE_WITH)
                .param("ids", old)
                .param("before", millis(before))
                .update();
        attempts.purge(old, before);
        return purged;
    }

    private static int heard(AttemptReport report) {
        return report != null && report.result() != Result.NOT_SENT ? 1 : 0;
    }

    private static int doubtful(AttemptReport report) {
        return report != null && report.result() == Result.AMBIGUOUS ? 1 : 0;
    }
}
