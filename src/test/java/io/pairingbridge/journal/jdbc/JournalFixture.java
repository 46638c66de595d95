package io.pairingbridge.journal.jdbc;

import io.pairingbridge.job.Job;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.testing.MovingClock;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;

/** What the contracts need of a database's own test: journals on it, a clock that they move, and jobs. */
interface JournalFixture {
    Duration CALL = Duration.ofSeconds(10);
    Duration GRACE = Duration.ofSeconds(2);
    Limits LIMITS = new Limits(
            CALL, Duration.ofHours(1), 3, new RetryPolicy(Duration.ofSeconds(1), Duration.ofMinutes(1), 2, 0));
    OtpHash HASH = new OtpHash("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.UTF_8));

    /** The dialect of a database that is empty before each test and the same for all calls within one. */
    Dialect dialect();

    /** The same database, for somebody who may change its tables. */
    default Dialect ownersDialect() {
        return dialect();
    }

    MovingClock clock();

    /** The number of a message that none had before. */
    String nextMessageId();

    /** A journal that is closed after the test. */
    JdbcJournal open(Dialect dialect, Limits limits, String instance, String run);

    default JdbcJournal open(Dialect dialect, String instance, String run) {
        return open(dialect, LIMITS, instance, run);
    }

    default JdbcJournal open(String instance, String run) {
        return open(dialect(), instance, run);
    }

    default Job job(String id, String otp) {
        return job(id, otp, nextMessageId());
    }

    default Job job(String id, String otp, String messageId) {
        return new Job(
                new Job.Origin(id, "batch-1", null, messageId, clock().instant(), null, 4, false, false),
                new PairingRequest("Till", otp, null, Map.of("store", "S-1")),
                "{}");
    }

    /** A job whose answer the journal has sealed, and which is on its way to its queue. */
    default Job sealed(Journal journal) {
        Job job = job("j", "otp");
        journal.admit(job);
        journal.answered(job, paired());
        return job;
    }

    default AttemptReport report(Result result) {
        return new AttemptReport(result, null, "as the test wants it", null, null);
    }

    default AttemptReport paired() {
        return new AttemptReport(
                Result.PAIRED,
                200,
                "ok",
                new SealedAnswer("sealed-bytes", "key-1", "application/jose", "glass-bytes"),
                new PairedTerminal("pc", "Till", "T1"),
                null);
    }

    /** Changes what the database holds, behind the journal's back. */
    default void change(String sql) throws SQLException {
        try (Connection connection = ownersDialect().openForWriting();
                var statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }
}
