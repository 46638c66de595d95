package io.pairingbridge.monitor;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import io.pairingbridge.intake.Intake;
import io.pairingbridge.intake.RateLimit;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.job.Job;
import io.pairingbridge.journal.Batches.Place;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.State;
import io.pairingbridge.operate.AttentionQueues;
import io.pairingbridge.operate.AttentionQueues.Filter;
import io.pairingbridge.operate.AttentionQueues.Handled;
import io.pairingbridge.operate.AttentionQueues.Kind;
import io.pairingbridge.operate.AttentionQueues.Verdict;
import io.pairingbridge.operate.AuditLog;
import io.pairingbridge.operate.Letter;
import io.pairingbridge.operate.Replay;
import io.pairingbridge.operate.Who;
import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import io.pairingbridge.text.Text;
import jakarta.jms.JMSException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.slf4j.LoggerFactory;

/** The bridge's own MBean, there for as long as this is open. */
public final class BridgeMBean implements PairingBridgeMXBean, AutoCloseable {
    private static final int LARGEST_PAGE = 500;
    /** Calls at once; what connections and sessions are made for. */
    public static final int MOST_CALLS = 512;

    private static final int LONGEST_NOTE = 500;
    private static final int MOST_WORDS = 8;
    private static final int MOST_FOUND = 100;
    private static final int MOST_LETTERS_SEARCHED = 10_000;
    /** Whoever is logged at DEBUG here prints requests, answers or messages as they are. */
    private static final List<String> NEVER_DEBUGGED = List.of(
            "org.apache.hc",
            "org.apache.activemq",
            "org.springframework.jms",
            "org.apache.camel",
            "io.vertx",
            "io.netty",
            "org.jolokia");

    /**
     * What the MBean shows and steers.
     *
     * @param keys the public keys in use
     * @param keyProblem why the key files are not used as they are now
     * @param reconcile begins a round at once
     */
    public record Parts(
            String version,
            String instance,
            String environment,
            Path dataDirectory,
            Clock clock,
            JournalReader journal,
            Intake intake,
            Activity activity,
            RateLimit rateLimit,
            AttentionQueues queues,
            RequestBody requests,
            AuditLog audit,
            Supplier<List<KeyInUse>> keys,
            Supplier<Optional<String>> keyProblem,
            Reconcile reconcile) {}

    /** Begins a round of the reconciler. */
    public interface Reconcile {
        void now() throws Exception;
    }

    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    private final ObjectName name;
    private final Parts parts;
    private final Instant startedAt;
    private volatile int concurrency;
    private final Remembered<Map<State, Long>> counts;
    private final Remembered<Double> oldestSealed;
    private final Remembered<List<BatchFigures>> batches;
    private final Remembered<List<Figures.Instance>> instances;

    /** @throws JMException if there is one already: two bridges in one process */
    public BridgeMBean(Parts parts, int concurrency) throws JMException {
        this.parts = parts;
        this.concurrency = concurrency;
        this.counts = new Remembered<>(this::counted);
        this.oldestSealed = new Remembered<>(this::sealedFor);
        this.batches = new Remembered<>(() ->
                parts.journal().batches().all().stream().map(BatchFigures::new).toList());
        this.instances = new Remembered<>(this::asked);
        this.startedAt = parts.clock().instant();
        this.name = new ObjectName(NAME);
        server.registerMBean(new ExplainedMBean(this, PairingBridgeMXBean.class), name);
    }

    @Override
    public void close() throws JMException {
        server.unregisterMBean(name);
    }

    // ---- what runs
    // -----------------------------------------------------------------------------------------------------------

    @Override
    public String getVersion() {
        return parts.version();
    }

    @Override
    public String getInstance() {
        return parts.instance();
    }

    @Override
    public String getEnvironment() {
        return parts.environment();
    }

    @Override
    public String getDataDirectory() {
        return Text.line(parts.dataDirectory().toString());
    }

    @Override
    public String getStartedAt() {
        return startedAt.toString();
    }

