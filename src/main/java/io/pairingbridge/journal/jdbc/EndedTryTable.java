package io.pairingbridge.journal.jdbc;

import static io.pairingbridge.journal.jdbc.Columns.millis;
import static io.pairingbridge.journal.jdbc.Columns.text;
import static io.pairingbridge.journal.jdbc.Columns.toJson;

import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.State;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The table {@code ended_try}: how tries of a job ended that were followed by one with another one-time password. */
final class EndedTryTable {
    /** The columns that a row of an ended try takes over from its job. */
    private static final String OF_A_TRY = """
      job_id, state, otp_hash, carrier, batch_id, reference, requested_at, expires_at, due_at, waits, attempts, ambiguous,
      attempt_id, owner, deadline, reason, detail, http_status, pay_connect_id, pay_connect_name, terminal_id, finished_at""";

    private final JdbcClient sql;

    EndedTryTable(JdbcClient sql) {
        this.sql = sql;
    }

    /** The try of the job with this one-time password. */
    Optional<Entry> find(String jobId, String otpHash) {
        return sql.sql("SELECT * FROM ended_try WHERE job_id = ? AND otp_hash = ?")
                .params(jobId, otpHash)
                .query(Columns::entry)
                .optional();
    }

    /** Oldest first. */
    List<Entry> all(String jobId) {
        return sql.sql("SELECT * FROM ended_try WHERE job_id = ? ORDER BY finished_at")
                .param(jobId)
                .query(Columns::entry)
                .list();
    }

    /** Keeps the try that the job's row is about, unless the next one has the same one-time password. */
    void keep(String jobId, String nextOtpHash) {
        sql.sql(
                        "DELETE FROM ended_try WHERE job_id = ? AND (otp_hash = ? OR otp_hash = (SELECT otp_hash FROM job WHERE job_id = ?))")
                .params(jobId, nextOtpHash, jobId)
                .update();
        sql.sql("INSERT INTO ended_try (" + OF_A_TRY + ") SELECT " + OF_A_TRY
                        + " FROM job WHERE job_id = ? AND otp_hash <> ?")
                .params(jobId, nextOtpHash)
                .update();
    }

    /** A try that ended at once and is not what the job's row is about. */
    void insert(Job job, State state, String otpHash, Ending ending, Instant now) {
        Job.Origin origin = job.origin();
        sql.sql("""
        INSERT INTO ended_try (job_id, state, otp_hash, carrier, batch_id, reference, requested_at, waits, attempts, ambiguous, reason,
          detail, finished_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?, ?, ?)""")
                .params(
                        job.id(),
                        state.name(),
                        otpHash,
                        origin.originalMessageId(),
                        origin.batchId(),
                        toJson(job.reference()),
                        millis(origin.requestedAt()),
                        ending.reason(),
                        text(ending.detail()),
                        millis(now))
                .update();
    }

    /** Deletes up to a thousand that ended before this. */
    int purge(Instant before) {
        return sql.sql("""
        DELETE FROM ended_try WHERE (job_id, otp_hash) IN (SELECT job_id, otp_hash FROM ended_try WHERE finished_at < ? LIMIT 1000)""").param(millis(before)).update();
    }
}
