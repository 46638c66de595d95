package io.pairingbridge.delivery;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.job.Contract;
import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.RequestGone;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.job.SignedValue;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.text.Text;
import jakarta.jms.DeliveryMode;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.camel.Body;
import org.apache.camel.Exchange;
import org.apache.camel.Message;
import org.apache.camel.Variable;

/**
 * Writes every message that the bridge sends: its body and exactly the properties of the contract, nothing inherited.
 */
public final class Messages {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String MASKED = "***";
    /** The broker delivers the message at this time (milliseconds since 1970) and keeps it until then. */
    private static final String SCHEDULED = "_AMQ_SCHED_DELIVERY";
    /** The broker drops a second message with the same value on the same address. */
    private static final String DUPLICATE_ID = "_AMQ_DUPL_ID";

    /**
     * Characters. The broker's client refuses a message whose properties take 100 KiB, at two bytes a character; what
     * is cut here stands whole in the body.
     */
    private static final int LONGEST_PROPERTY = 4_000;

    private final String environment;
    private final OutcomeEvents events;
    private final Clock clock;
    private final Supplier<Instant> brokerTime;
    private final SignedValue originals;
    private final SignedValue gone;

    /**
     * @param clock of what is told in events
     * @param brokerTime what the broker's clock shows, which decides when a scheduled message is delivered
     * @param originals marks requests that are put back
     * @param gone marks messages about requests that are not there any more
     */
    public Messages(
            String environment, Clock clock, Supplier<Instant> brokerTime, SignedValue originals, SignedValue gone) {
        this.environment = environment;
        this.clock = clock;
        this.brokerTime = brokerTime;
        this.originals = originals;
        this.gone = gone;
        this.events = new OutcomeEvents(environment);
    }

    /** Sealed credentials for {@code pairing.credentials}. */
    public void credentials(@Variable("credentials") Credentials credentials, Exchange exchange) {
        Message message = fresh(exchange, credentials.answer().body());
        message.setHeader("JMSCorrelationID", credentials.jobId());
        // One attempt, one message, however often it is sent: a job has several attempts only if one was lost.
        message.setHeader(DUPLICATE_ID, credentials.attemptId());
        set(message, Contract.JOB_ID, credentials.jobId());
        set(message, Contract.BATCH_ID, credentials.batchId());
        set(message, Contract.PAY_CONNECT_ID, credentials.terminal().payConnectId());
        set(message, Contract.PAY_CONNECT_NAME, credentials.terminal().payConnectName());
        set(message, Contract.TERMINAL_ID, credentials.terminal().terminalId());
        set(message, Contract.ENVIRONMENT, environment);
        set(message, Contract.KEY_ID, credentials.answer().keyId());
        set(message, Contract.CONTENT_TYPE, credentials.answer().contentType());
        reference(message, credentials.reference());
        breakGlass(message, credentials.answer().breakGlass());
    }

    /** What the sender said of the terminal, as JSON: whole or not at all. The outcome event has it in any case. */
    private static void reference(Message message, Map<String, String> reference) {
        String json = reference.isEmpty() ? null : JSON.valueToTree(reference).toString();
        if (json != null && json.length() <= LONGEST_PROPERTY) {
            set(message, Contract.REFERENCE, json);
        }
    }

    /** The second event of a job that was in doubt and whose credentials came after all. */
    public void lateEvent(@Variable("credentials") Credentials credentials, Exchange exchange) {
        event(exchange, credentials, "ANSWER_CAME_LATE", "the answer came after the job was set aside as in doubt");
    }

    /** The same request again, to be delivered when it is due. */
    public void waiting(@Variable("job") Job job, Exchange exchange) {
        Job.Origin origin = job.origin();
        Message message = fresh(exchange, job.original());
        message.setHeader("JMSCorrelationID", origin.jobId());
        message.setHeader("JMSPriority", origin.priority());
        message.setHeader(
                "JMSDeliveryMode", DeliveryMode.PERSISTENT); // the endpoint keeps our QoS, so it is ours to say
        Instant due = brokerTime.get().plus(job.delayLeft());
        if (origin.expiresAt() != null && origin.expiresAt().isAfter(due)) {
            // An expiry that comes first is kept by the journal: the job is to come back once more and end with an
            // outcome.
            message.setHeader("JMSExpiration", origin.expiresAt().toEpochMilli());
        }
        message.setHeader(SCHEDULED, due.toEpochMilli());
        identify(message, origin);
        set(message, Contract.INTEGRATOR, origin.integrator());
        set(message, SignedValue.ORIGINAL_MESSAGE, originals.write(origin.jobId(), origin.originalMessageId()));
    }

    /** What takes the place of a request that is not in the broker any more, see {@link RequestGone}. */
    public void requestGone(@Body Orphan orphan, Exchange exchange) {
        Message message = fresh(
                exchange,
                orphan.touchedAt() == 0
                        ? RequestGone.ofRow(orphan.fields())
                        : RequestGone.ofReference(orphan.fields()));
        message.setHeader("JMSCorrelationID", orphan.jobId());
        set(message, Contract.JOB_ID, orphan.jobId());
        set(message, Contract.BATCH_ID, orphan.batchId());
        set(message, RequestGone.PROPERTY, gone.write(orphan.jobId(), Long.toString(orphan.touchedAt())));
    }