    @Override
    public List<Figures.Instance> getInstances() {
        return instances.get();
    }

    private List<Figures.Instance> asked() {
        Map<String, Long> all;
        try {
            all = parts.journal().instances();
        } catch (JournalException e) {
            all = Map.of(parts.instance(), -1L);
        }
        return all.entrySet().stream()
                .map(one -> new Figures.Instance(
                        one.getKey(), one.getValue(), one.getKey().equals(parts.instance())))
                .toList();
    }

    @Override
    public boolean isIntakeOpen() {
        return parts.intake().status().gate() == Intake.Gate.OPEN;
    }

    @Override
    public String getIntakeState() {
        return parts.intake().status().gate().name();
    }

    @Override
    public String getIntakeReason() {
        String reason = parts.intake().status().reason();
        return reason == null ? "" : Text.line(reason);
    }

    @Override
    public String getIntakeSince() {
        return parts.intake().status().since().toString();
    }

    @Override
    public double getRateLimit() {
        return parts.rateLimit().callsPerSecond();
    }

    @Override
    public int getConcurrency() {
        return concurrency;
    }

    // ---- jobs
    // ----------------------------------------------------------------------------------------------------------------

    @Override
    public Map<String, Long> getOutcomes() {
        return named(parts.activity().sinceStart());
    }

    @Override
    public Map<String, Long> getJournalEntries() {
        return named(counts.get());
    }

    @Override
    public int getInFlight() {
        return parts.activity().inFlight();
    }

    @Override
    public double getOldestInFlightSeconds() {
        return parts.journal().oldestCallSeconds();
    }

    @Override
    public long getWaiting() {
        return counts.get().getOrDefault(State.WAITING, -1L);
    }

    @Override
    public long getSealedNotPublished() {
        return counts.get().getOrDefault(State.SEALED, -1L);
    }

    @Override
    public double getOldestSealedSeconds() {
        return oldestSealed.get();
    }

    private double sealedFor() {
        try {
            return parts.journal()
                    .oldestUnpublished()
                    .map(at -> Math.max(
                            0, Duration.between(at, parts.clock().instant()).toMillis() / 1000.0))
                    .orElse(0.0);
        } catch (JournalException e) {
            return -1;
        }
    }

    @Override
    public long getJobsPerMinute() {
        return parts.activity().lastMinute();
    }

    @Override
    public List<Figures.Minute> getLastHour() {
        return parts.activity().lastHour();
    }

    @Override
    public String getLastErrorKind() {
        Activity.Failure last = parts.activity().lastFailure();
        return last.result() == null ? "" : last.result().name();
    }

    @Override
    public String getLastErrorDetail() {
        return Text.line(parts.activity().lastFailure().detail());
    }

    @Override
    public String getLastErrorAt() {
        Instant at = parts.activity().lastFailure().at();
        return at == null ? "" : at.toString();
    }

    @Override
    public List<Figures.Key> getKeys() {
        Instant now = parts.clock().instant();
        return parts.keys().get().stream().map(key -> Figures.Key.of(key, now)).toList();
    }

    @Override
    public String getKeyProblem() {
        return Text.line(parts.keyProblem().get().orElse(""));
    }

    @Override
    public Map<String, Long> getQueueDepths() {
        try {
            return parts.queues().depths();
        } catch (JMSException e) {
            Map<String, Long> unknown = new TreeMap<>();
            AttentionQueues.QUEUES.forEach(queue -> unknown.put(queue, -1L));
            return unknown;
        }
    }

    @Override
    public List<BatchFigures> getBatches() {
        return batches.get();
    }

    // ---- looking
    // -------------------------------------------------------------------------------------------------------------

    @Override
    public Figures.LetterPage deadLetters(
            String outcome, String reason, String batchId, String jobId, int from, int count) {
        return page(Kind.DEAD_LETTERS, new Filter(outcome, reason, batchId, jobId), from, count);
    }

