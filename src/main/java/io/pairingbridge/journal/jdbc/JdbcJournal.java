package io.pairingbridge.journal.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.micrometer.core.instrument.MeterRegistry;
import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.KeptAnswer;
import io.pairingbridge.job.Next;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.EndingDescriptions;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.State;
import io.pairingbridge.journal.Transitions.Delivery;
import io.pairingbridge.journal.Transitions.Move;
import io.pairingbridge.journal.Transitions;
import io.pairingbridge.settings.Settings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * The journal in a relational database. {@link Transitions} decides, {@link JobRows} holds the SQL, this class the
 * transactions.
 */
public final class JdbcJournal implements Journal {
    private static final Logger LOG = LoggerFactory.getLogger(JdbcJournal.class);

    /**
     * A send ends within the 30 s that the broker is given to answer; the rest is for its begin and for clocks that
     * differ a little.
     */
    private static final Duration SEND_TURN = Duration.ofSeconds(45);

    private static final Duration LATEST_BEGIN = Duration.ofSeconds(10);

    private final Dialect dialect;
    private final Limits limits;
    private final Owner owner;
    private final OtpHash otpHash;
    private final Clock clock;
    private final GroupCommit writer;
    private final HikariDataSource readers;
    private final JobRows readRows;
    private Connection writing;
    private JobRows writtenRows;
    /**
     * Attempts that this process has begun and not answered: of these it knows by itself whether they may still run.
     */
    private final Map<String, Attempt> underWay = new ConcurrentHashMap<>();
    /** Sealed answers that the failing store did not take: written first when it is healed. */
    private final Queue<Owed> owed = new ConcurrentLinkedQueue<>();

    private final JdbcBatches batches = new JdbcBatches();

    private record Owed(Job job, AttemptReport report) {}

