package io.pairingbridge.journal.jdbc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.KeptAnswer;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal.AttemptRecord;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.journal.Journal.SealedAnswer;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.State;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The journal's SQL, the same on every database: reads and writes rows, and decides nothing. */
final class JobRows {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectReader TEXTS = JSON.readerForMapOf(String.class);

    /** The columns that a row of an ended try takes over from its job. */
    private static final String OF_A_TRY = """
      job_id, state, otp_hash, carrier, batch_id, reference, requested_at, expires_at, due_at, waits, attempts, ambiguous,
      attempt_id, owner, deadline, reason, detail, http_status, pay_connect_id, pay_connect_name, terminal_id, finished_at""";

    private static final String CREDENTIALS = """
      SELECT a.*, j.batch_id, j.reference, j.requested_at, j.attempts FROM attempt a JOIN job j ON j.job_id = a.job_id
      WHERE a.sealed IS NOT NULL AND a.result = 'PAIRED'""";

    private static final String DONE_WITH = """
      j.state NOT IN ('CALLING', 'WAITING', 'SEALED') AND NOT EXISTS
        (SELECT 1 FROM attempt a WHERE a.job_id = j.job_id AND a.result = 'PAIRED' AND a.sealed IS NOT NULL)""";

    /** Nobody else's turn; one that ends too far away was given before the clock was turned back. */
    private static final String FREE =
            "(a.send_until IS NULL OR a.sender = ? OR a.send_until <= ? OR a.send_until > ?)";

    /** Until then nobody else sends the answer. */
    record Turn(String sender, Instant until) {}

    private final JdbcClient sql;
    private final BatchRows batches;

    /** @param sql on the connection whose transaction the rows belong to */
    JobRows(JdbcClient sql) {
        this.sql = sql;
        this.batches = new BatchRows(sql);
    }

    /** Looking for jobs by what people know of them. */
    JobSearch search() {
        return new JobSearch(sql);
    }

    /** The rows of batches, in the same transaction. */
    BatchRows batches() {
        return batches;
    }

    // ---- jobs
    // --------------------------------------------------------------------------------------------------------

    Optional<Entry> find(String jobId) {
        return sql.sql("SELECT * FROM job WHERE job_id = ?")
                .param(jobId)
                .query(JobRows::entry)
                .optional();
    }

    Optional<String> runningJob(String carrier, Instant requestedAt) {
        return sql.sql(
                        "SELECT job_id FROM job WHERE state IN ('CALLING', 'WAITING') AND carrier = ? AND requested_at = ?")
                .params(carrier, millis(requestedAt))
                .query(String.class)
                .optional();
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

    /** An earlier try of the job, which ended and was followed by one with another one-time password. */
    Optional<Entry> endedTry(String jobId, String otpHash) {
        return sql.sql("SELECT * FROM ended_try WHERE job_id = ? AND otp_hash = ?")
                .params(jobId, otpHash)
                .query(JobRows::entry)
                .optional();
    }

    List<Entry> endedTries(String jobId) {
        return sql.sql("SELECT * FROM ended_try WHERE job_id = ? ORDER BY finished_at")
                .param(jobId)
                .query(JobRows::entry)
                .list();
    }

    /** A new try of a job: nothing of an earlier one is left in its row. */
    void replace(Job job, State state, String otpHash, Instant now) {
        sql.sql(
                        "DELETE FROM ended_try WHERE job_id = ? AND (otp_hash = ? OR otp_hash = (SELECT otp_hash FROM job WHERE job_id = ?))")
                .params(job.id(), otpHash, job.id())
                .update();
        sql.sql("INSERT INTO ended_try (" + OF_A_TRY + ") SELECT " + OF_A_TRY
                        + " FROM job WHERE job_id = ? AND otp_hash <> ?")
                .params(job.id(), otpHash)
                .update();
        sql.sql("DELETE FROM job WHERE job_id = ?").param(job.id()).update();
        insert(job, state, otpHash, now);
    }

    /** A try that ended at once and is not what the job's row is about. */
    void insertEndedTry(Job job, State state, String otpHash, Ending ending, Instant now) {
        Job.Origin origin = job.origin();
        sql.sql("""
        INSERT INTO ended_try (job_id, state, otp_hash, carrier, batch_id, reference, requested_at, waits, attempts, ambiguous, reason,
          detail, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?)""")
                .params(
                        job.id(),
                        state.name(),
                        otpHash,
                        origin.carrier(),
                        origin.batchId(),
                        toJson(job.reference()),
                        millis(origin.requestedAt()),
                        ending.reason(),
                        text(ending.detail()),
                        millis(now))
                .update();
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
                        origin.carrier(),
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
                        origin.carrier(),
                        origin.batchId(),
                        toJson(job.reference()),
                        millis(origin.requestedAt()),
                        millis(origin.expiresAt()),
                        attempt.id(),
                        owner.toString(),
                        millis(deadline),
                        millis(now))
                .update();
        enter(job, attempt, owner, deadline, now);
    }