    @Override
    public Figures.LetterPage inDoubt(String reason, String batchId, String jobId, int from, int count) {
        return page(Kind.IN_DOUBT, new Filter("", reason, batchId, jobId), from, count);
    }

    private Figures.LetterPage page(Kind kind, Filter filter, int from, int count) {
        if (from < 0 || count < 0 || count > LARGEST_PAGE) {
            throw new IllegalArgumentException("from must be 0 or more, and count 0 to " + LARGEST_PAGE);
        }
        return broker(() -> Figures.LetterPage.of(parts.queues().page(kind, filter, from, count), this::job));
    }

    /** The letter's job as it is now; empty if the journal cannot be asked, too. */
    private Optional<Entry> job(Letter letter) {
        try {
            return Job.ID.matcher(letter.jobId()).matches() ? parts.journal().find(letter.jobId()) : Optional.empty();
        } catch (JournalException e) {
            return Optional.empty();
        }
    }

    @Override
    public Figures.JobHistory job(String jobId) {
        Optional<Place> place = parts.journal().batches().place(jobId);
        Entry entry = parts.journal()
                .find(jobId)
                .orElseThrow(() -> new IllegalArgumentException("the journal knows no job " + shortened(jobId)
                        + place.map(row -> "; line " + row.line() + " of batch " + row.batchId()
                                        + " asks for it, and it waits in its queue")
                                .orElse("; it may wait in its queue")));
        return Figures.JobHistory.of(
                entry, parts.journal().earlierTries(jobId), parts.journal().attempts(jobId), place);
    }

    @Override
    public Figures.FoundJobs findJobs(String text, int count) {
        List<String> words = text == null || text.isBlank()
                ? List.of()
                : Stream.of(Text.line(text).strip().split("\\s+")).distinct().toList();
        if (words.isEmpty() || words.size() > MOST_WORDS || text.length() > LONGEST_NOTE) {
            throw new IllegalArgumentException(
                    "say what to look for: 1 to " + MOST_WORDS + " words, " + LONGEST_NOTE + " characters at most");
        }
        if (count < 1 || count > MOST_FOUND) {
            throw new IllegalArgumentException("count must be 1 to " + MOST_FOUND);
        }
        Map<String, Figures.FoundJob> found = new LinkedHashMap<>();
        parts.journal().search(words, count + 1).forEach(job -> found.put(job.jobId(), Figures.FoundJob.of(job)));
        for (Letter letter : letters(words, count + 1)) {
            found.merge(letter.jobId(), ofLetter(letter), (job, other) -> job.or(letter));
        }
        return new Figures.FoundJobs(
                found.size() > count, found.values().stream().limit(count).toList());
    }

    /** Letters of jobs that are looked for; none where the broker cannot be asked, for the journal has most of them. */
    private List<Letter> letters(List<String> words, int count) {
        List<Letter> found = new ArrayList<>();
        try {
            for (Kind kind : Kind.values()) {
                found.addAll(parts.queues()
                        .search(
                                kind,
                                letter -> !letter.jobId().isEmpty()
                                        && words.stream().allMatch(letter::mentions),
                                count,
                                MOST_LETTERS_SEARCHED));
            }
        } catch (JMSException | IllegalStateException e) {
            LoggerFactory.getLogger(BridgeMBean.class).debug("The letters cannot be searched: {}", e.getMessage());
        }
        return found;
    }

    /** Where the job is now the journal says, if it knows it. */
    private Figures.FoundJob ofLetter(Letter letter) {
        return job(letter)
                .map(entry -> Figures.FoundJob.of(entry, letter))
                .orElseGet(() -> Figures.FoundJob.of(letter));
    }

    @Override
    public BatchFigures batch(String batchId) {
        return parts.journal()
                .batches()
                .named(batchId)
                .map(BatchFigures::new)
                .orElseThrow(() -> new IllegalArgumentException("the journal knows no batch " + shortened(batchId)));
    }

