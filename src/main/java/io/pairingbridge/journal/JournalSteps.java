package io.pairingbridge.journal;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.DeliveryScope;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.JobListener;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.journal.Journal.AttemptReport;
import java.time.Clock;
import java.time.Duration;
import org.apache.camel.Body;
import org.apache.camel.Exchange;
import org.apache.camel.Variable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** The journal as steps of a route. */
public final class JournalSteps {
    private static final Logger LOG = LoggerFactory.getLogger("io.pairingbridge.outcome");

    private final Journal journal;
    private final JobListener listener;
    private final Clock clock;

    public JournalSteps(Journal journal, JobListener listener, Clock clock) {
        this.journal = journal;
        this.listener = listener;
        this.clock = clock;
    }

    /** Asks the journal what this delivery means. */
    public void admit(@Variable("job") Job job, Exchange delivery) {
        journal.admit(job);
        if (job.attempt() != null) {
            MDC.put("job", job.id());
            MDC.put("attempt", job.attempt().id());
            holdUntilDone(job.attempt(), delivery);
            listener.callBegan();
        }
        exposeNextStep(job, delivery);
    }

    private static void holdUntilDone(Attempt attempt, Exchange delivery) {
        attempt.hold(true);
        DeliveryScope.of(delivery).onDone(() -> {
            attempt.hold(false);
            MDC.remove("job");
            MDC.remove("attempt");
        });
    }

    /** Writes what came of the call: the step after which sealed credentials are safe. */
    public void answered(@Variable("job") Job job, @Body AttemptReport report, Exchange delivery) {
        listener.callEnded(report.result(), report.detail(), job.attempt().seconds());
        journal.answered(job, report);
        exposeNextStep(job, delivery);
    }

    /**
     * Sets the variable {@code next}, which the routes branch on, once it is decided, and {@code credentials} where
     * they are to be published. Expressions that looked into the job itself were 4.5 % of a bridge's processor time.
     */
    public static void exposeNextStep(Job job, Exchange delivery) {
        if (job.next() != null) {
            delivery.setVariable("next", job.next().name());
        }
        if (job.next() == NextStep.PUBLISH) {
            delivery.setVariable("credentials", job.credentials());
        }
    }

    /**
     * Writes that the credentials are on their queue.
     *
     * @param job the delivery's, which has ended with it; null in the reconciler
     */
    public void published(
            @Variable("credentials") Credentials credentials, @Variable("job") Job job, Exchange delivery) {
        Entry entry = journal.published(credentials.jobId(), credentials.attemptId());
        listener.published(Duration.between(credentials.requestedAt(), clock.instant()));
        if (job != null) {
            entry.finish(job, false, null);
            exposeNextStep(job, delivery);
        }
    }

    /** Tells the metrics; the messages that tell everybody else are sent with the acknowledgement. */
    public void ended(@Variable("job") Job job) {
        if (!job.repeated()) {
            listener.ended(job.ending().outcome());
            tell(job);
        }
    }

    /**
     * The one line that the log has of a job that went its way; the ids also as fields, for a log that is read by
     * programs.
     */
    private static void tell(Job job) {
        Ending ending = job.ending();
        try (MDC.MDCCloseable jobId = MDC.putCloseable("job", job.id());
                MDC.MDCCloseable attempt = MDC.putCloseable("attempt", ending.key());
                MDC.MDCCloseable outcome =
                        MDC.putCloseable("outcome", ending.outcome().name())) {
            LOG.info(
                    "Job {} is {}{} after {} attempt{}",
                    job.id(),
                    ending.outcome(),
                    ending.reason() == null ? "" : " (" + ending.reason() + ")",
                    ending.attempts(),
                    ending.attempts() == 1 ? "" : "s");
        }
    }
}