    /** CALLING, with a new attempt of a job that has a row. */
    void begin(Job job, Attempt attempt, Owner owner, Instant deadline, Instant now) {
        sql.sql("""
        UPDATE job SET state = 'CALLING', carrier = ?, attempt_id = ?, owner = ?, deadline = ?, due_at = NULL, updated_at = ?
        WHERE job_id = ?""")
                .params(job.origin().carrier(), attempt.id(), owner.toString(), millis(deadline), millis(now), job.id())
                .update();
        enter(job, attempt, owner, deadline, now);
    }

    /** An attempt that is under way. */
    void enter(Job job, Attempt attempt, Owner owner, Instant deadline, Instant now) {
        sql.sql(
                        "INSERT INTO attempt (attempt_id, job_id, number, owner, started_at, deadline) VALUES (?, ?, ?, ?, ?, ?)")
                .params(attempt.id(), job.id(), attempt.number(), owner.toString(), millis(now), millis(deadline))
                .update();
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
                        job.origin().carrier(),
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
                        job.origin().carrier(),
                        why,
                        text(detail),
                        report == null ? null : report.httpStatus(),
                        heard(report),
                        doubtful(report),
                        millis(now),
                        millis(now),
                        job.id())
                .update();
        batches.endWith(job.id());
    }

    /** SEALED, unless it is PUBLISHED already. */
    void seal(String jobId, String attemptId, AttemptReport report, boolean current, Instant now) {
        SealedAnswer answer = report.sealed();
        sql.sql("""
        UPDATE job SET state = CASE WHEN state = 'PUBLISHED' THEN state ELSE 'SEALED' END, attempts = attempts + ?,
          attempt_id = ?, reason = NULL, detail = NULL, http_status = ?, pay_connect_id = ?, pay_connect_name = ?,
          terminal_id = ?, finished_at = ?, updated_at = ? WHERE job_id = ?""")
                .params(
                        current ? 1 : 0,
                        attemptId,
                        report.httpStatus(),
                        text(answer.payConnectId()),
                        text(answer.payConnectName()),
                        text(answer.terminalId()),
                        millis(now),
                        millis(now),
                        jobId)
                .update();
    }

    /** PUBLISHED, once no credentials of the job are left to publish; the sealed bytes of this attempt are gone. */
    Entry publish(String jobId, String attemptId, Instant now) {
        sql.sql(
                        "UPDATE attempt SET sealed = NULL, break_glass = NULL, published_at = COALESCE(published_at, ?) WHERE attempt_id = ?")
                .params(millis(now), attemptId)
                .update();
        Optional<Entry> published = sql.sql("""
        UPDATE job SET state = 'PUBLISHED', finished_at = ?, updated_at = ?
        WHERE job_id = ? AND state = 'SEALED' AND NOT EXISTS
          (SELECT 1 FROM attempt a WHERE a.job_id = job.job_id AND a.result = 'PAIRED' AND a.sealed IS NOT NULL)
        RETURNING *""")
                .params(millis(now), millis(now), jobId)
                .query(JobRows::entry)
                .optional();
        batches.endWith(jobId);
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
        counts.put(
                State.SEALED,
                sql.sql("SELECT COUNT(*) FROM attempt WHERE sealed IS NOT NULL AND result = 'PAIRED'")
                        .query(Long.class)
                        .single());
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

    /**
     * Deletes up to a thousand rows of each kind that are older than this: jobs with their attempts, ended tries,
     * setbacks, a batch's rows.
     */
    int purge(Instant before) {
        List<String> old = sql.sql(
                        "SELECT j.job_id FROM job j WHERE j.finished_at < ? AND " + DONE_WITH + " LIMIT 1000")
                .param(millis(before))
                .query(String.class)
                .list();
        int purged = 0;
        if (!old.isEmpty()) {
            // The conditions again: another process may have begun a new try of one of them since.
            purged = sql.sql("DELETE FROM job AS j WHERE j.job_id IN (:ids) AND j.finished_at < :before AND "
                            + DONE_WITH)
                    .param("ids", old)
                    .param("before", millis(before))
                    .update();
            sql.sql("""
          DELETE FROM attempt WHERE job_id IN (:ids) AND started_at < :before
            AND NOT EXISTS (SELECT 1 FROM job j WHERE j.job_id = attempt.job_id)""").param("ids", old).param("before", millis(before)).update();
        }
        purged += sql.sql("""
        DELETE FROM ended_try WHERE (job_id, otp_hash) IN (SELECT job_id, otp_hash FROM ended_try WHERE finished_at < ? LIMIT 1000)""").param(millis(before)).update();
        purged += sql.sql(
                        "DELETE FROM setback WHERE carrier IN (SELECT carrier FROM setback WHERE updated_at < ? LIMIT 1000)")
                .param(millis(before))
                .update();
        return purged + batches.purge(before);
    }

    // ---- attempts
    // ----------------------------------------------------------------------------------------------------

    List<AttemptRecord> attempts(String jobId) {
        return sql.sql("SELECT * FROM attempt WHERE job_id = ? ORDER BY started_at, number")
                .param(jobId)
                .query((row, n) -> new AttemptRecord(
                        row.getString("attempt_id"),
                        row.getInt("number"),
                        row.getString("owner"),
                        instant(row, "started_at"),
                        instant(row, "deadline"),
                        instant(row, "ended_at"),
                        row.getString("result") == null ? null : Result.valueOf(row.getString("result")),
                        integer(row, "http_status"),
                        row.getString("detail"),
                        instant(row, "published_at"),
                        row.getString("sealed") != null || row.getString("break_glass") != null))
                .list();
    }

    boolean knows(Attempt attempt) {
        return sql.sql("SELECT COUNT(*) FROM attempt WHERE attempt_id = ?")
                        .param(attempt.id())
                        .query(Integer.class)
                        .single()
                == 1;
    }

    /** What the last attempt of this try came to, in words; null if there was none. */
    String lastDetail(Entry known) {
        return known == null || known.attemptId() == null || known.state().ended()
                ? null
                : sql.sql("SELECT detail FROM attempt WHERE attempt_id = ? AND detail IS NOT NULL")
                        .param(known.attemptId())
                        .query(String.class)
                        .optional()
                        .orElse(null);
    }

    int countAttempts(String jobId) {
        return sql.sql("SELECT COUNT(*) FROM attempt WHERE job_id = ?")
                .param(jobId)
                .query(Integer.class)
                .single();
    }

    /**
     * What an attempt came to.
     *
     * @param turn whose turn it is to send the sealed answer, if it brought one
     * @return false if its credentials were published already, so that nothing is left to write
     */
    boolean close(String attemptId, AttemptReport report, boolean late, Turn turn, Instant now) {
        SealedAnswer answer = report.sealed();
        return sql.sql("""
        UPDATE attempt SET ended_at = ?, result = ?, http_status = ?, detail = ?, sealed = ?, break_glass = ?, key_id = ?,
          content_type = ?, sender = ?, send_until = ?, late = ?, pay_connect_id = ?, pay_connect_name = ?, terminal_id = ?
        WHERE attempt_id = ? AND published_at IS NULL""")
                        .params(
                                millis(now),
                                report.result().name(),
                                report.httpStatus(),
                                text(report.detail()),
                                answer == null ? null : answer.body(),
                                answer == null ? null : answer.breakGlass(),
                                answer == null ? null : answer.keyId(),
                                answer == null ? null : answer.contentType(),
                                answer == null ? null : turn.sender(),
                                answer == null ? null : millis(turn.until()),
                                late ? 1 : 0,
                                answer == null ? null : text(answer.payConnectId()),
                                answer == null ? null : text(answer.payConnectName()),
                                answer == null ? null : text(answer.terminalId()),
                                attemptId)
                        .update()
                == 1;
    }

    /** The caller is gone: ambiguous, until its result comes after all. */
    void closeLost(Entry known, Instant now) {
        sql.sql(
                        "UPDATE attempt SET ended_at = ?, result = 'AMBIGUOUS', detail = ? WHERE attempt_id = ? AND result IS NULL")
                .params(
                        millis(now),
                        "the process that made the call ended before the answer was written down",
                        known.attemptId())
                .update();
        sql.sql("UPDATE job SET attempts = attempts + 1, ambiguous = ambiguous + 1 WHERE job_id = ?")
                .param(known.jobId())
                .update();
    }

    /** What {@link #close} and {@link #seal} have just written. */
    static Credentials sealed(
            Entry known, Attempt attempt, AttemptReport report, boolean late, boolean current, Turn turn) {
        SealedAnswer answer = report.sealed();
        return new Credentials(
                attempt.id(),
                known.jobId(),
                known.batchId(),
                answer.body(),
                answer.keyId(),
                answer.contentType(),
                answer.breakGlass(),
                turn.sender(),
                turn.until(),
                text(answer.payConnectId()),
                text(answer.payConnectName()),
                text(answer.terminalId()),
                late,
                known.reference(),
                known.requestedAt(),
                known.attempts() + (current ? 1 : 0));
    }

    Credentials credentials(String jobId) {
        return sql.sql(CREDENTIALS + " AND a.job_id = ? ORDER BY a.ended_at DESC LIMIT 1")
                .param(jobId)
                .query(JobRows::credentials)
                .single();
    }

    Optional<Instant> oldestUnpublished() {
        return sql.sql("SELECT MIN(ended_at) FROM attempt WHERE sealed IS NOT NULL AND result = 'PAIRED'")
                .query(Long.class)
                .optional()
                .map(Instant::ofEpochMilli);
    }

    /** Also what ended after now: the clock was turned back since, and would let it wait for hours. */
    List<Credentials> unpublished(Instant before, Instant now, int limit) {
        return sql.sql(CREDENTIALS + " AND (a.ended_at < ? OR a.ended_at > ?) ORDER BY a.ended_at LIMIT ?")
                .params(millis(before), millis(now), limit)
                .query(JobRows::credentials)
                .list();
    }

    /** As {@link #unpublished}, but for what it is somebody else's turn to send. */
    List<Credentials> unpublished(Instant before, String sender, Instant furthestTurn, Instant now, int limit) {
        return sql.sql(CREDENTIALS + " AND (a.ended_at < ? OR a.ended_at > ?) AND " + FREE
                        + " ORDER BY a.ended_at LIMIT ?")
                .params(millis(before), millis(now), sender, millis(now), millis(furthestTurn), limit)
                .query(JobRows::credentials)
                .list();
    }

    /** False if it is somebody else's turn, or if nothing is left to send. */
    boolean takeTurn(String attemptId, Turn turn, Instant furthestTurn, Instant now) {
        return sql.sql(
                                "UPDATE attempt AS a SET sender = ?, send_until = ? WHERE a.attempt_id = ? AND a.sealed IS NOT NULL AND "
                                        + FREE)
                        .params(
                                turn.sender(),
                                millis(turn.until()),
                                attemptId,
                                turn.sender(),
                                millis(now),
                                millis(furthestTurn))
                        .update()
                == 1;
    }

    /** The sealed bytes of an answer that could not be understood, or null. */
    KeptAnswer unreadable(String attemptId) {
        return sql.sql(
                        "SELECT sealed, break_glass FROM attempt WHERE attempt_id = ? AND result = 'UNREADABLE' AND sealed IS NOT NULL")
                .param(attemptId)
                .query((row, n) -> new KeptAnswer(row.getString("sealed"), row.getString("break_glass")))
                .optional()
                .orElse(null);
    }

    // ---- deliveries that got nowhere, and the pulse ----------------------------------------------------------------

    int begun(String carrier, String jobId, Instant now) {
        sql.sql("""
        INSERT INTO setback (carrier, job_id, begun, updated_at) VALUES (?, ?, 1, ?)
        ON CONFLICT (carrier) DO UPDATE SET begun = setback.begun + 1, updated_at = excluded.updated_at""").params(carrier, jobId, millis(now)).update();
        return sql.sql("SELECT begun FROM setback WHERE carrier = ?")
                .param(carrier)
                .query(Integer.class)
                .single();
    }

    void gotSomewhere(String carrier) {
        sql.sql("DELETE FROM setback WHERE carrier = ?").param(carrier).update();
    }

    /** What this name stands for: the value that was first given for it. */
    String fact(String name, String value) {
        sql.sql("INSERT INTO fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING")
                .params(name, value)
                .update();
        return sql.sql("SELECT value FROM fact WHERE name = ?")
                .param(name)
                .query(String.class)
                .single();
    }

    int beat(Owner owner, Instant now) {
        return sql.sql("""
        INSERT INTO pulse (id, owner, beaten_at) VALUES (1, ?, ?)
        ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, beaten_at = excluded.beaten_at""").params(owner.toString(), millis(now)).update();
    }

    // ---- columns
    // -----------------------------------------------------------------------------------------------------

    private static int heard(AttemptReport report) {
        return report != null && report.result() != Result.NOT_SENT ? 1 : 0;
    }

    private static int doubtful(AttemptReport report) {
        return report != null && report.result() == Result.AMBIGUOUS ? 1 : 0;
    }

    private static Entry entry(ResultSet row, int n) throws SQLException {
        return new Entry(
                row.getString("job_id"),
                State.valueOf(row.getString("state")),
                row.getString("otp_hash"),
                row.getString("carrier"),
                row.getString("batch_id"),
                fromJson(row.getString("reference")),
                instant(row, "requested_at"),
                instant(row, "expires_at"),
                instant(row, "due_at"),
                row.getInt("waits"),
                row.getInt("attempts"),
                row.getInt("ambiguous"),
                row.getString("attempt_id"),
                row.getString("owner"),
                instant(row, "deadline"),
                row.getString("reason"),
                row.getString("detail"),
                integer(row, "http_status"),
                row.getString("pay_connect_id"),
                row.getString("pay_connect_name"),
                row.getString("terminal_id"),
                instant(row, "finished_at"));
    }

    private static Credentials credentials(ResultSet row, int n) throws SQLException {
        return new Credentials(
                row.getString("attempt_id"),
                row.getString("job_id"),
                row.getString("batch_id"),
                row.getString("sealed"),
                row.getString("key_id"),
                row.getString("content_type"),
                row.getString("break_glass"),
                row.getString("sender"),
                instant(row, "send_until"),
                row.getString("pay_connect_id"),
                row.getString("pay_connect_name"),
                row.getString("terminal_id"),
                row.getInt("late") == 1,
                fromJson(row.getString("reference")),
                instant(row, "requested_at"),
                row.getInt("attempts"));
    }

    /** PostgreSQL's texts cannot hold the character 0, and what the endpoint says is not ours to choose. */
    private static String text(String value) {
        return value == null ? null : value.replace('\0', '\uFFFD');
    }

    private static Long millis(Instant instant) {
        return instant == null ? null : instant.toEpochMilli();
    }

    static Instant instant(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? null : Instant.ofEpochMilli(value);
    }

    static Integer integer(ResultSet row, String column) throws SQLException {
        int value = row.getInt(column);
        return row.wasNull() ? null : value;
    }

    static String toJson(Map<String, String> texts) {
        try {
            return JSON.writeValueAsString(texts);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("a map of texts that is no JSON", e);
        }
    }

    static Map<String, String> fromJson(String json) {
        try {
            return json == null ? Map.of() : TEXTS.readValue(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("column reference holds no JSON object", e);
        }
    }
}