    @Override
    public List<Figures.Audited> audit(int count) {
        return parts.audit().last(Math.max(0, Math.min(count, LARGEST_PAGE))).stream()
                .map(Figures.Audited::of)
                .toList();
    }

    // ---- acting
    // --------------------------------------------------------------------------------------------------------------

    @Override
    public void closeIntake(String note) {
        String why = required("a note", note);
        audit("closeIntake", "", why);
        parts.intake().closeByOperator("closed by " + Who.now() + ": " + why);
    }

    @Override
    public void openIntake() {
        audit("openIntake", "", "");
        parts.intake().openByOperator();
    }

    @Override
    public void changeRateLimit(String callsPerSecond) {
        double limit;
        try {
            limit = Double.parseDouble(callsPerSecond);
        } catch (NumberFormatException | NullPointerException e) {
            limit = -1;
        }
        if (!(limit >= 0 && limit <= 100_000)) {
            throw new IllegalArgumentException("calls a second must be 0 (no limit) to 100000");
        }
        audit("changeRateLimit", "", Double.toString(limit));
        parts.rateLimit().change(limit);
    }

    @Override
    public void changeConcurrency(int calls) {
        if (calls < 1 || calls > MOST_CALLS) {
            throw new IllegalArgumentException("calls at once must be 1 to " + MOST_CALLS);
        }
        audit("changeConcurrency", "", Integer.toString(calls));
        parts.intake().changeWidth(calls);
        concurrency = calls;
    }

    @Override
    public Figures.Replayed replay(String queue, String messageId, String newOtp, String newName, boolean dryRun) {
        Kind kind = kind(queue);
        String id = required("a message id", messageId);
        String refusal = broker(() -> parts.queues()
                .handle(
                        kind,
                        id,
                        letter -> verdict(letter, newOtp, newName),
                        letter -> audit(
                                "replay",
                                letter.jobId(),
                                "from " + queue
                                        + (newOtp == null || newOtp.isBlank()
                                                ? ", with the same one-time password"
                                                : ", with a new one-time password")),
                        dryRun));
        return Figures.Replayed.of(
                refusal == null ? new Handled(1, Map.of()) : new Handled(0, Map.of(refusal, 1L)), dryRun);
    }

    @Override
    public Figures.Replayed replayAll(String outcome, String reason, String batchId, boolean dryRun) {
        Filter filter = new Filter(outcome, reason, batchId, "");
        if (!dryRun) {
            audit(
                    "replayAll",
                    "",
                    filter.words().isEmpty() ? "all dead letters" : "dead letters with " + filter.words());
        }
        Handled handled = broker(() -> parts.queues()
                .handleAll(
                        Kind.DEAD_LETTERS,
                        filter,
                        letter -> verdict(letter, "", ""),
                        jobs -> audit("replayAll", "", "sends again " + String.join(" ", jobs)),
                        dryRun));
        if (!dryRun) {
            audit("replayAll", "", handled.done() + " sent again" + left(handled.refused()));
        }
        return Figures.Replayed.of(handled, dryRun);
    }

    private static String left(Map<String, Long> refused) {
        StringJoiner left = new StringJoiner("; ", ", left: ", "");
        refused.forEach((reason, count) -> left.add(count + ", because " + reason));
        return refused.isEmpty() ? "" : left.toString();
    }

    private Verdict verdict(Letter letter, String newOtp, String newName) {
        if (job(letter).filter(Entry::paired).isPresent()) {
            return Verdict.keep("the job was paired after this letter was written: take the letter away");
        }
        Replay replay = Replay.of(letter, newOtp, newName, parts.requests());
        return replay.refusal() != null ? Verdict.keep(replay.refusal()) : Verdict.send(replay);
    }

    @Override
    public void resolve(String queue, String messageId, String note) {
        Kind kind = kind(queue);
        String id = required("a message id", messageId);
        String how = required("a note", note);
        String refusal = broker(() -> parts.queues()
                .handle(
                        kind,
                        id,
                        letter -> Verdict.remove(),
                        letter -> audit(
                                "resolve",
                                letter.jobId(),
                                "from " + queue + " (" + letter.outcome() + " " + letter.reason() + "): " + how),
                        false));
        if (refusal != null) {
            throw new IllegalArgumentException(refusal);
        }
    }