    /** The event of credentials that the reconciler publishes: the delivery that would tell it may never come. */
    public void leftBehindEvent(@Variable("credentials") Credentials credentials, Exchange exchange) {
        event(exchange, credentials, null, null);
    }

    /** True if a person has to look at the job: it then also goes to one of the two queues for that. */
    public boolean needsAttention(@Variable("job") Job job) {
        return job.ending().outcome() != Outcome.PAIRED && !job.repeated();
    }

    /** True if the job goes to {@code pairing.in-doubt} rather than to {@code pairing.dead-letters}. */
    public boolean inDoubt(@Variable("job") Job job) {
        return job.ending().outcome() == Outcome.IN_DOUBT;
    }

    /** Whether credentials come after their job was told to have ended otherwise. */
    public boolean late(@Variable("credentials") Credentials credentials) {
        return credentials.late();
    }

    /** A dead letter or an in-doubt message: the request and why it ended so. */
    public void attention(@Variable("job") Job job, Exchange exchange) {
        Ending ending = job.ending();
        SealedAnswer answer = job.sealedAnswer();
        Message message = fresh(exchange, answer != null ? answer.body() : body(job));
        if (answer != null) {
            breakGlass(message, answer.breakGlass());
            if (job.request() != null) {
                message.setHeader(
                        Contract.REQUEST, Text.wellFormed(masked(job))); // the body has no room for what a replay needs
            }
        }
        message.setHeader("JMSCorrelationID", job.id());
        identify(message, job.origin());
        set(message, Contract.INTEGRATOR, job.origin().integrator());
        set(message, Contract.OUTCOME, ending.outcome().name());
        set(message, Contract.REASON, ending.reason());
        set(message, Contract.DETAIL, ending.detail());
        message.setHeader(Contract.ATTEMPTS, ending.attempts());
        if (ending.httpStatus() != null) {
            message.setHeader(Contract.HTTP_STATUS, ending.httpStatus());
        }
        set(message, Contract.REMEDY, Remedy.of(ending));
        set(message, Contract.FAILED_AT, ending.finishedAt().toString());
    }

    /** The outcome event of the job. */
    public void event(@Variable("job") Job job, Exchange exchange) {
        event(exchange, job.id(), job.origin().batchId(), job.ending(), job.reference(), job.requestedAt());
    }

    private void event(Exchange exchange, Credentials credentials, String reason, String detail) {
        Ending paired = new Ending(
                Outcome.PAIRED,
                reason,
                detail,
                200,
                credentials.attempts(),
                credentials.terminal(),
                credentials.attemptId(),
                clock.instant());
        event(
                exchange,
                credentials.jobId(),
                credentials.batchId(),
                paired,
                credentials.reference(),
                credentials.requestedAt());
    }

    private void event(
            Exchange exchange,
            String jobId,
            String batchId,
            Ending ending,
            Map<String, String> reference,
            Instant requestedAt) {
        Message message = fresh(exchange, events.event(jobId, batchId, ending, reference, requestedAt));
        message.setHeader("JMSCorrelationID", jobId);
        set(message, Contract.JOB_ID, jobId);
        set(message, Contract.BATCH_ID, batchId);
        set(message, Contract.OUTCOME, ending.outcome().name());
        set(message, Contract.CONTENT_TYPE, "application/cloudevents+json");
        message.setHeader(BrokerConnections.AMQP_CONTENT_TYPE, "application/cloudevents+json");
    }

    /** The request; its one-time password masked unless it certainly was not spent. */
    private static Object body(Job job) {
        PairingRequest request = job.request();
        boolean unspent = switch (job.ending().outcome()) {
            case INVALID, EXPIRED, MISCONFIGURED, DUPLICATE -> true;
            case PAIRED, REJECTED, IN_DOUBT -> false;
        };
        if (unspent) {
            return job.original();
        }
        return request == null
                ? ""
                : masked(job); // not even looked at, but called once: what it was is in the journal's attempts
    }

    private static String masked(Job job) {
        PairingRequest request = job.request();
        ObjectNode masked = JSON.createObjectNode().put("name", request.name()).put("otp", MASKED);
        if (request.webhookUrl() != null) {
            masked.put("webhook_url", request.webhookUrl());
        }
        if (!job.reference().isEmpty()) {
            masked.set("reference", JSON.valueToTree(job.reference()));
        }
        try {
            return JSON.writeValueAsString(masked);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("job " + job.id() + " cannot be written as JSON", e);
        }
    }

    private static Message fresh(Exchange exchange, Object body) {
        Message message = exchange.getMessage();
        message.removeHeaders("*");
        // Half a character cannot be written as UTF-8: a recipient that speaks AMQP could never get past such a
        // message.
        message.setBody(body == null ? "" : body instanceof String text ? Text.wellFormed(text) : body);
        return message;
    }

    private static void identify(Message message, Job.Origin origin) {
        set(message, Contract.JOB_ID, origin.jobId());
        set(message, Contract.BATCH_ID, origin.batchId());
    }

    /** Whole or not at all; a few hundred characters, whatever the answer's length. */
    private static void breakGlass(Message message, String contentKey) {
        if (contentKey != null) {
            message.setHeader(Contract.BREAK_GLASS, contentKey);
        }
    }

    private static void set(Message message, String property, String value) {
        if (value != null) {
            message.setHeader(property, Text.property(value, LONGEST_PROPERTY));
        }
    }
}
