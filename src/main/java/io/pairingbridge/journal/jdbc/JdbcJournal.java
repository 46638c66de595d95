package io.pairingbridge.journal.jdbc;

import io.micrometer.core.instrument.MeterRegistry;
import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.settings.Settings;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The journal in a relational database: opens it and puts its parts together. {@link GroupCommit} runs the
 * transactions; {@link io.pairingbridge.journal.Transitions} decides what {@link Admissions}, {@link Answers} and
 * {@link MissingRequests} write.
 */
public final class JdbcJournal implements Journal {
    private static final Logger LOG = LoggerFactory.getLogger(JdbcJournal.class);

    private final Owner owner;
    private final Clock clock;
    private final GroupCommit transactions;
    private final ReadPool reads;
    private final CallsUnderWay calls;
    private final Leases leases;
    private final Admissions admissions;
    private final Answers answers;
    private final MissingRequests missingRequests;
    private final JdbcBatches batches;
    private final JdbcReader reader;

    private JdbcJournal(Dialect dialect, Limits limits, Owner owner, OtpHash otpHash, Clock clock) throws SQLException {
        this.owner = owner;
        this.clock = clock;
        transactions = new GroupCommit(dialect);
        reads = new ReadPool(dialect);
        calls = new CallsUnderWay(owner, limits);
        leases = new Leases(transactions, reads, dialect.severalWriters(), owner.instance(), clock);
        Decisions decisions = new Decisions(limits, leases);
        admissions = new Admissions(transactions, decisions, calls, limits, owner, otpHash, clock);
        answers = new Answers(transactions, decisions, leases, calls, limits, owner, otpHash, clock);
        missingRequests = new MissingRequests(transactions, reads, decisions, calls, limits, clock);
        batches = new JdbcBatches(transactions, reads, dialect, clock);
        reader = new JdbcReader(reads, transactions, calls, batches, dialect, owner);
    }

    /**
     * Opens the journal, brings its schema up to date and proves that it is able to write durably.
     *
     * @param store where it is
     * @param otpHash null for one that will write nothing of a job
     * @throws JournalException naming the file or database and what to do
     */
    public static JdbcJournal open(
            Settings.JournalStore store, Limits limits, Owner owner, OtpHash otpHash, Clock clock) {
        String url = store.url();
        if (!url.startsWith(PostgresDialect.PREFIX) && !url.startsWith(SqliteDialect.PREFIX)) {
            throw new JournalException(
                    "pairing.journal.url is " + url + "; it must begin with jdbc:sqlite: or jdbc:postgresql:", null);
        }
        Dialect dialect = url.startsWith(PostgresDialect.PREFIX)
                ? new PostgresDialect(
                        url, store.username(), store.password(), otpHash == null ? null : owner.instance())
                : new SqliteDialect(url);
        return open(dialect, limits, owner, otpHash, clock);
    }

    static JdbcJournal open(Dialect dialect, Limits limits, Owner owner, OtpHash otpHash, Clock clock) {
        try {
            Flyway.configure()
                    .dataSource(new DialectDataSource(dialect::openForMigrating))
                    .locations("classpath:io/pairingbridge/journal")
                    .load()
                    .migrate();
            JdbcJournal journal = new JdbcJournal(dialect, limits, owner, otpHash, clock);
            try {
                journal.recover();
                if (otpHash != null) {
                    journal.agreeOnKey(otpHash);
                }
                return journal;
            } catch (RuntimeException e) {
                journal.close();
                throw e;
            }
        } catch (SQLException | FlywayException e) {
            throw new JournalException(
                    "the journal " + dialect.name() + " cannot be opened: " + ReadPool.rootMessage(e) + "; "
                            + dialect.remedy(),
                    e);
        }
    }

    /**
     * With another key no one-time password would be recognised, and each repeated request would be taken for a new
     * try.
     */
    private void agreeOnKey(OtpHash otpHash) {
        String mine = otpHash.of("what the key makes of this text");
        String agreed = transactions.write(tx -> tx.metadata().putIfAbsent("otp-key", mine));
        if (!mine.equals(agreed)) {
            throw new JournalException(
                    "the journal " + transactions.name()
                            + " was begun with another pairing.journal.otp-key: set the one that its"
                            + " bridges have (without the setting it is the file otp.key in the data directory of the bridge that began it)",
                    null);
        }
    }

    /** Has the pool of connections that read the journal measured; at most once. */
    public void measureReaders(MeterRegistry meters) {
        reads.measure(meters);
    }

    @Override
    public void admit(Job job) {
        admissions.admit(job);
    }

    @Override
    public void answered(Job job, AttemptReport report) {
        answers.answered(job, report);
    }

    @Override
    public boolean acquireLease(Credentials credentials) {
        return leases.acquire(credentials);
    }

    @Override
    public Entry published(String jobId, String attemptId) {
        return leases.published(jobId, attemptId);
    }

    @Override
    public List<Credentials> unpublished(Instant before, int limit) {
        return leases.unpublished(before, limit);
    }

    @Override
    public int countDelivery(String originalMessageId, String jobId) {
        return admissions.countDelivery(originalMessageId, jobId);
    }

    @Override
    public Ending refused(Job job, Ending ending) {
        return admissions.refused(job, ending);
    }

    @Override
    public void refusedRow(Job job, Ending ending) {
        admissions.refusedRow(job, ending);
    }

    @Override
    public Entry quarantine(Job job, Ending ending) {
        return admissions.quarantine(job, ending);
    }

    @Override
    public Optional<String> runningJob(String originalMessageId, Instant requestedAt) {
        return reads.read(tables -> tables.jobs().runningJob(originalMessageId, requestedAt));
    }

    @Override
    public List<Orphan> orphans(boolean nothingWaits, int limit) {
        return missingRequests.find(nothingWaits, limit);
    }

    @Override
    public void gone(Job notice, Orphan orphan) {
        missingRequests.end(notice, orphan);
    }

    @Override
    public Optional<Entry> find(String jobId) {
        return reader.find(jobId);
    }

    @Override
    public Batches batches() {
        return batches;
    }

    @Override
    public JournalReader reader() {
        return reader;
    }

    @Override
    public int purge(Duration olderThan) {
        calls.purge();
        return transactions.write(tx -> {
            Instant before = clock.instant().minus(olderThan);
            return tx.jobs().purge(before)
                    + tx.endedTries().purge(before)
                    + tx.deliveryCounts().purge(before)
                    + tx.batches().purge(before);
        });
    }

    @Override
    public Optional<String> failure() {
        return transactions.failure();
    }

    @Override
    public void recover() {
        transactions.reopen();
        transactions.write(tx -> tx.metadata().writeProbe(owner, clock.instant()));
        answers.writePending();
    }

    @Override
    public void close() {
        if (answers.pending() > 0) {
            try {
                recover(); // the last chance for an answer that only this process knows
            } catch (JournalException e) {
                LOG.error(
                        "{} sealed answers could not be written and are lost with this process; their jobs end in doubt: {}",
                        answers.pending(),
                        e.getMessage());
            }
        }
        transactions.close();
        reads.close();
    }
}
