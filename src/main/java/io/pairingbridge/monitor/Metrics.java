package io.pairingbridge.monitor;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.pairingbridge.intake.Gate;
import io.pairingbridge.intake.Intake;
import io.pairingbridge.job.JobListener;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.State;
import io.pairingbridge.operate.AttentionQueues;
import io.pairingbridge.operate.CachedValue;
import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import jakarta.jms.JMSException;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;
import org.apache.hc.core5.pool.ConnPoolControl;
import org.apache.hc.core5.pool.PoolStats;

/** The contract's metrics. Labels are outcomes, results and states; never an id. */
public final class Metrics implements JobListener, AutoCloseable {
    private final MeterRegistry registry;
    private final CachedValue<Map<String, Long>> depths;
    private final CachedValue<Map<State, Long>> counts;
    private final CachedValue<List<Progress>> batches;
    private final Map<Result, Counter> attempts = new EnumMap<>(Result.class);
    private final Timer attemptTime;
    private final Timer jobTime;
    private final JvmGcMetrics gc = new JvmGcMetrics();

    /** Asks the broker how long its queues are. */
    public interface Depths {
        Map<String, Long> get() throws JMSException;
    }

    /**
     * @param activity what counts jobs and calls
     * @param connections those to the endpoint
     * @param keys the public keys in use
     */
    public Metrics(
            MeterRegistry registry,
            JournalReader journal,
            Intake intake,
            Activity activity,
            Depths depths,
            ConnPoolControl<?> connections,
            Supplier<List<KeyInUse>> keys,
            List<CertificateStore> stores,
            Clock clock,
            String version) {
        this.registry = registry;
        this.depths = new CachedValue<>(() -> asked(depths));
        this.counts = new CachedValue<>(() -> counts(journal));
        this.batches = new CachedValue<>(() -> running(journal));
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        gc.bindTo(registry);
        Timer commits = histogram(
                "pairing.journal.commit",
                "A commit of the journal, with what waited for it",
                Duration.ofMillis(1),
                Duration.ofSeconds(10));
        journal.onCommit(nanos -> commits.record(nanos, TimeUnit.NANOSECONDS));
        for (String queue : AttentionQueues.QUEUES) {
            Gauge.builder("pairing.queue.messages", () -> depth(queue))
                    .description("Messages in each queue of the broker, waiting ones included")
                    .tag("queue", queue)
                    .register(registry);
        }
        Gauge.builder("pairing.sealing.key.age.seconds", () -> age(keys.get(), clock))
                .description("Since the sealing key was made, by its iat")
                .register(registry);
        for (CertificateStore store : stores) {
            Gauge.builder(
                            "pairing.certificate.left.seconds",
                            () -> store.firstEnd() == null
                                    ? Double.NaN
                                    : Duration.between(clock.instant(), store.firstEnd())
                                            .toSeconds())
                    .description("Until the first certificate of a store ends")
                    .tag("store", store.name())
                    .register(registry);
        }
        Gauge.builder("pairing.sealing.key.left.seconds", () -> left(keys.get(), clock))
                .description("Until the sealing key ends, by its exp")
                .register(registry);
        for (Outcome outcome : Outcome.values()) {
            FunctionCounter.builder("pairing.jobs", activity, counts -> counts.sinceStart(outcome))
                    .description("Jobs that ended, by outcome")
                    .tag("outcome", outcome.name())
                    .register(registry);
        }
        for (Result result : Result.values()) {
            attempts.put(
                    result,
                    Counter.builder("pairing.attempts")
                            .description("Calls of the endpoint, by result")
                            .tag("result", result.name())
                            .register(registry));
        }
        attemptTime = histogram(
                "pairing.attempt",
                "From the journal's word that a call may begin to its answer",
                Duration.ofMillis(1),
                Duration.ofMinutes(1));
        jobTime = histogram(
                "pairing.job",
                "From the request's arrival in its queue to its credentials on theirs",
                Duration.ofMillis(5),
                Duration.ofHours(1));
        for (State state : State.values()) {
            Gauge.builder("pairing.journal.entries", () -> count(state))
                    .description("Jobs in the journal, by state")
                    .tag("state", state.name())
                    .register(registry);
        }
        Gauge.builder("pairing.batches.running", () -> batches.get().size())
                .description("Batches that are not finished")
                .register(registry);
        Gauge.builder("pairing.batch.rows.waiting", () -> rows(Progress::open))
                .description("Rows of batches that are not finished whose job has not ended")
                .register(registry);
        for (Outcome outcome : Outcome.values()) {
            Gauge.builder(
                            "pairing.batch.rows.ended",
                            () -> rows(batch -> batch.outcomes().getOrDefault(outcome, 0L)))
                    .description("Rows of batches that are not finished, by the outcome that they ended with")
                    .tag("outcome", outcome.name())
                    .register(registry);
        }
        Gauge.builder("pairing.calls.in.flight", activity, Activity::inFlight)
                .description("Calls under way")
                .register(registry);
        connections("leased", connections, PoolStats::getLeased);
        connections("pending", connections, PoolStats::getPending);
        connections("max", connections, PoolStats::getMax);
        Gauge.builder("pairing.intake.open", () -> intake.status().gate() == Gate.OPEN ? 1 : 0)
                .description("1 while requests are taken from their queue")
                .register(registry);
        Gauge.builder("pairing.build.info", () -> 1)
                .description("The version that runs")
                .tag("version", version)
                .register(registry);
    }

