package io.pairingbridge.operate;

import io.pairingbridge.intake.Gate;
import io.pairingbridge.intake.Intake;
import io.pairingbridge.intake.RateLimit;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.State;
import io.pairingbridge.operate.AttentionQueues.Filter;
import io.pairingbridge.operate.AttentionQueues.Kind;
import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import io.pairingbridge.text.Text;
import jakarta.jms.JMSException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/**
 * The bridge's own MBean, there for as long as this is open: figures that are read here, {@link JobLookup what is
 * looked up} and {@link Operations what is done}.
 */
public final class BridgeMBean implements PairingBridgeMXBean, AutoCloseable {
    /** Calls at once; what connections and sessions are made for. */
    public static final int MOST_CALLS = 512;

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
            RecentActivity activity,
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
    private final JobLookup jobs;
    private final Operations operations;
    private final CachedValue<Map<State, Long>> counts;
    private final CachedValue<Double> oldestSealed;
    private final CachedValue<List<BatchView>> batches;
    private final CachedValue<List<JmxViews.Instance>> instances;

    /** @throws JMException if there is one already: two bridges in one process */
    public BridgeMBean(Parts parts, int concurrency) throws JMException {
        this.parts = parts;
        this.jobs = new JobLookup(parts.journal(), parts.queues());
        this.operations = new Operations(parts, jobs, concurrency);
        this.counts = new CachedValue<>(this::counted);
        this.oldestSealed = new CachedValue<>(this::sealedFor);
        this.batches = new CachedValue<>(() ->
                parts.journal().batches().all().stream().map(BatchView::new).toList());
        this.instances = new CachedValue<>(this::asked);
        this.startedAt = parts.clock().instant();
        this.name = new ObjectName(NAME);
        server.registerMBean(new DescribedMBean(this, PairingBridgeMXBean.class), name);
    }

    @Override
    public void close() throws JMException {
        server.unregisterMBean(name);
    }

    // ---- what runs ------------------------------------------------------------------------------------------------

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
    public List<JmxViews.Instance> getInstances() {
        return instances.get();
    }

    private List<JmxViews.Instance> asked() {
        Map<String, Long> all;
        try {
            all = parts.journal().instances();
        } catch (JournalException e) {
            all = Map.of(parts.instance(), -1L);
        }
        return all.entrySet().stream()
                .map(one -> new JmxViews.Instance(
                        one.getKey(), one.getValue(), one.getKey().equals(parts.instance())))
                .toList();
    }

    @Override
    public boolean isIntakeOpen() {
        return parts.intake().status().gate() == Gate.OPEN;
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
        return operations.concurrency();
    }

    // ---- jobs -----------------------------------------------------------------------------------------------------

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
    public List<JmxViews.Minute> getLastHour() {
        return parts.activity().lastHour();
    }

    @Override
    public String getLastErrorKind() {
        RecentActivity.Failure last = parts.activity().lastFailure();
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
    public List<JmxViews.Key> getKeys() {
        Instant now = parts.clock().instant();
        return parts.keys().get().stream().map(key -> JmxViews.Key.of(key, now)).toList();
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
    public List<BatchView> getBatches() {
        return batches.get();
    }

    // ---- looking --------------------------------------------------------------------------------------------------

    @Override
    public JmxViews.MessagePage deadLetters(
            String outcome, String reason, String batchId, String jobId, int from, int count) {
        return jobs.page(Kind.DEAD_LETTERS, new Filter(outcome, reason, batchId, jobId), from, count);
    }

    @Override
    public JmxViews.MessagePage inDoubt(String reason, String batchId, String jobId, int from, int count) {
        return jobs.page(Kind.IN_DOUBT, new Filter("", reason, batchId, jobId), from, count);
    }

    @Override
    public JmxViews.JobHistory job(String jobId) {
        return jobs.job(jobId);
    }

    @Override
    public JmxViews.FoundJobs findJobs(String text, int count) {
        return jobs.find(text, count);
    }

    @Override
    public BatchView batch(String batchId) {
        return parts.journal()
                .batches()
                .named(batchId)
                .map(BatchView::new)
                .orElseThrow(() ->
                        new IllegalArgumentException("the journal knows no batch " + JobLookup.shortened(batchId)));
    }

    @Override
    public List<JmxViews.Audited> audit(int count) {
        return parts.audit().last(Math.max(0, Math.min(count, JobLookup.LARGEST_PAGE))).stream()
                .map(JmxViews.Audited::of)
                .toList();
    }

    // ---- acting ---------------------------------------------------------------------------------------------------

    @Override
    public void closeIntake(String note) {
        operations.closeIntake(note);
    }

    @Override
    public void openIntake() {
        operations.openIntake();
    }

    @Override
    public void changeRateLimit(String callsPerSecond) {
        operations.changeRateLimit(callsPerSecond);
    }

    @Override
    public void changeConcurrency(int calls) {
        operations.changeConcurrency(calls);
    }

    @Override
    public JmxViews.Replayed replay(String queue, String messageId, String newOtp, String newName, boolean dryRun) {
        return operations.replay(queue, messageId, newOtp, newName, dryRun);
    }

    @Override
    public JmxViews.Replayed replayAll(String outcome, String reason, String batchId, boolean dryRun) {
        return operations.replayAll(outcome, reason, batchId, dryRun);
    }

    @Override
    public void resolve(String queue, String messageId, String note) {
        operations.resolve(queue, messageId, note);
    }

    @Override
    public int reconcileNow() {
        return operations.reconcileNow();
    }

    @Override
    public void changeLogLevel(String logger, String level) {
        operations.changeLogLevel(logger, level);
    }

    // ---- parts ----------------------------------------------------------------------------------------------------

    private Map<State, Long> counted() {
        try {
            return parts.journal().counts();
        } catch (JournalException e) {
            return Map.of(); // unknown, not zero; the intake's reason says what is wrong
        }
    }

    private static Map<String, Long> named(Map<? extends Enum<?>, Long> counts) {
        Map<String, Long> named = new TreeMap<>();
        counts.forEach((key, count) -> named.put(key.name(), count));
        return named;
    }
}
