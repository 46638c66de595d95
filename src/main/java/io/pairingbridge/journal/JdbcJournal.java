package io.pairingbridge.journal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.Next;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Transitions.Delivery;
import io.pairingbridge.journal.Transitions.Move;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** The journal in a relational database. {@link Transitions} decides, this class reads and writes. */
public final class JdbcJournal implements Journal {
  private static final Logger LOG = LoggerFactory.getLogger(JdbcJournal.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final TypeReference<Map<String, String>> TEXTS = new TypeReference<>() {};

  private final Dialect dialect;
  private final Limits limits;
  private final Owner owner;
  private final OtpHash otpHash;
  private final Clock clock;
  private final GroupCommit writer;
  private final HikariDataSource readers;
  /** Attempts that this process has begun and not answered: of these it knows by itself whether they may still run. */
  private final Map<String, Attempt> underWay = new ConcurrentHashMap<>();
  /** Sealed answers that the failing store did not take: written first when it is healed. */
  private final Queue<Owed> owed = new ConcurrentLinkedQueue<>();

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
    config.setDataSource(new Opening(dialect::openForReading));
    this.readers = new HikariDataSource(config);
  }

  /**
   * Opens the journal, brings its schema up to date and proves that it is able to write durably.
   *
   * @param url {@code jdbc:sqlite:<path>}
   * @throws JournalException naming the file or database and what to do
   */
  public static JdbcJournal open(String url, Limits limits, Owner owner, OtpHash otpHash, Clock clock) {
    if (!url.startsWith("jdbc:sqlite:")) {
      throw new JournalException("pairing.journal.url is " + url + "; this version knows jdbc:sqlite:<file>", null);
    }
    return open(new SqliteDialect(url), limits, owner, otpHash, clock);
  }

  static JdbcJournal open(Dialect dialect, Limits limits, Owner owner, OtpHash otpHash, Clock clock) {
    try {
      Flyway.configure().dataSource(new Opening(dialect::openForWriting)).locations("classpath:io/pairingbridge/journal")
          .load().migrate();
      JdbcJournal journal = new JdbcJournal(dialect, limits, owner, otpHash, clock);
      journal.heal();
      return journal;
    } catch (SQLException | FlywayException e) {
      throw new JournalException("the journal " + dialect.name() + " cannot be opened: " + rootMessage(e)
          + ". Check that its directory exists, has space and may be written by this user", e);
    }
  }

  @Override
  public void admit(Job job) {
    String hash = otpHash.of(job.request().otp());
    Consumer<Job> decision = write((connection, sql) -> {
      dialect.lock(connection, job.id());
      sql.sql("DELETE FROM setback WHERE carrier = ?").param(job.origin().carrier()).update();
      Optional<Entry> known = load(sql, job.id());
      Instant now = clock.instant();
      Move move = Transitions.delivered(known.map(Entry::known).orElse(null),
          delivery(job, hash, known.orElse(null), now), limits.maxAmbiguous());
      if (move.lostAttempt()) {
        closeLost(sql, known.orElseThrow(), now);
      }
      if (move.duplicate()) {
        return j -> j.finish(Ending.uncalled(Outcome.DUPLICATE, Transitions.DUPLICATE,
            "the job id belongs to a job with another one-time password, which is " + Texts.of(known.get().state()),
            job.origin().carrier(), now), false);
      }
      return follow(sql, job, hash, known.orElse(null), move, null, now);
    });
    decision.accept(job);
  }

