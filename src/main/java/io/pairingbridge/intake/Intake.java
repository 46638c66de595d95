package io.pairingbridge.intake;

import io.pairingbridge.intake.IntakeState.Rules;
import io.pairingbridge.intake.IntakeState.Step;
import io.pairingbridge.intake.IntakeState.Switch;
import io.pairingbridge.job.JobListener;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.JournalException;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether jobs are taken from their queue. A closed intake spends no one-time password on an endpoint that cannot be
 * reached, does not accept us, or whose answer could not be kept.
 *
 * <p>OPEN: all consumers run. CLOSED: none. PROBING: one consumer takes one job after the other, until one of them
 * shows that the endpoint is back (OPEN) or is not (CLOSED, and a longer pause before the next try). What follows from
 * what is in {@link IntakeState}; this class keeps the state, and does what it says: consumers, looks and log lines.
 */
public final class Intake implements JobListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);

    /** The consumers of the request queue. Called by one thread at a time. */
    public interface Consumers {
        /** Opens: all take jobs. */
        void open() throws Exception;

        /** One consumer takes one job after the other. */
        void probe() throws Exception;

        /** None takes jobs; returns when the jobs in flight have ended. */
        void close() throws Exception;

        /** How many calls there may be at once from now on, when all take jobs. */
        void setConcurrency(int calls) throws Exception;
    }

    private final Consumers consumers;
    private final Journal journal;
    private final PreFlight preFlight;
    private final Rules rules;
    private final Clock clock;
    private final ScheduledThreadPoolExecutor thread;
    private volatile IntakeState state;
    /** Only the look that was planned last is taken; an operator does not wait for it. */
    private int planned;

    /**
     * @param closeAfter calls in a row that could not be sent or were not accepted, after which it closes
     * @param probeDelay pause before the first look; doubled after each failed one, up to twelve times as long
     */
    public Intake(
            Consumers consumers,
            Journal journal,
            PreFlight preFlight,
            int closeAfter,
            Duration probeDelay,
            Clock clock) {
        this.consumers = consumers;
        this.journal = journal;
        this.preFlight = preFlight;
        this.rules = new Rules(closeAfter, probeDelay);
        this.clock = clock;
        this.state = IntakeState.open(clock.instant());
        this.thread = new ScheduledThreadPoolExecutor(1, task -> {
            Thread t = new Thread(task, "intake");
            t.setDaemon(true);
            return t;
        });
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    public IntakeStatus status() {
        return state.status();
    }

    /** Pre-flight as a step of the route: what fails there closes the intake and sends the job back to its queue. */
    public void preFlight() {
        try {
            preFlight.check();
        } catch (PreFlight.NotReady e) {
            failed(e.getMessage(), false);
            throw e;
        }
    }

    /** The result of a call says whether the endpoint is there and accepts us. */
    @Override
    public synchronized void callEnded(Result result, String detail, double seconds) {
        follow(state.attempted(result, detail, rules, clock.instant()));
    }

    /** The journal failed under a job. */
    public void journalFailed(JournalException failure) {
        failed(failure.getMessage(), false);
    }

    /** A message that cannot be delivered is first in the queue, and the broker removes whoever is to have it. */
    public void blocked(String reason) {
        failed(reason, true);
    }

    /** Takes no more jobs, until {@link #openByOperator}; what is in flight goes on. */
    public synchronized void closeByOperator(String reason) {
        follow(state.hold(reason, clock.instant()));
    }

    /** Looks now whether jobs can be taken, and takes them if so; with one job first if that is what shows it. */
    public synchronized void openByOperator() {
        follow(state.release(clock.instant()));
    }

    /** Changes how many jobs are handled at once; those in flight end first. */
    public void setConcurrency(int jobs) {
        run(() -> consumers.setConcurrency(jobs));
    }

    private synchronized void failed(String reason, boolean probe) {
        follow(state.failed(reason, probe, rules, clock.instant()));
    }

    private void look() {
        String problem = null;
        try {
            journal.recover();
            preFlight.check();
        } catch (RuntimeException e) {
            problem = e.getMessage();
        }
        synchronized (this) {
            follow(problem == null ? state.ready(clock.instant()) : state.notReady(problem, rules));
        }
    }

    /** Called with the lock, so that consumers are switched in the order of the events. */
    private void follow(Step step) {
        IntakeState before = state;
        state = step.state();
        if (step.consumers() == null && step.look() == null) {
            return;
        }
        tell(before, step);
        if (step.consumers() != null) {
            run(() -> set(step.consumers()));
        }
        if (step.look() != null) {
            int mine = ++planned;
            later(
                    () -> {
                        if (isLast(mine)) {
                            look();
                        }
                    },
                    step.look().toMillis());
        }
    }

    private synchronized boolean isLast(int look) {
        return look == planned;
    }

    private static void tell(IntakeState before, Step step) {
        IntakeStatus now = step.state().status();
        String next = step.look() == null ? "" : ". Next look in " + step.look().toMillis() + " ms";
        if (now.gate() == Gate.OPEN) {
            LOG.info("Intake open");
        } else if (now.gate() == Gate.PROBING) {
            if (step.consumers() != null) {
                LOG.info("Intake lets one job through to see whether the cause is gone");
            }
        } else if (step.consumers() != null) {
            LOG.warn("Intake closed, jobs stay in their queue: {}{}", now.reason(), next);
        } else if (step.state().pauses() > before.pauses()) {
            LOG.warn("Intake stays closed: {}{}", now.reason(), next);
        }
    }

    private void set(Switch to) throws Exception {
        switch (to) {
            case ALL -> consumers.open();
            case ONE -> consumers.probe();
            case NONE -> consumers.close();
        }
    }

    private interface Change {
        void make() throws Exception;
    }

    /** On the intake's own thread: a consumer cannot stop the route that it runs in. */
    private void run(Change change) {
        later(
                () -> {
                    try {
                        change.make();
                    } catch (Exception e) {
                        LOG.error("The consumers of the request queue could not be switched", e);
                    }
                },
                0);
    }

    private void later(Runnable task, long millis) {
        try {
            thread.schedule(task, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            LOG.debug("The bridge is stopping; the intake stays as it is");
        }
    }

    @Override
    public void close() {
        thread.shutdown();
        try {
            thread.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