    @Override
    public int reconcileNow() {
        audit("reconcileNow", "", "");
        long left = parts.journal().counts().getOrDefault(State.SEALED, 0L);
        try {
            parts.reconcile().now();
        } catch (Exception e) {
            throw new IllegalStateException("the reconciler could not be started: " + e.getMessage(), e);
        }
        return Math.toIntExact(Math.min(left, Integer.MAX_VALUE));
    }

    @Override
    public void changeLogLevel(String logger, String level) {
        String of = required("a logger", logger);
        Level wanted = level == null || level.isBlank() ? null : Level.toLevel(level.strip(), null);
        if (wanted == null && level != null && !level.isBlank()) {
            throw new IllegalArgumentException("the level must be ERROR, WARN, INFO, DEBUG, TRACE or empty");
        }
        boolean talkative = wanted == null || !wanted.isGreaterOrEqual(Level.INFO);
        if (talkative && NEVER_DEBUGGED.stream().anyMatch(never -> covers(of, never))) {
            throw new IllegalArgumentException("at " + (wanted == null ? "its parent's level" : wanted) + " the logger "
                    + shortened(of) + " could print one-time passwords, secrets or whole messages");
        }
        audit("changeLogLevel", of, wanted == null ? "as its parent" : wanted.toString());
        ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(of).setLevel(wanted);
    }

    /** A logger stands for all below it, so that its parents count too. */
    private static boolean covers(String logger, String never) {
        return logger.equals(never)
                || logger.startsWith(never + ".")
                || never.startsWith(logger + ".")
                || "ROOT".equalsIgnoreCase(logger);
    }

    // ---- parts
    // ---------------------------------------------------------------------------------------------------------------

    private interface BrokerCall<T> {
        T make() throws JMSException;
    }

    /** JMX knows nothing of JMS: whoever calls gets an exception that it can read. */
    private static <T> T broker(BrokerCall<T> call) {
        try {
            return call.make();
        } catch (JMSException e) {
            throw new IllegalStateException(
                    "the broker cannot be asked (" + e.getMessage() + "): check that it runs and that the operator's"
                            + " login, pairing.broker.users.operator.password, is right there");
        }
    }

    private void audit(String action, String subject, String detail) {
        try {
            parts.audit().write(action, subject, detail);
        } catch (UncheckedIOException e) {
            throw new IllegalStateException(e.getMessage());
        }
    }

    private Map<State, Long> counted() {
        try {
            return parts.journal().counts();
        } catch (JournalException e) {
            return Map.of(); // unknown, not zero; the intake's reason says what is wrong
        }
    }

    private static Kind kind(String queue) {
        return switch (queue == null ? "" : queue) {
            case "dead-letters" -> Kind.DEAD_LETTERS;
            case "in-doubt" -> Kind.IN_DOUBT;
            default -> throw new IllegalArgumentException("the queue must be dead-letters or in-doubt");
        };
    }

    /** Text from outside on its way into a log: present, of bounded length, and on one line. */
    private static String required(String what, String text) {
        if (text == null || text.isBlank()) {
            throw new IllegalArgumentException(what + " is needed");
        }
        if (text.length() > LONGEST_NOTE) {
            throw new IllegalArgumentException(what + " may have " + LONGEST_NOTE + " characters at most");
        }
        return Text.line(Text.property(text.strip(), 2 * LONGEST_NOTE));
    }

    private static String shortened(String text) {
        return text == null ? "" : Text.line(text, 128);
    }

    private static Map<String, Long> named(Map<? extends Enum<?>, Long> counts) {
        Map<String, Long> named = new TreeMap<>();
        counts.forEach((key, count) -> named.put(key.name(), count));
        return named;
    }
}