  @Override
  public void answered(Job job, AttemptReport report) {
    Consumer<Job> decision;
    try {
      decision = write(answer(job, report));
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
    return (connection, sql) -> {
      dialect.lock(connection, job.id());
      Entry known = load(sql, job.id()).orElseThrow(() -> new IllegalStateException(
          "attempt " + attempt.id() + " of job " + job.id() + " is not in the journal"));
      Instant now = clock.instant();
      boolean current = known.state() == State.CALLING && attempt.id().equals(known.attemptId());
      boolean late = report.result() == Result.PAIRED && known.state().ended() && known.state() != State.PUBLISHED;
      closeAttempt(sql, attempt.id(), report, late, now);
      if (report.result() == Result.PAIRED) {
        sealed(sql, known, attempt.id(), report, current, now);
      }
      Move move = Transitions.answered(known.known(), report.result(), current, !expired(known, now), limits.maxAmbiguous());
      return follow(sql, job, known.otpHash(), known, move, report, now);
    };
  }

  @Override
  public Entry published(String attemptId) {
    return write((connection, sql) -> {
      Instant now = clock.instant();
      sql.sql("UPDATE attempt SET sealed = NULL, published_at = COALESCE(published_at, ?) WHERE attempt_id = ?")
          .params(millis(now), attemptId).update();
      sql.sql("""
          UPDATE job SET state = 'PUBLISHED', finished_at = ?, updated_at = ?
          WHERE job_id = (SELECT job_id FROM attempt WHERE attempt_id = ?) AND state = 'SEALED' AND NOT EXISTS
            (SELECT 1 FROM attempt a WHERE a.job_id = job.job_id AND a.result = 'PAIRED' AND a.sealed IS NOT NULL)""")
          .params(millis(now), millis(now), attemptId).update();
      String jobId = sql.sql("SELECT job_id FROM attempt WHERE attempt_id = ?").param(attemptId).query(String.class).single();
      return load(sql, jobId).orElseThrow();
    });
  }

  @Override
  public List<Credentials> unpublished(Instant before, int limit) {
    return read(sql -> sql.sql(CREDENTIALS + " AND a.ended_at < ? ORDER BY a.ended_at LIMIT ?")
        .params(millis(before), limit).query(JdbcJournal::credentials).list());
  }

  @Override
  public int begun(String carrier, String jobId) {
    return write((connection, sql) -> {
      sql.sql("""
          INSERT INTO setback (carrier, job_id, begun, updated_at) VALUES (?, ?, 1, ?)
          ON CONFLICT (carrier) DO UPDATE SET begun = setback.begun + 1, updated_at = excluded.updated_at""")
          .params(carrier, jobId, millis(clock.instant())).update();
      return sql.sql("SELECT begun FROM setback WHERE carrier = ?").param(carrier).query(Integer.class).single();
    });
  }

  @Override
  public Ending refused(Job job, Ending ending) {
    return write((connection, sql) -> {
      dialect.lock(connection, job.id());
      Optional<Entry> known = load(sql, job.id());
      if (known.isEmpty() || known.get().state() == State.INVALID) {
        insert(sql, job, State.INVALID, null, clock.instant());
        end(sql, job.id(), State.INVALID, job.origin().carrier(), ending.reason(), ending.detail(), null, clock.instant());
      }
      return ending;
    });
  }

  @Override
  public Ending setAside(Job job, Ending ending) {
    return write((connection, sql) -> {
      // The count stays: should the acknowledgement be lost, the job is set aside again and not taken for a new one.
      dialect.lock(connection, job.id());
      Optional<Entry> known = load(sql, job.id());
      Instant now = clock.instant();
      if (known.isEmpty()) {
        insert(sql, job, State.INVALID, null, now);
      } else if (known.get().state().outcome() != null) {
        return known.get().ending();
      }
      boolean called = known.isPresent() && (known.get().attempts() > 0 || known.get().state() == State.CALLING);
      known.filter(k -> k.state() == State.CALLING).ifPresent(k -> closeLost(sql, k, now));
      end(sql, job.id(), called ? State.IN_DOUBT : State.INVALID, job.origin().carrier(), ending.reason(),
          ending.detail(), null, now);
      return load(sql, job.id()).orElseThrow().ending();
    });
  }

  @Override
  public Optional<Entry> find(String jobId) {
    return read(sql -> load(sql, jobId));
  }

  @Override
  public List<AttemptRecord> attempts(String jobId) {
    return read(sql -> sql.sql("SELECT * FROM attempt WHERE job_id = ? ORDER BY started_at, number").param(jobId)
        .query((row, n) -> new AttemptRecord(row.getString("attempt_id"), row.getInt("number"), row.getString("owner"),
            instant(row, "started_at"), instant(row, "deadline"), instant(row, "ended_at"),
            row.getString("result") == null ? null : Result.valueOf(row.getString("result")),
            integer(row, "http_status"), row.getString("detail"), instant(row, "published_at"),
            row.getString("sealed") != null))
        .list());
  }

  @Override
  public Map<State, Long> counts() {
    return read(sql -> {
      Map<State, Long> counts = new EnumMap<>(State.class);
      for (State state : State.values()) {
        counts.put(state, 0L);
      }
      sql.sql("SELECT state, COUNT(*) AS jobs FROM job GROUP BY state")
          .query(row -> {
            counts.put(State.valueOf(row.getString("state")), row.getLong("jobs"));
          });
      counts.put(State.SEALED, sql.sql("SELECT COUNT(*) FROM attempt WHERE sealed IS NOT NULL AND result = 'PAIRED'")
          .query(Long.class).single());
      return counts;
    });
  }

  @Override
  public int purge(Duration olderThan) {
    underWay.values().removeIf(attempt -> attempt.nanosLeft() < -limits.callMayRun().toNanos());
    long before = millis(clock.instant().minus(olderThan));
    return write((connection, sql) -> {
      int purged = sql.sql("""
          DELETE FROM job WHERE job_id IN (SELECT j.job_id FROM job j WHERE j.finished_at < ?
            AND j.state NOT IN ('CALLING', 'WAITING', 'SEALED')
            AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.job_id = j.job_id AND a.result = 'PAIRED' AND a.sealed IS NOT NULL)
            LIMIT 1000)""").param(before).update();
      if (purged > 0) {
        sql.sql("DELETE FROM attempt WHERE started_at < ? AND job_id NOT IN (SELECT job_id FROM job)").param(before).update();
      }
      sql.sql("DELETE FROM setback WHERE updated_at < ?").param(before).update();
      return purged;
    });
  }

  @Override
  public Optional<String> failure() {
    return writer.failure();
  }

  @Override
  public void heal() {
    writer.reopen();
    write((connection, sql) -> sql.sql("""
        INSERT INTO pulse (id, owner, beaten_at) VALUES (1, ?, ?)
        ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, beaten_at = excluded.beaten_at""")
        .params(owner.toString(), millis(clock.instant())).update());
    for (Owed answer = owed.peek(); answer != null; answer = owed.peek()) {
      write(answer(answer.job(), answer.report())); // its delivery is long gone; what is sealed now, the reconciler publishes
      owed.remove(answer);
    }
  }

  @Override
  public void close() {
    if (!owed.isEmpty()) {
      try {
        heal(); // the last chance for an answer that only this process knows
      } catch (JournalException e) {
        LOG.error("{} sealed answers could not be written and are lost with this process; their jobs end in doubt: {}",
            owed.size(), e.getMessage());
      }
    }
    writer.close();
    readers.close();
  }

  // ---- deciding ----------------------------------------------------------------------------------------------------

  private Delivery delivery(Job job, String hash, Entry known, Instant now) {
    if (known == null) {
      return new Delivery(true, false, job.origin().replay(), !job.origin().expired() && !expired(job, now), true, false);
    }
    boolean sameOtp = hash.equals(known.otpHash());
    boolean newTry = !sameOtp || known.state().unspent();
    boolean expired = job.origin().expired() || (newTry ? expired(job, now) : expired(known, now));
    return new Delivery(sameOtp, job.origin().carrier().equals(known.carrier()), job.origin().replay(), !expired,
        known.dueAt() == null || !capped(known.dueAt(), limits.retry().max(), now).isAfter(now), callMayRun(known, now));
  }

  /**
   * Whether somebody may still be inside the call. Of its own calls this process knows by the monotonic clock; an earlier
   * run of this instance is dead; of anybody else only the deadline tells.
   */
  private boolean callMayRun(Entry known, Instant now) {
    if (known.state() != State.CALLING || owner.isEarlierRun(known.owner())) {
      return false;
    }
    if (known.owner().equals(owner.toString())) {
      Attempt mine = underWay.get(known.attemptId());
      return mine != null && mine.nanosLeft() > 0;
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

  // ---- writing -----------------------------------------------------------------------------------------------------

  /** Writes what the move says and returns what it means for the delivery, to be applied once the commit is durable. */
  private Consumer<Job> follow(JdbcClient sql, Job job, String hash, Entry known, Move move, AttemptReport report, Instant now) {
    State to = move.to();
    return switch (move.next()) {
      case CALL -> begin(sql, job, hash, known, now);
      case PUBLISH -> {
        Credentials credentials = sql.sql(CREDENTIALS + " AND a.job_id = ? ORDER BY a.ended_at DESC LIMIT 1").param(job.id())
            .query(JdbcJournal::credentials).single();
        yield j -> j.publish(credentials);
      }
      case WAIT -> {
        Instant until = to == State.WAITING ? await(sql, job, known, report, now) : waitFor(sql, known, now);
        yield j -> j.waitUntil(until);
      }
      case FINISH -> {
        String carrier = job.origin().carrier();
        if (to != null && (known == null || known.state().ended())) {
          insert(sql, job, to, hash, now);
        }
        if (to != null) {
          end(sql, job.id(), to, carrier, move.why(), Texts.of(move.why(), report), report, now);
        }
        Entry ended = load(sql, job.id()).orElseThrow();
        boolean repeated = to == null && !carrier.equals(ended.carrier());
        String answer = ended.state() == State.IN_DOUBT ? unreadable(sql, ended.attemptId()) : null;
        yield j -> j.finish(ended.ending(), repeated, ended.reference(), answer);
      }
    };
  }

  private Consumer<Job> begin(JdbcClient sql, Job job, String hash, Entry known, Instant now) {
    boolean another = known != null && known.state() == State.WAITING;
    if (!another) {
      insert(sql, job, State.CALLING, hash, now);
    }
    int number = 1 + sql.sql("SELECT COUNT(*) FROM attempt WHERE job_id = ?").param(job.id()).query(Integer.class).single();
    Attempt attempt = new Attempt(UUID.randomUUID().toString(), number, limits.callDeadline());
    long deadline = millis(now.plus(limits.callMayRun()));
    sql.sql("""
        UPDATE job SET state = 'CALLING', carrier = ?, attempt_id = ?, owner = ?, deadline = ?, due_at = NULL, updated_at = ?
        WHERE job_id = ?""")
        .params(job.origin().carrier(), attempt.id(), owner.toString(), deadline, millis(now), job.id()).update();
    sql.sql("INSERT INTO attempt (attempt_id, job_id, number, owner, started_at, deadline) VALUES (?, ?, ?, ?, ?, ?)")
        .params(attempt.id(), job.id(), number, owner.toString(), millis(now), deadline).update();
    underWay.put(attempt.id(), attempt);
    return j -> j.call(attempt);
  }

  /** A new try of a job, or one that was never heard of: nothing of an earlier try is left in its row. */
  private void insert(JdbcClient sql, Job job, State state, String hash, Instant now) {
    sql.sql("DELETE FROM job WHERE job_id = ?").param(job.id()).update();
    Job.Origin origin = job.origin();
    sql.sql("""
        INSERT INTO job (job_id, state, otp_hash, carrier, batch_id, reference, requested_at, expires_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""")
        .params(job.id(), state.name(), hash, origin.carrier(), origin.batchId(), toJson(job.reference()),
            millis(origin.requestedAt()), millis(origin.expiresAt()), millis(now)).update();
  }

  private Instant await(JdbcClient sql, Job job, Entry known, AttemptReport report, Instant now) {
    Duration retryAfter = report == null ? null : report.retryAfter();
    Duration delay = limits.retry().delay(known.waits(), retryAfter, ThreadLocalRandom.current().nextDouble());
    Instant due = now.plus(delay);
    // Not beyond the job's own end: that it came is to be noticed when it comes.
    Instant end = end(known.requestedAt(), known.expiresAt());
    Instant until = due.isBefore(end) ? due : end;
    boolean heard = report != null && report.result() != Result.NOT_SENT;
    boolean doubt = report != null && report.result() == Result.AMBIGUOUS;
    sql.sql("""
        UPDATE job SET state = 'WAITING', due_at = ?, waits = waits + 1, attempts = attempts + ?, ambiguous = ambiguous + ?,
          http_status = ?, carrier = ?, updated_at = ? WHERE job_id = ?""")
        .params(millis(until), heard ? 1 : 0, doubt ? 1 : 0, report == null ? null : report.httpStatus(),
            job.origin().carrier(), millis(now), job.id()).update();
    return until;
  }

  private Instant waitFor(JdbcClient sql, Entry known, Instant now) {
    if (known.state() != State.CALLING) {
      Instant furthest = now.plus(limits.retry().max());
      return known.dueAt() == null ? now : known.dueAt().isAfter(furthest) ? furthest : known.dueAt();
    }
    Instant furthest = now.plus(limits.callMayRun());
    if (known.deadline().isAfter(furthest)) {
      // The wall clock was turned back since the call began; from here its full time is granted once more, not days.
      sql.sql("UPDATE job SET deadline = ? WHERE job_id = ?").params(millis(furthest), known.jobId()).update();
      return furthest;
    }
    // A call of this process may end before that, or not: coming back a moment later costs nothing.
    return known.deadline().isAfter(now) ? known.deadline() : now.plusMillis(200);
  }

  private void end(JdbcClient sql, String jobId, State state, String carrier, String why, String detail,
      AttemptReport report, Instant now) {
    boolean heard = report != null && report.result() != Result.NOT_SENT;
    boolean doubt = report != null && report.result() == Result.AMBIGUOUS;
    sql.sql("""
        UPDATE job SET state = ?, carrier = ?, reason = ?, detail = ?, http_status = COALESCE(?, http_status),
          attempts = attempts + ?, ambiguous = ambiguous + ?, finished_at = ?, updated_at = ? WHERE job_id = ?""")
        .params(state.name(), carrier, why, detail, report == null ? null : report.httpStatus(), heard ? 1 : 0,
            doubt ? 1 : 0, millis(now), millis(now), jobId).update();
  }

  private void sealed(JdbcClient sql, Entry known, String attemptId, AttemptReport report, boolean current, Instant now) {
    SealedAnswer answer = report.sealed();
    sql.sql("""
        UPDATE job SET state = CASE WHEN state = 'PUBLISHED' THEN state ELSE 'SEALED' END, attempts = attempts + ?,
          attempt_id = ?, reason = NULL, detail = NULL, http_status = ?, pay_connect_id = ?, pay_connect_name = ?, terminal_id = ?,
          finished_at = ?, updated_at = ? WHERE job_id = ?""")
        .params(current ? 1 : 0, attemptId, report.httpStatus(), answer.payConnectId(), answer.payConnectName(), answer.terminalId(),
            millis(now), millis(now), known.jobId()).update();
  }

  private void closeAttempt(JdbcClient sql, String attemptId, AttemptReport report, boolean late, Instant now) {
    SealedAnswer answer = report.sealed();
    sql.sql("""
        UPDATE attempt SET ended_at = ?, result = ?, http_status = ?, detail = ?, sealed = ?, key_id = ?, content_type = ?,
          late = ?, pay_connect_id = ?, pay_connect_name = ?, terminal_id = ? WHERE attempt_id = ? AND published_at IS NULL""")
        .params(millis(now), report.result().name(), report.httpStatus(), report.detail(),
            answer == null ? null : answer.body(), answer == null ? null : answer.keyId(),
            answer == null ? null : answer.contentType(), late ? 1 : 0, answer == null ? null : answer.payConnectId(),
            answer == null ? null : answer.payConnectName(), answer == null ? null : answer.terminalId(), attemptId).update();
  }

  /** The caller is gone. Its result stays open to be overwritten should it come after all. */
  private void closeLost(JdbcClient sql, Entry known, Instant now) {
    underWay.remove(known.attemptId());
    sql.sql("UPDATE attempt SET ended_at = ?, result = 'AMBIGUOUS', detail = ? WHERE attempt_id = ? AND result IS NULL")
        .params(millis(now), "the process that made the call ended before the answer was written down", known.attemptId()).update();
    sql.sql("UPDATE job SET attempts = attempts + 1, ambiguous = ambiguous + 1 WHERE job_id = ?").param(known.jobId()).update();
  }

  // ---- reading -----------------------------------------------------------------------------------------------------

  private static final String CREDENTIALS = """
      SELECT a.*, j.batch_id, j.reference, j.requested_at, j.attempts FROM attempt a JOIN job j ON j.job_id = a.job_id
      WHERE a.sealed IS NOT NULL AND a.result = 'PAIRED'""";

  private static Credentials credentials(ResultSet row, int n) throws SQLException {
    return new Credentials(row.getString("attempt_id"), row.getString("job_id"), row.getString("batch_id"),
        row.getString("sealed"), row.getString("key_id"), row.getString("content_type"), row.getString("pay_connect_id"),
        row.getString("pay_connect_name"), row.getString("terminal_id"), row.getInt("late") == 1,
        fromJson(row.getString("reference")), instant(row, "requested_at"), row.getInt("attempts"));
  }

  private static String unreadable(JdbcClient sql, String attemptId) {
    return sql.sql("SELECT sealed FROM attempt WHERE attempt_id = ? AND result = 'UNREADABLE' AND sealed IS NOT NULL")
        .param(attemptId).query(String.class).optional().orElse(null);
  }

  private static Optional<Entry> load(JdbcClient sql, String jobId) {
    return sql.sql("SELECT * FROM job WHERE job_id = ?").param(jobId).query((row, n) -> new Entry(row.getString("job_id"),
        State.valueOf(row.getString("state")), row.getString("otp_hash"), row.getString("carrier"),
        row.getString("batch_id"), fromJson(row.getString("reference")), instant(row, "requested_at"),
        instant(row, "expires_at"), instant(row, "due_at"), row.getInt("waits"), row.getInt("attempts"),
        row.getInt("ambiguous"), row.getString("attempt_id"), row.getString("owner"), instant(row, "deadline"),
        row.getString("reason"), row.getString("detail"), integer(row, "http_status"), row.getString("pay_connect_id"),
        row.getString("pay_connect_name"), row.getString("terminal_id"), instant(row, "finished_at"))).optional();
  }

  private interface Work<T> {
    T with(Connection connection, JdbcClient sql) throws SQLException;
  }

  private interface Query<T> {
    T with(JdbcClient sql);
  }

  private <T> T write(Work<T> work) {
    return writer.write(connection -> {
      try {
        return work.with(connection, JdbcClient.create(new SingleConnectionDataSource(connection, true)));
      } catch (DataIntegrityViolationException e) {
        throw e; // a mistake of one caller, not a fault of the store
      } catch (DataAccessException e) {
        throw e.getRootCause() instanceof SQLException s ? s : new SQLException(e.getMessage(), e);
      }
    });
  }

  private <T> T read(Query<T> query) {
    try {
      return query.with(JdbcClient.create(readers));
    } catch (DataAccessException e) {
      throw new JournalException("the journal " + dialect.name() + " cannot be read: " + rootMessage(e), e);
    }
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage();
  }

  private static Long millis(Instant instant) {
    return instant == null ? null : instant.toEpochMilli();
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    long value = row.getLong(column);
    return row.wasNull() ? null : Instant.ofEpochMilli(value);
  }

  private static Integer integer(ResultSet row, String column) throws SQLException {
    int value = row.getInt(column);
    return row.wasNull() ? null : value;
  }

  private static String toJson(Map<String, String> texts) {
    try {
      return JSON.writeValueAsString(texts);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a map of texts that is no JSON", e);
    }
  }

  private static Map<String, String> fromJson(String json) {
    try {
      return json == null ? Map.of() : JSON.readValue(json, TEXTS);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("column reference holds no JSON object", e);
    }
  }
}
