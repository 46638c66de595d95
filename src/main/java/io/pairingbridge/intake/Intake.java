package io.pairingbridge.intake;

import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.JournalException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
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
 * shows that the endpoint is back (OPEN) or is not (CLOSED, and a longer pause before the next try).
 */
public final class Intake implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);
    private static final int LONGEST_PAUSE = 12;

    public enum Gate {
        OPEN,
        CLOSED,
        PROBING
    }

    /**
     * The gate as operators see it.
     *
     * @param reason why it is not open; null while it is
     * @param since when it came to be so
     */
    public record Status(Gate gate, String reason, Instant since) {}

    /** What opens and closes: the consumers of the request queue. Called by one thread at a time. */
    public interface Consumers {
        void all() throws Exception;

        void one() throws Exception;

        void none() throws Exception;

        /** How many calls there may be at once from now on, when all take jobs. */
        void width(int calls) throws Exception;
    }

    private final Consumers consumers;
    private final Journal journal;
    private final PreFlight preFlight;
    private final int closeAfter;
    private final Duration probeDelay;
    private final Clock clock;
    private final ScheduledThreadPoolExecutor thread;
    private volatile Status status;
    private int failuresInARow;
    private boolean needsProbe;
    private int pauses;
    /** Closed by an operator: nothing but an operator opens it. */
    private volatile boolean held;
    /** Only the look that was planned last is taken; an operator does not wait for it. */
    private volatile int planned;

    /**
     * @param closeAfter calls in a row that could not be sent or were not accepted, after which it closes
     * @param probeDelay pause before the first probe; doubled after each failed one, up to twelve times as long
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
        this.closeAfter = closeAfter;
        this.probeDelay = probeDelay;
        this.clock = clock;
        this.status = new Status(Gate.OPEN, null, clock.instant());
        this.thread = new ScheduledThreadPoolExecutor(1, task -> {
            Thread t = new Thread(task, "intake");
            t.setDaemon(true);
            return t;
        });
        thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    public Status status() {
        return status;
    }

    /** Pre-flight as a step of the route: what fails there closes the intake and sends the job back to its queue. */
    public void preFlight() {
        try {
            preFlight.check();
        } catch (PreFlight.NotReady e) {
            close(e.getMessage(), false);
            throw e;
        }
    }

    /** An attempt ended; its result says whether the endpoint is there and accepts us. */
    public synchronized void attempted(Result result, String detail) {
        switch (result) {
            case NOT_SENT, MISCONFIGURED -> {
                failuresInARow++;
                if (status.gate() == Gate.PROBING || failuresInARow >= closeAfter) {
                    close(
                            (result == Result.NOT_SENT
                                            ? "the endpoint cannot be reached: "
                                            : "the endpoint does not accept this bridge: ")
                                    + detail,
                            true);
                }
            }
            case PAIRED, UNREADABLE, REJECTED, THROTTLED -> {
                failuresInARow = 0;
                needsProbe = false;
                if (status.gate() == Gate.PROBING) {
                    open();
                }
            }
            // A lost answer says nothing about the next one.
            case AMBIGUOUS -> {}
        }
    }

    /** The journal failed under a job. */
    public void journalFailed(JournalException failure) {
        close(failure.getMessage(), false);
    }

    /** A message that cannot be delivered is first in the queue, and the broker removes whoever is to have it. */
    public void blocked(String reason) {
        close(reason, true);
    }

    /** Takes no more jobs, until {@link #openByOperator}; what is under way goes on. */
    public synchronized void closeByOperator(String reason) {
        held = true;
        planned++;
        needsProbe = needsProbe || status.gate() == Gate.PROBING;
        status = new Status(Gate.CLOSED, reason, clock.instant());
        LOG.warn("Intake closed, jobs stay in their queue: {}", reason);
        run(consumers::none);
    }

    /** Looks now whether jobs can be taken, and takes them if so; with one job first if that is what shows it. */
    public synchronized void openByOperator() {
        if (status.gate() == Gate.OPEN) {
            return;
        }
        if (held) {
            status = new Status(
                    Gate.CLOSED,
                    "it is being opened: calls that were under way when it was closed end first",
                    clock.instant());
        }
        held = false;
        pauses = 0;
        plan(0);
    }

    /** Changes how many jobs are handled at once; those under way end first. */
    public void changeWidth(int jobs) {
        run(() -> consumers.width(jobs));
    }

    /** @param probe whether it takes a job to find out if the cause is gone; if not, the pre-flight tells */
    private synchronized void close(String reason, boolean probe) {
        if (status.gate() == Gate.CLOSED) {
            return;
        }
        // What a probe was to find out is still open if something else fails meanwhile.
        needsProbe = probe || status.gate() == Gate.PROBING;
        status = new Status(Gate.CLOSED, reason, clock.instant());
        long pause = probeDelay.toMillis() * Math.min(1L << Math.min(pauses++, 10), LONGEST_PAUSE);
        LOG.warn("Intake closed, jobs stay in their queue: {}. Next look in {} ms", reason, pause);
        run(consumers::none);
        plan(pause);
    }

    private synchronized void plan(long millis) {
        int mine = ++planned;
        later(
                () -> {
                    if (mine == planned) {
                        look();
                    }
                },
                millis);
    }

    private void open() {
        pauses = 0;
        failuresInARow = 0;
        status = new Status(Gate.OPEN, null, clock.instant());
        LOG.info("Intake open");
        run(consumers::all);
    }

    private void look() {
        try {
            journal.recover();
            preFlight.check();
        } catch (RuntimeException e) {
            long pause = probeDelay.toMillis() * Math.min(1L << Math.min(pauses++, 10), LONGEST_PAUSE);
            synchronized (this) {
                if (!held) {
                    status = new Status(Gate.CLOSED, e.getMessage(), status.since());
                    LOG.warn("Intake stays closed: {}. Next look in {} ms", e.getMessage(), pause);
                    plan(pause);
                }
            }
            return;
        }
        synchronized (this) {
            if (held) {
                return;
            }
            if (!needsProbe) {
                open();
                return;
            }
            status = new Status(Gate.PROBING, status.reason() + " (trying again with one job)", status.since());
            LOG.info("Intake lets one job through to see whether the cause is gone");
            run(consumers::one);
        }
    }

    private interface Switch {
        void set() throws Exception;
    }

    /** On the intake's own thread: a consumer cannot stop the route that it runs in. */
    private void run(Switch change) {
        later(
                () -> {
                    try {
                        change.set();
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