    private JdbcJournal(Dialect dialect, Limits limits, Owner owner, OtpHash otpHash, Clock clock) throws SQLException {
        this.dialect = dialect;
        this.limits = limits;
        this.owner = owner;
        this.otpHash = otpHash;
        this.clock = clock;
        this.writer = new GroupCommit(dialect);
        HikariConfig config = new HikariConfig();
        config.setPoolName("journal-readers");
        config.setMaximumPoolSize(4);
        config.setMinimumIdle(0);
        config.setReadOnly(true);
        config.setConnectionTimeout(5_000);
        config.setDataSource(new DialectDataSource(dialect::openForReading));
        this.readers = new HikariDataSource(config);
        this.readRows = new JobRows(JdbcClient.create(readers));
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
                journal.heal();
                if (otpHash != null) {
                    journal.agreeOnKey();
                }
                return journal;
            } catch (RuntimeException e) {
                journal.close();
                throw e;
            }
        } catch (SQLException | FlywayException e) {
            throw new JournalException(
                    "the journal " + dialect.name() + " cannot be opened: " + rootMessage(e) + "; " + dialect.remedy(),
                    e);
        }
    }

    /** Has the pool of connections that read the journal measured; at most once. */
    public void measureReaders(MeterRegistry meters) {
        readers.setMetricRegistry(meters);
    }

    /**
     * With another key no one-time password would be recognised, and each repeated request would be taken for a new
     * try.
     */
    private void agreeOnKey() {
        String mine = otpHash.of("what the key makes of this text");
        String agreed = write(rows -> rows.fact("otp-key", mine));
        if (!mine.equals(agreed)) {
            throw new JournalException(
                    "the journal " + dialect.name()
                            + " was begun with another pairing.journal.otp-key: set the one that its"
                            + " bridges have (without the setting it is the file otp.key in the data directory of the bridge that began it)",
                    null);
        }
    }

    @Override
    public void admit(Job job) {
        String hash = otpHash.of(job.request().otp());
        Consumer<Job> decision = writeFor(job, rows -> {
            rows.gotSomewhere(job.origin().carrier());
            Optional<Entry> known = tryOf(rows, job, hash);
            Instant now = clock.instant();
            Move move = Transitions.delivered(
                    known.map(Entry::known).orElse(null),
                    delivery(job, hash, known.orElse(null), now),
                    limits.maxAmbiguous());
            if (move.lostAttempt()) {
                closeLost(rows, known.orElseThrow(), now);
            }
            if (move.duplicate()) {
                rows.batches()
                        .end(
                                job.origin().batchId(),
                                job.id(),
                                hash,
                                Outcome.DUPLICATE,
                                Transitions.DUPLICATE,
                                "the job id belongs to a job with another one-time password",
                                now);
                Ending duplicate = duplicate(job, known.orElseThrow(), now);
                return j -> j.finish(duplicate, false);
            }
            return follow(rows, job, hash, known.orElse(null), move, null, null, now);
        });
        decision.accept(job);
    }

    /**
     * What the delivery is about: the job as it stands, or an earlier try of it with this one-time password, whose
     * ending may never have been told: the process may have died between writing it down and the acknowledgement, and
     * another try begun before this message came again.
     */
    private static Optional<Entry> tryOf(JobRows rows, Job job, String hash) {
        Optional<Entry> known = rows.find(job.id());
        if (known.isEmpty() || hash.equals(known.get().otpHash())) {
            return known;
        }
        Optional<Entry> earlier = rows.endedTry(job.id(), hash);
        boolean anew = earlier.isEmpty()
                || job.origin().replay() && earlier.get().state().unspent();
        return anew ? known : earlier;
    }

    @Override
    public void answered(Job job, AttemptReport report) {
        Consumer<Job> decision;
        try {
            decision = writeFor(job, answer(job, report));
        } catch (JournalException e) {
            if (report.sealed() != null) {
                owed.add(new Owed(job, report));
            }
            throw e;
        }
        decision.accept(job);
        underWay.remove(job.attempt().id());
    }

    private Work<Consumer<Job>> answer(Job job, AttemptReport report) {
        Attempt attempt = job.attempt();
        return rows -> {
            Instant now = clock.instant();
            Entry known = rows.find(job.id())
                    .or(() -> anew(rows, job, report, now))
                    .orElseThrow(() -> new IllegalStateException(
                            "attempt " + attempt.id() + " of job " + job.id() + " is not in the journal"));
            boolean current = known.state() == State.CALLING && attempt.id().equals(known.attemptId());
            JobRows.Turn turn = turn(now);
            boolean late =
                    report.result() == Result.PAIRED && known.state().ended() && known.state() != State.PUBLISHED;
            if (!rows.close(attempt.id(), report, late, turn, now) && !closeAnew(rows, job, report, late, turn, now)) {
                // Written before, by a commit that was reported as failed, and published since.
                return j -> known.finish(j, true, null);
            }
            Credentials sealed = null;
            if (report.result() == Result.PAIRED) {
                rows.seal(job.id(), attempt.id(), report, current, now);
                sealed = JobRows.sealed(known, attempt, report, late, current, turn);
            }
            Move move = Transitions.answered(
                    known.known(), report.result(), current, !expired(known, now), limits.maxAmbiguous());
            return follow(rows, job, known.otpHash(), known, move, report, sealed, now);
        };
    }

    /**
     * The job, where the store has forgotten what it had committed (a standby that was promoted too early, a backup
     * that was put back under a running bridge) and there is a sealed answer: it is all there is, and nobody can fetch
     * it again.
     */
    private Optional<Entry> anew(JobRows rows, Job job, AttemptReport report, Instant now) {
        if (report.sealed() == null) {
            return Optional.empty();
        }
        tellForgotten(job);
        rows.insert(job, State.CALLING, otpHash.of(job.request().otp()), now);
        return rows.find(job.id());
    }

    /** The same for an attempt; false if the store knows it, or if there is no sealed answer. */
    private boolean closeAnew(
            JobRows rows, Job job, AttemptReport report, boolean late, JobRows.Turn turn, Instant now) {
        if (report.sealed() == null || rows.knows(job.attempt())) {
            return false;
        }
        tellForgotten(job);
        rows.enter(job, job.attempt(), owner, now, now);
        return rows.close(job.attempt().id(), report, late, turn, now);
    }

    private void tellForgotten(Job job) {
        LOG.error(
                "The journal {} has lost what it had committed: attempt {} of job {}; its sealed answer is entered anew",
                dialect.name(),
                job.attempt().id(),
                job.id());
    }

    @Override
    public Entry published(String jobId, String attemptId) {
        // With the job locked: two processes that each publish an attempt of it must not both take the other's for
        // unpublished.
        return writeLocked(jobId, rows -> rows.publish(jobId, attemptId, clock.instant()));
    }

    @Override
    public List<Credentials> unpublished(Instant before, int limit) {
        Instant now = clock.instant();
        return read(rows -> dialect.severalWriters()
                ? rows.unpublished(before, owner.instance(), furthestTurn(now), now, limit)
                : rows.unpublished(before, now, limit));
    }

    @Override
    public boolean takeTurn(Credentials credentials) {
        return !dialect.severalWriters()
                || owner.instance().equals(credentials.sender()) && begins(credentials.sendUntil(), clock.instant())
                || writeLocked(credentials.jobId(), rows -> {
                    Instant now = clock.instant();
                    return rows.takeTurn(credentials.attemptId(), turn(now), furthestTurn(now), now);
                });
    }

    private JobRows.Turn turn(Instant now) {
        return new JobRows.Turn(owner.instance(), now.plus(SEND_TURN));
    }

    /**
     * A turn that ends later than this was given before the clock was turned back. Twice its length, because another
     * bridge's clock may be ahead of this one's, and because it may have been given since this was asked.
     */
    private static Instant furthestTurn(Instant now) {
        return now.plus(SEND_TURN.multipliedBy(2));
    }

    /** For how long another bridge may still be sending these; zero or less if none is. */
    private Duration othersTurn(Credentials credentials, Instant now) {
        Instant until = credentials.sendUntil();
        boolean others =
                dialect.severalWriters() && until != null && !owner.instance().equals(credentials.sender());
        return others && !until.isAfter(furthestTurn(now)) ? Duration.between(now, until) : Duration.ZERO;
    }

    /** Whether a send that begins now in a turn that ends then is certainly over by then. */
    private static boolean begins(Instant until, Instant now) {
        Duration left = Duration.between(now, until);
        return left.compareTo(SEND_TURN) <= 0 && left.compareTo(SEND_TURN.minus(LATEST_BEGIN)) >= 0;
    }

    @Override
    public int begun(String carrier, String jobId) {
        return write(rows -> rows.begun(carrier, jobId, clock.instant()));
    }

    @Override
    public Ending refused(Job job, Ending ending) {
        return writeFor(job, rows -> {
            Optional<Entry> known = rows.find(job.id());
            if (known.isEmpty() || known.get().state() == State.INVALID) {
                rows.replace(job, State.INVALID, null, clock.instant());
                rows.end(job, State.INVALID, ending.reason(), ending.detail(), null, clock.instant());
            }
            endRow(rows, job, ending);
            return ending;
        });
    }

    @Override
    public void refusedRow(Job job, Ending ending) {
        writeFor(job, rows -> {
                    rows.gotSomewhere(job.origin().carrier());
                    Optional<Entry> known = rows.find(job.id());
                    Optional<Entry> before = known.filter(k -> job.rowHash().equals(k.otpHash()))
                            .or(() -> rows.endedTry(job.id(), job.rowHash()));
                    if (before.isEmpty()) {
                        Instant now = clock.instant();
                        if (known.isEmpty() || known.get().state() == State.INVALID) {
                            rows.replace(job, State.INVALID, job.rowHash(), now);
                            rows.end(job, State.INVALID, ending.reason(), ending.detail(), null, now);
                        } else {
                            rows.insertEndedTry(job, State.INVALID, job.rowHash(), ending, now);
                        }
                    }
                    Entry ended = before.or(() -> rows.find(job.id())
                                    .filter(k -> job.rowHash().equals(k.otpHash())))
                            .or(() -> rows.endedTry(job.id(), job.rowHash()))
                            .orElseThrow();
                    boolean toldBefore = !job.origin().carrier().equals(ended.carrier());
                    return (Consumer<Job>) j -> ended.finish(j, toldBefore, null);
                })
                .accept(job);
    }

    @Override
    public Entry setAside(Job job, Ending ending) {
        return writeFor(job, rows -> {
            // The count stays: should the acknowledgement be lost, the job is set aside again and not taken for a new
            // one.
            Optional<Entry> known = rows.find(job.id());
            Instant now = clock.instant();
            if (known.isEmpty()) {
                rows.insert(job, State.INVALID, null, now);
            } else if (known.get().state().outcome() != null) {
                return known.get();
            }
            boolean called = known.isPresent()
                    && (known.get().attempts() > 0 || known.get().state() == State.CALLING);
            known.filter(k -> k.state() == State.CALLING).ifPresent(k -> closeLost(rows, k, now));
            rows.end(job, called ? State.IN_DOUBT : State.INVALID, ending.reason(), ending.detail(), null, now);
            Entry aside = rows.find(job.id()).orElseThrow();
            endRow(rows, job, aside.ending());
            return aside;
        });
    }

    @Override
    public Optional<String> runningJob(String carrier, Instant requestedAt) {
        return read(rows -> rows.runningJob(carrier, requestedAt));
    }

    @Override
    public List<Orphan> orphans(boolean nothingWaits, int limit) {
        Instant now = clock.instant();
        Instant untouchedSince = now.minus(limits.callMayRun().multipliedBy(2));
        return read(rows -> {
            List<Orphan> orphans =
                    new ArrayList<>(rows.orphans(nothingWaits, untouchedSince, limits.maxAge(), now, limit));
            orphans.addAll(rows.batches()
                    .orphans(
                            nothingWaits ? untouchedSince : untouchedSince.minus(limits.maxAge()),
                            limit - orphans.size()));
            return orphans;
        });
    }

    @Override
    public void gone(Job notice, Orphan orphan) {
        Consumer<Job> decision = writeFor(notice, rows -> {
            Instant now = clock.instant();
            Entry known = rows.find(notice.id()).orElse(null);
            return orphan.touchedAt() == 0
                    ? rowGone(rows, notice, known, now)
                    : jobGone(rows, notice, orphan, known, now);
        });
        decision.accept(notice);
    }

    private Consumer<Job> jobGone(JobRows rows, Job notice, Orphan orphan, Entry known, Instant now) {
        boolean sameMessage = known != null && notice.origin().carrier().equals(known.carrier());
        if (known == null || !sameMessage && rows.touchedAt(notice.id()) != orphan.touchedAt()) {
            return Job::drop; // somebody has handled it since
        }
        Move move = Transitions.gone(known.known(), sameMessage, callMayRun(known, now));
        if (move.next() == Next.DROP) {
            return Job::drop;
        }
        if (move.lostAttempt()) {
            closeLost(rows, known, now);
        }
        return follow(rows, notice, known.otpHash(), known, move, null, null, now);
    }

    /** A row of a batch whose request was sent and never came; its job may bear the id of another one. */
    private Consumer<Job> rowGone(JobRows rows, Job notice, Entry known, Instant now) {
        if (known != null && notice.origin().carrier().equals(known.carrier())) {
            return follow(rows, notice, known.otpHash(), known, new Move(null, Next.FINISH, null, false), null, null, now);
        }
        String hash =
                rows.batches().openRow(notice.origin().batchId(), notice.id()).orElse(null);
        if (hash == null) {
            return Job::drop;
        }
        if (known != null && hash.equals(known.otpHash())) {
            rows.batches().endWith(notice.id()); // if the job has ended; else it takes the row along when it does
            return Job::drop;
        }
        if (known == null || known.state().ended() && known.state() != State.PUBLISHED) {
            return follow(
                    rows,
                    notice,
                    hash,
                    known,
                    new Move(State.EXPIRED, Next.FINISH, Transitions.REQUEST_GONE, false),
                    null,
                    null,
                    now);
        }
        Ending duplicate = duplicate(notice, known, now);
        rows.batches()
                .end(
                        notice.origin().batchId(),
                        notice.id(),
                        hash,
                        duplicate.outcome(),
                        duplicate.reason(),
                        duplicate.detail(),
                        now);
        return j -> j.finish(duplicate, false);
    }

    private static Ending duplicate(Job job, Entry known, Instant now) {
        return Ending.uncalled(
                Outcome.DUPLICATE,
                Transitions.DUPLICATE,
                "the job id belongs to a job with another one-time password, which" + " is " + EndingDescriptions.of(known.state()),
                job.origin().carrier(),
                now);
    }

    /**
     * The row that this request is of, by its one-time password: whoever else gives its ids to a message ends no row.
     */
    private void endRow(JobRows rows, Job job, Ending ending) {
        String hash = job.request() != null ? otpHash.of(job.request().otp()) : job.rowHash();
        if (hash == null) {
            return;
        }
        rows.batches()
                .end(
                        job.origin().batchId(),
                        job.id(),
                        hash,
                        ending.outcome(),
                        ending.reason(),
                        ending.detail(),
                        clock.instant());
    }

    @Override
    public Optional<Entry> find(String jobId) {
        return read(rows -> rows.find(jobId));
    }

    @Override
    public List<Entry> earlierTries(String jobId) {
        return read(rows -> rows.endedTries(jobId));
    }

    @Override
    public List<AttemptRecord> attempts(String jobId) {
        return read(rows -> rows.attempts(jobId));
    }

    @Override
    public List<FoundJob> search(List<String> words, int limit) {
        return read(rows -> rows.search().find(words, limit));
    }

    @Override
    public Optional<Instant> oldestUnpublished() {
        return read(JobRows::oldestUnpublished);
    }

    @Override
    public Map<State, Long> counts() {
        return read(JobRows::counts);
    }

    @Override
    public Map<String, Long> instances() {
        Set<String> others;
        try (Connection connection = readers.getConnection()) {
            others = dialect.others(connection);
        } catch (SQLException e) {
            throw new JournalException(
                    "the journal " + dialect.name() + " cannot be asked who uses it: " + rootMessage(e), e);
        }
        Map<String, Long> calls = read(JobRows::calls);
        Map<String, Long> instances = new TreeMap<>();
        others.forEach(other -> instances.put(
                other,
                calls.entrySet().stream()
                        .filter(call -> dialect.names(other, Owner.instanceOf(call.getKey())))
                        .mapToLong(Map.Entry::getValue)
                        .sum()));
        instances.put(owner.instance(), calls.getOrDefault(owner.toString(), 0L));
        return instances;
    }

    @Override
    public void onCommit(LongConsumer nanos) {
        writer.onCommit(nanos);
    }

    @Override
    public double oldestCallSeconds() {
        return underWay.values().stream()
                .filter(Attempt::held)
                .mapToDouble(Attempt::seconds)
                .max()
                .orElse(0);
    }

    @Override
    public Batches batches() {
        return batches;
    }

    @Override
    public int purge(Duration olderThan) {
        underWay.values()
                .removeIf(attempt -> !attempt.held()
                        && attempt.nanosLeft() < -limits.callMayRun().toNanos());
        return write(rows -> rows.purge(clock.instant().minus(olderThan)));
    }

    @Override
    public Optional<String> failure() {
        return writer.failure();
    }

    @Override
    public void heal() {
        writer.reopen();
        write(rows -> rows.beat(owner, clock.instant()));
        for (Owed answer = owed.peek(); answer != null; answer = owed.peek()) {
            writeFor(
                    answer.job(),
                    answer(answer.job(), answer.report())); // the reconciler publishes it; its delivery is long gone
            owed.remove(answer);
        }
    }

    @Override
    public void close() {
        if (!owed.isEmpty()) {
            try {
                heal(); // the last chance for an answer that only this process knows
            } catch (JournalException e) {
                LOG.error(
                        "{} sealed answers could not be written and are lost with this process; their jobs end in doubt: {}",
                        owed.size(),
                        e.getMessage());
            }
        }
        writer.close();
        readers.close();
    }

    // ---- deciding
    // ----------------------------------------------------------------------------------------------------

    private Delivery delivery(Job job, String hash, Entry known, Instant now) {
        if (known == null) {
            return new Delivery(
                    true, false, job.origin().replay(), !job.origin().expired() && !expired(job, now), true, false);
        }
        boolean sameOtp = hash.equals(known.otpHash());
        boolean newTry = !sameOtp || known.state().unspent();
        boolean expired = job.origin().expired() || (newTry ? expired(job, now) : expired(known, now));
        return new Delivery(
                sameOtp,
                job.origin().carrier().equals(known.carrier()),
                job.origin().replay(),
                !expired,
                known.dueAt() == null
                        || !capped(known.dueAt(), limits.retry().max(), now).isAfter(now),
                callMayRun(known, now));
    }

    /**
     * Whether somebody may still be inside the call. Of its own calls this process knows who holds them, and their
     * deadline on the monotonic clock; an earlier run of this instance is dead; of anybody else only the deadline
     * tells.
     */
    private boolean callMayRun(Entry known, Instant now) {
        if (known.state() != State.CALLING || owner.isEarlierRun(known.owner())) {
            return false;
        }
        if (known.owner().equals(owner.toString())) {
            Attempt mine = underWay.get(known.attemptId());
            return mine != null && (mine.held() || mine.nanosLeft() > 0);
        }
        return known.deadline().isAfter(now);
    }

    private boolean expired(Job job, Instant now) {
        return expired(job.origin().requestedAt(), job.origin().expiresAt(), now);
    }

    private boolean expired(Entry known, Instant now) {
        return expired(known.requestedAt(), known.expiresAt(), now);
    }

    private boolean expired(Instant requestedAt, Instant expiresAt, Instant now) {
        return !end(requestedAt, expiresAt).isAfter(now);
    }

    private Instant end(Instant requestedAt, Instant expiresAt) {
        Instant tooOld = requestedAt.plus(limits.maxAge());
        return expiresAt == null || tooOld.isBefore(expiresAt) ? tooOld : expiresAt;
    }

    /** A stored instant further ahead than it can ever be set means that the wall clock was turned back since. */
    private static Instant capped(Instant stored, Duration furthest, Instant now) {
        Instant limit = now.plus(furthest);
        return stored.isAfter(limit) ? now : stored;
    }

    // ---- writing
    // -----------------------------------------------------------------------------------------------------

    /**
     * Writes what the move says and returns what it means for the delivery, to be applied once the commit is durable.
     */
    private Consumer<Job> follow(
            JobRows rows,
            Job job,
            String hash,
            Entry known,
            Move move,
            AttemptReport report,
            Credentials sealed,
            Instant now) {
        State to = move.to();
        return switch (move.next()) {
            case CALL -> begin(rows, job, hash, known, now);
            case PUBLISH -> {
                Credentials credentials = sealed != null ? sealed : rows.credentials(job.id());
                Duration othersTurn = othersTurn(credentials, now);
                yield othersTurn.isNegative() || othersTurn.isZero()
                        ? j -> j.publish(credentials)
                        : j -> j.waitFor(othersTurn);
            }
            case WAIT -> {
                Instant until = to == State.WAITING ? await(rows, job, known, report, now) : waitFor(rows, known, now);
                Duration delay = Duration.between(now, until);
                yield j -> j.waitFor(delay);
            }
            case FINISH -> {
                if (to != null && (known == null || known.state().ended())) {
                    rows.replace(job, to, hash, now);
                }
                if (to != null) {
                    String last = report == null ? rows.lastDetail(known) : report.detail();
                    rows.end(job, to, move.why(), EndingDescriptions.of(move.why(), last), report, now);
                }
                Entry ended = to == null ? known : rows.find(job.id()).orElseThrow();
                if (to == null) { // else its rows have ended with it
                    boolean endedRow = rows.batches()
                            .end(
                                    job.origin().batchId(),
                                    job.id(),
                                    hash,
                                    ended.state().outcome(),
                                    ended.reason(),
                                    ended.detail(),
                                    now);
                    if (endedRow) {
                        rows.batches().endWith(job.id()); // of an earlier try; the job may have been paired since
                    }
                }
                boolean repeated = to == null && !job.origin().carrier().equals(ended.carrier());
                KeptAnswer answer = ended.state() == State.IN_DOUBT ? rows.unreadable(ended.attemptId()) : null;
                yield j -> ended.finish(j, repeated, answer);
            }
            case DROP -> Job::drop;
        };
    }

    private Consumer<Job> begin(JobRows rows, Job job, String hash, Entry known, Instant now) {
        int earlier = known == null ? 0 : rows.countAttempts(job.id());
        Attempt attempt = new Attempt(UUID.randomUUID().toString(), 1 + earlier, limits.callDeadline());
        Instant deadline = now.plus(limits.callMayRun());
        if (known == null) {
            rows.insertCalling(job, hash, attempt, owner, deadline, now);
        } else {
            if (known.state() != State.WAITING) {
                rows.replace(job, State.CALLING, hash, now);
            }
            rows.begin(job, attempt, owner, deadline, now);
        }
        // Before the commit, so that there is no moment in which the journal knows of a call of ours and we do not.
        // Should the
        // transaction be repeated, the entry that stays behind belongs to no attempt and goes with the next purge.
        underWay.put(attempt.id(), attempt);
        return j -> j.call(attempt);
    }

    private Instant await(JobRows rows, Job job, Entry known, AttemptReport report, Instant now) {
        Duration retryAfter = report == null ? null : report.retryAfter();
        Instant due = now.plus(limits.retry()
                .delay(known.waits(), retryAfter, ThreadLocalRandom.current().nextDouble()));
        // Not beyond the job's own end: that it came is to be noticed when it comes.
        Instant end = end(known.requestedAt(), known.expiresAt());
        Instant until = due.isBefore(end) ? due : end;
        rows.await(job, report, until, now);
        return until;
    }

    private Instant waitFor(JobRows rows, Entry known, Instant now) {
        if (known.state() != State.CALLING) {
            Instant furthest = now.plus(limits.retry().max());
            return known.dueAt() == null ? now : known.dueAt().isAfter(furthest) ? furthest : known.dueAt();
        }
        Instant furthest = now.plus(limits.callMayRun());
        if (known.deadline().isAfter(furthest)) {
            // The wall clock was turned back since the call began; from here its full time is granted once more, not
            // days.
            rows.moveDeadline(known.jobId(), furthest);
            return furthest;
        }
        // A call of this process may end before that, or not: coming back a moment later costs nothing.
        return known.deadline().isAfter(now) ? known.deadline() : now.plusMillis(200);
    }

    private void closeLost(JobRows rows, Entry known, Instant now) {
        underWay.remove(known.attemptId());
        rows.closeLost(known, now);
    }

    // ---- transactions
    // ------------------------------------------------------------------------------------------------

    private interface Work<T> {
        T with(JobRows rows) throws SQLException;
    }

    private <T> T write(Work<T> work) {
        return writer.write(connection -> work(connection, work));
    }

    /** As {@link #write}, with nobody else deciding about this job meanwhile. */
    private <T> T writeFor(Job job, Work<T> work) {
        return writeLocked(job.id(), work);
    }

    private <T> T writeLocked(String name, Work<T> work) {
        return writer.write(name, connection -> work(connection, work));
    }

    private <T> T work(Connection connection, Work<T> work) throws SQLException {
        try {
            return work.with(rowsOf(connection));
        } catch (DataAccessException e) {
            // A fault of the store ends all writing; a mistake of one caller is that caller's alone.
            SQLException fault = e instanceof DataIntegrityViolationException ? null : fault(e);
            if (fault != null) {
                throw fault;
            }
            throw e;
        }
    }

    /** Made once for each connection, because a client of Spring's holds caches; on the writer's thread alone. */
    private JobRows rowsOf(Connection connection) {
        if (connection != writing) {
            writing = connection;
            writtenRows = new JobRows(JdbcClient.create(new SingleConnectionDataSource(connection, true)));
        }
        return writtenRows;
    }

    /** What the database's driver said; the error of a lost connection may lie below it. */
    private static SQLException fault(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException fault) {
                return fault;
            }
        }
        return null;
    }

    private <T> T read(Function<JobRows, T> query) {
        try {
            return query.apply(readRows);
        } catch (DataAccessException e) {
            throw new JournalException("the journal " + dialect.name() + " cannot be read: " + rootMessage(e), e);
        }
    }

    /** What the database said; below that may be an error of the file system whose whole message is a path. */
    private static String rootMessage(Throwable e) {
        Throwable root = e;
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException || !(root instanceof SQLException)) {
                root = cause;
            }
        }
        return root.getMessage();
    }

    // ---- batches
    // -----------------------------------------------------------------------------------------------------

    private final class JdbcBatches implements Batches {
        private static final int PAGE = 1_000;
        /**
         * Longer than any transaction can be under way: the server ends one that waits or idles for longer, see
         * {@link PostgresDialect}.
         */
        private static final Duration SETTLED = Duration.ofMinutes(1);
        /** Batches, by id and start, that {@link #endOverlooked} has looked at. */
        private final Set<List<Object>> lookedAt = ConcurrentHashMap.newKeySet();

        @Override
        public Batch begin(String batchId, String name, String source) {
            while (forgetFinished(batchId) > 0) {
                // a thousand rows at a time, so that no commit of a job waits long
            }
            return writeLocked(
                    "batch " + batchId,
                    rows -> rows.batches()
                            .find(batchId)
                            .filter(known -> !known.phase().ended())
                            .orElseGet(() -> rows.batches().begin(batchId, name, source, clock.instant())));
        }

        private int forgetFinished(String batchId) {
            return writeLocked(
                    "batch " + batchId,
                    rows -> rows.batches()
                            .find(batchId)
                            .filter(known -> known.phase().ended())
                            .map(known -> rows.batches().forget(batchId))
                            .orElse(0));
        }

        @Override
        public void moved(String batchId, String source) {
            write(rows -> {
                rows.batches().moved(batchId, source);
                return null;
            });
        }

        @Override
        public void whileGone(String instance, Runnable task) {
            writer.write(connection -> {
                if (dialect.gone(connection, instance)) {
                    task.run();
                }
                return null;
            });
        }

        @Override
        public List<Long> take(String batchId, List<NewRow> taken, long sent) {
            return writer.write(connection ->
                    work(connection, rows -> rows.batches().take(connection, batchId, taken, sent, clock.instant())));
        }

        @Override
        public List<String> known(Map<String, String> otpHashByJob) {
            return JdbcJournal.this.read(rows -> rows.batches().known(otpHashByJob));
        }

        @Override
        public void read(String batchId, String problem) {
            String warning = JdbcJournal.this
                    .read(rows -> rows.batches().warning(batchId))
                    .orElse(null);
            write(rows -> {
                rows.batches().read(batchId, problem, warning, clock.instant());
                return null;
            });
        }

        /**
         * Ends rows that were taken in the very moment in which another bridge wrote down the end of their job: neither
         * transaction saw the other. Once for each batch, when whatever was under way while it was read is certainly
         * over.
         */
        private void endOverlooked() {
            List<Batch> running = JdbcJournal.this.read(
                    rows -> rows.batches().running(clock.instant().minus(SETTLED)));
            lookedAt.retainAll(running.stream().map(JdbcBatches::key).toList());
            for (Batch batch : running) {
                if (!lookedAt.contains(key(batch))) {
                    long last = JdbcJournal.this.read(rows -> rows.batches().lastNumber(batch.id()));
                    for (long first = 1; first <= last; first += PAGE) {
                        long from = first;
                        write(rows -> {
                            rows.batches().endOpen(batch.id(), from, from + PAGE - 1);
                            return null;
                        });
                    }
                    lookedAt.add(key(batch));
                }
            }
        }

        private static List<Object> key(Batch batch) {
            return List.of(batch.id(), batch.startedAt());
        }

        @Override
        public List<Batch> ended() {
            if (dialect.severalWriters()) {
                endOverlooked();
            }
            return JdbcJournal.this.read(rows -> rows.batches().ended());
        }

        @Override
        public Optional<Progress> reporting(String batchId) {
            return writeLocked(
                    "batch " + batchId,
                    rows -> rows.batches().reporting(batchId, clock.instant()).map(rows.batches()::progress));
        }

        @Override
        public void finished(Batch batch, String report) {
            writeLocked("batch " + batch.id(), rows -> {
                rows.batches().finished(batch, report, clock.instant());
                return null;
            });
        }

        @Override
        public Optional<Place> place(String jobId) {
            return JdbcJournal.this.read(rows -> rows.batches().place(jobId));
        }

        @Override
        public List<Progress> all() {
            return JdbcJournal.this.read(rows ->
                    rows.batches().all().stream().map(rows.batches()::progress).toList());
        }

        @Override
        public List<Progress> running() {
            return JdbcJournal.this.read(rows -> rows.batches().all().stream()
                    .filter(batch -> !batch.phase().ended())
                    .map(rows.batches()::progress)
                    .toList());
        }

        @Override
        public Optional<Progress> find(String batchId) {
            return JdbcJournal.this.read(rows -> rows.batches().find(batchId).map(rows.batches()::progress));
        }

        @Override
        public Optional<Progress> named(String idOrName) {
            return JdbcJournal.this.read(rows -> rows.batches().named(idOrName).map(rows.batches()::progress));
        }

        @Override
        public void rows(String batchId, Consumer<Row> reader) {
            for (long number = 0; number >= 0; ) {
                long after = number;
                List<Row> page = JdbcJournal.this.read(rows -> rows.batches().rows(batchId, after, PAGE));
                page.forEach(reader);
                number = page.size() < PAGE ? -1 : page.get(PAGE - 1).number();
            }
        }
    }
}
