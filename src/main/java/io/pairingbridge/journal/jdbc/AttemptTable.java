package io.pairingbridge.journal.jdbc;

import static io.pairingbridge.journal.jdbc.Columns.fromJson;
import static io.pairingbridge.journal.jdbc.Columns.instant;
import static io.pairingbridge.journal.jdbc.Columns.integer;
import static io.pairingbridge.journal.jdbc.Columns.millis;
import static io.pairingbridge.journal.jdbc.Columns.text;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.Result;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.JournalReader.AttemptRecord;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.jdbc.Leases.Lease;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The table {@code attempt}: each call, what came of it, and its sealed answer until that is published. */
final class AttemptTable {
    private static final String CREDENTIALS = """
      SELECT a.*, j.batch_id, j.reference, j.requested_at, j.attempts FROM attempt a JOIN job j ON j.job_id = a.job_id
      WHERE a.sealed IS NOT NULL AND a.result = 'PAIRED'""";

    /** Nobody else's lease; one that expires too far away was granted before the clock was turned back. */
    private static final String UNLEASED =
            "(a.send_until IS NULL OR a.sender = ? OR a.send_until <= ? OR a.send_until > ?)";

    private final JdbcClient sql;

    AttemptTable(JdbcClient sql) {
        this.sql = sql;
    }

    /** An attempt that is under way. */
    void enter(Job job, Attempt attempt, Owner owner, Instant deadline, Instant now) {
        sql.sql(
                        "INSERT INTO attempt (attempt_id, job_id, number, owner, started_at, deadline) VALUES (?, ?, ?, ?, ?, ?)")
                .params(attempt.id(), job.id(), attempt.number(), owner.toString(), millis(now), millis(deadline))
                .update();
    }

    /** Of a job, oldest first. */
    List<AttemptRecord> all(String jobId) {
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

    int count(String jobId) {
        return sql.sql("SELECT COUNT(*) FROM attempt WHERE job_id = ?")
                .param(jobId)
                .query(Integer.class)
                .single();
    }

    /**
     * What an attempt came to.
     *
     * @param lease on the sealed answer, if it brought one
     * @return false if its credentials were published already, so that nothing is left to write
     */
    boolean close(String attemptId, AttemptReport report, boolean late, Lease lease, Instant now) {
        SealedAnswer answer = report.sealed();
        PairedTerminal terminal = report.terminal();
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
                                answer == null ? null : lease.holder(),
                                answer == null ? null : millis(lease.expiry()),
                                late ? 1 : 0,
                                text(terminal.payConnectId()),
                                text(terminal.payConnectName()),
                                text(terminal.terminalId()),
                                attemptId)
                        .update()
                == 1;
    }

    /** The caller is gone: ambiguous, until its result comes after all. */
    void closeLost(String attemptId, Instant now) {
        sql.sql(
                        "UPDATE attempt SET ended_at = ?, result = 'AMBIGUOUS', detail = ? WHERE attempt_id = ? AND result IS NULL")
                .params(
                        millis(now),
                        "the process that made the call ended before the answer was written down",
                        attemptId)
                .update();
    }

    /** What {@link #close} has just written. */
    static Credentials sealed(
            Entry known, Attempt attempt, AttemptReport report, boolean late, boolean current, Lease lease) {
        PairedTerminal terminal = report.terminal();
        return new Credentials(
                attempt.id(),
                known.jobId(),
                known.batchId(),
                report.sealed(),
                new PairedTerminal(
                        text(terminal.payConnectId()), text(terminal.payConnectName()), text(terminal.terminalId())),
                lease.holder(),
                lease.expiry(),
                late,
                known.reference(),
                known.requestedAt(),
                known.attempts() + (current ? 1 : 0));
    }

    /** The credentials of this attempt are on their queue: its sealed bytes are gone. */
    void erase(String attemptId, Instant now) {
        sql.sql(
                        "UPDATE attempt SET sealed = NULL, break_glass = NULL, published_at = COALESCE(published_at, ?) WHERE attempt_id = ?")
                .params(millis(now), attemptId)
                .update();
    }