    private void connections(String state, ConnPoolControl<?> pool, ToIntFunction<PoolStats> figure) {
        Gauge.builder("pairing.http.connections", () -> figure.applyAsInt(pool.getTotalStats()))
                .description(
                        "Connections to the endpoint: leased to a call, calls that wait for one (pending), the most there can be (max)")
                .tag("state", state)
                .register(registry);
    }

    private Timer histogram(String name, String description, Duration least, Duration most) {
        return Timer.builder(name)
                .description(description)
                .publishPercentileHistogram()
                .minimumExpectedValue(least)
                .maximumExpectedValue(most)
                .register(registry);
    }

    private double count(State state) {
        Long count = counts.get().get(state);
        return count == null ? Double.NaN : count;
    }

    private double depth(String queue) {
        Long depth = depths.get().getOrDefault(queue, -1L);
        return depth < 0 ? Double.NaN : depth;
    }

    private static Map<State, Long> counts(JournalReader journal) {
        try {
            return journal.counts();
        } catch (JournalException e) {
            return Map.of(); // unknown, not zero
        }
    }

    private static Map<String, Long> asked(Depths depths) {
        try {
            return depths.get();
        } catch (JMSException | RuntimeException e) {
            return Map.of(); // unknown, not zero
        }
    }

    private static double age(List<KeyInUse> keys, Clock clock) {
        KeyInUse key = sealing(keys);
        return key == null || key.madeAt() == null
                ? Double.NaN
                : Duration.between(key.madeAt(), clock.instant()).toSeconds();
    }

    private static double left(List<KeyInUse> keys, Clock clock) {
        KeyInUse key = sealing(keys);
        return key == null || key.endsAt() == null
                ? Double.NaN
                : Duration.between(clock.instant(), key.endsAt()).toSeconds();
    }

    private static KeyInUse sealing(List<KeyInUse> keys) {
        return keys.stream().filter(KeyInUse::sealing).findFirst().orElse(null);
    }

    private double rows(ToLongFunction<Progress> figure) {
        return batches.get().stream().mapToLong(figure).sum();
    }

    private static List<Progress> running(JournalReader journal) {
        try {
            return journal.batches().running();
        } catch (JournalException e) {
            return List.of(); // the health check says what is wrong with the journal
        }
    }

    @Override
    public void close() {
        gc.close();
    }

    @Override
    public void callEnded(Result result, String detail, double seconds) {
        attempts.get(result).increment();
        attemptTime.record((long) (seconds * 1e9), TimeUnit.NANOSECONDS);
    }

    @Override
    public void published(Duration sinceRequested) {
        jobTime.record(sinceRequested.isNegative() ? Duration.ZERO : sinceRequested);
    }
}