    Credentials credentials(String jobId) {
        return sql.sql(CREDENTIALS + " AND a.job_id = ? ORDER BY a.ended_at DESC LIMIT 1")
                .param(jobId)
                .query(AttemptTable::credentials)
                .single();
    }

    Optional<Instant> oldestUnpublished() {
        return sql.sql("SELECT MIN(ended_at) FROM attempt WHERE sealed IS NOT NULL AND result = 'PAIRED'")
                .query(Long.class)
                .optional()
                .map(Instant::ofEpochMilli);
    }

    /** How many answers hold credentials that are not published. */
    long countUnpublished() {
        return sql.sql("SELECT COUNT(*) FROM attempt WHERE sealed IS NOT NULL AND result = 'PAIRED'")
                .query(Long.class)
                .single();
    }

    /** Also what ended after now: the clock was turned back since, and would let it wait for hours. */
    List<Credentials> unpublished(Instant before, Instant now, int limit) {
        return sql.sql(CREDENTIALS + " AND (a.ended_at < ? OR a.ended_at > ?) ORDER BY a.ended_at LIMIT ?")
                .params(millis(before), millis(now), limit)
                .query(AttemptTable::credentials)
                .list();
    }

    /** As {@link #unpublished}, but for what somebody else holds a lease on. */
    List<Credentials> unpublished(Instant before, String holder, Instant furthestExpiry, Instant now, int limit) {
        return sql.sql(CREDENTIALS + " AND (a.ended_at < ? OR a.ended_at > ?) AND " + UNLEASED
                        + " ORDER BY a.ended_at LIMIT ?")
                .params(millis(before), millis(now), holder, millis(now), millis(furthestExpiry), limit)
                .query(AttemptTable::credentials)
                .list();
    }

    /** False if somebody else holds one, or if nothing is left to send. */
    boolean acquireLease(String attemptId, Lease lease, Instant furthestExpiry, Instant now) {
        return sql.sql(
                                "UPDATE attempt AS a SET sender = ?, send_until = ? WHERE a.attempt_id = ? AND a.sealed IS NOT NULL AND "
                                        + UNLEASED)
                        .params(
                                lease.holder(),
                                millis(lease.expiry()),
                                attemptId,
                                lease.holder(),
                                millis(now),
                                millis(furthestExpiry))
                        .update()
                == 1;
    }

    /** The sealed bytes of an answer that could not be understood, or null. */
    SealedAnswer unreadable(String attemptId) {
        return sql.sql(
                        "SELECT sealed, key_id, content_type, break_glass FROM attempt WHERE attempt_id = ? AND result = 'UNREADABLE' AND sealed IS NOT NULL")
                .param(attemptId)
                .query(AttemptTable::sealedAnswer)
                .optional()
                .orElse(null);
    }

    /** Those of these jobs that began before this and whose job is not there any more. */
    void purge(List<String> jobIds, Instant before) {
        sql.sql("""
        DELETE FROM attempt WHERE job_id IN (:ids) AND started_at < :before
          AND NOT EXISTS (SELECT 1 FROM job j WHERE j.job_id = attempt.job_id)""").param("ids", jobIds).param("before", millis(before)).update();
    }

    private static SealedAnswer sealedAnswer(ResultSet row, int n) throws SQLException {
        return new SealedAnswer(
                row.getString("sealed"),
                row.getString("key_id"),
                row.getString("content_type"),
                row.getString("break_glass"));
    }

    private static Credentials credentials(ResultSet row, int n) throws SQLException {
        return new Credentials(
                row.getString("attempt_id"),
                row.getString("job_id"),
                row.getString("batch_id"),
                sealedAnswer(row, n),
                new PairedTerminal(
                        row.getString("pay_connect_id"),
                        row.getString("pay_connect_name"),
                        row.getString("terminal_id")),
                row.getString("sender"),
                instant(row, "send_until"),
                row.getInt("late") == 1,
                fromJson(row.getString("reference")),
                instant(row, "requested_at"),
                row.getInt("attempts"));
    }
}
