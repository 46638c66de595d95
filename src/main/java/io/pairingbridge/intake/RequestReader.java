package io.pairingbridge.intake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.broker.DeliveryInterceptor;
import io.pairingbridge.broker.MessageIdentity;
import io.pairingbridge.broker.UndecodableMessage;
import io.pairingbridge.intake.RequestBody.Refused;
import io.pairingbridge.job.Contract;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.RequestGone;
import io.pairingbridge.job.RowMark;
import io.pairingbridge.job.SignedValue;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.JournalSteps;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.TextMessage;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.apache.activemq.artemis.api.core.ActiveMQBuffer;
import org.apache.activemq.artemis.jms.client.ActiveMQMessage;
import org.apache.camel.Body;
import org.apache.camel.Exchange;

/**
 * The door: makes a {@link Job} of a message and lets nothing else in. Only the properties of the contract are read; an
 * object, map or stream message is refused without being deserialised.
 */
public final class RequestReader {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RequestBody bodies;
    private final Set<String> integrators;
    private final Journal journal;
    private final int maxBegun;
    private final BooleanSupplier afterCrash;
    private final SignedValue originals;
    private final SignedValue gone;
    private final RowMark rows;
    private final Clock clock;

    /**
     * @param integrators the configured aliases
     * @param maxBegun how often a delivery may be begun without getting anywhere
     * @param afterCrash true while deliveries may have been in the hands of a process that died
     * @param originals knows the numbers that this bridge wrote on requests that it put back
     * @param gone knows this bridge's own messages about requests that are not there any more
     * @param rows knows the requests that the bridge made of a document's rows
     */
    public RequestReader(
            RequestBody bodies,
            Set<String> integrators,
            Journal journal,
            int maxBegun,
            BooleanSupplier afterCrash,
            SignedValue originals,
            SignedValue gone,
            RowMark rows,
            Clock clock) {
        this.bodies = bodies;
        this.integrators = integrators;
        this.journal = journal;
        this.maxBegun = maxBegun;
        this.afterCrash = afterCrash;
        this.originals = originals;
        this.gone = gone;
        this.rows = rows;
        this.clock = clock;
    }

    /**
     * Reads a delivery. A message that cannot be understood makes a job that has ended, {@code INVALID}; it is never
     * thrown back, because it would come again and again.
     *
     * @param exchange gets the variable {@code job} and, if that has ended, {@code next}
     */
    public void read(Message message, Exchange exchange) throws JMSException {
        Job job = job(message, exchange);
        exchange.setVariable("job", job);
        JournalSteps.exposeNextStep(job, exchange);
    }

    /**
     * Ends a request that no JMS consumer can get: {@code INVALID}, with what is known of it.
     *
     * @param exchange gets the variables {@code job} and {@code next}
     */
    public void refuse(@Body UndecodableMessage message, Exchange exchange) {
        Job.Origin origin = new Job.Origin(
                message.jobId(),
                message.batchId(),
                null,
                message.key(),
                message.requestedAt(),
                null,
                message.priority(),
                false,
                false);
        Job job = new Job(origin, null, null);
        job.finish(journal.refused(job, invalid(origin, message.reason(), message.detail())), false);
        exchange.setVariable("job", job);
        JournalSteps.exposeNextStep(job, exchange);
    }

    private Job job(Message message, Exchange exchange) throws JMSException {
        boolean expired = "expired".equals(exchange.getFromRouteId());
        exchange.getMessage().setBody(null);
        Problem problem = new Problem();
        Job.Origin origin = readableOrigin(message, expired, problem);
        String touchedAt = expired ? gone.read(origin.jobId(), message.getObjectProperty(RequestGone.PROPERTY)) : null;
        if (touchedAt != null) {
            return gone(message, origin, Long.parseLong(touchedAt));
        }
        RowMark.Row row = rows.read(
                origin.jobId(),
                origin.batchId(),
                message.getObjectProperty(RowMark.PROPERTY),
                message.getObjectProperty(RowMark.REFUSED));
        if (mayHaveComeBefore(message)) {
            int begun = journal.countDelivery(origin.originalMessageId(), origin.jobId());
            if (begun > maxBegun) {
                Job job = new Job(origin, null, originalIfAny(message)).ofRow(row == null ? null : row.hash());
                journal.quarantine(
                                job,
                                invalid(
                                        origin,
                                        "BEGUN_TOO_OFTEN",
                                        "the job was begun " + (begun - 1)
                                                + " times and never got anywhere; it may be what stops the bridge"))
                        .finish(job, false, null);
                return job;
            }
        }
        Object original = original(message, problem);
        if (row != null && row.refused() != null) {
            Job job = new Job(origin, known(original), original).ofRow(row.hash());
            journal.refusedRow(job, invalid(origin, "ROW_REFUSED", row.refused()));
            return job;
        }
        PairingRequest request = null;
        if (problem.reason == null) {
            try {
                request = request(message, original);
            } catch (Refused refused) {
                problem.is(refused.reason(), refused.getMessage());
            }
        }
        Object kept = "TOO_LONG".equals(problem.reason)
                ? null
                : original; // a letter holds no body that a request may not have
        Job job = new Job(origin, request, kept).ofRow(row == null ? null : row.hash());
        if (problem.reason != null) {
            job.finish(journal.refused(job, invalid(origin, problem.reason, problem.detail)), false);
        }
        return job;
    }

    /** The broker's count is only a hint that it is worth asking the journal. */
    private boolean mayHaveComeBefore(Message message) throws JMSException {
        return message.getIntProperty("JMSXDeliveryCount") > 1 || afterCrash.getAsBoolean();
    }

    /** The bridge's own message, which says that the request of a job is not there any more. */
    private Job gone(Message message, Job.Origin origin, long touchedAt) throws JMSException {
        String body = (String) original(message, new Problem());
        PairingRequest known = RequestGone.read(body);
        Job notice = new Job(origin, known, body);
        journal.gone(
                notice,
                new Journal.Orphan(
                        origin.jobId(), origin.batchId(), touchedAt, origin.requestedAt(), known.reference()));
        return notice;
    }

    /** What the bridge itself wrote of a row that it refused. */
    private static PairingRequest known(Object original) {
        Map<String, String> reference = new LinkedHashMap<>();
        JsonNode row;
        try {
            row = JSON.readTree(original instanceof String text ? text : "{}");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a row that the bridge wrote is no JSON", e);
        }
        row.path("reference")
                .properties()
                .forEach(field -> reference.put(field.getKey(), field.getValue().asText()));
        return new PairingRequest(row.path("name").asText(), row.path("otp").asText(), null, reference);
    }

    private Ending invalid(Job.Origin origin, String reason, String detail) {
        return Ending.uncalled(Outcome.INVALID, reason, detail, origin.originalMessageId(), clock.instant());
    }

    /** As {@link #origin}, and if something of the message cannot be decoded, what the broker itself says of it. */
    private Job.Origin readableOrigin(Message message, boolean expired, Problem problem) {
        try {
            return origin(message, expired, problem);
        } catch (Journal.JournalException e) {
            throw e;
        } catch (JMSException | RuntimeException e) {
            problem.is(
                    "UNDECODABLE",
                    "a property or header cannot be decoded (" + e.getClass().getSimpleName() + ")");
            String number =
                    Long.toString(((ActiveMQMessage) message).getCoreMessage().getMessageID());
            return new Job.Origin(
                    "message-" + number,
                    null,
                    null,
                    number,
                    clock.instant(),
                    null,
                    Message.DEFAULT_PRIORITY,
                    expired,
                    false);
        }
    }

    private Job.Origin origin(Message message, boolean expired, Problem problem) throws JMSException {
        MessageIdentity identity = MessageIdentity.of(message, expired);
        Instant now = clock.instant();
        // No clock of a sender makes a job younger.
        Instant requestedAt =
                identity.stampedAt() == null || identity.stampedAt().isAfter(now) ? now : identity.stampedAt();
        // A message-id that is no name is nothing that the sender chose as one: it is not held against the request.
        String messageId = Job.ID.matcher(identity.id()).matches() ? identity.id() : identity.made();
        String given = firstOf(text(message, Contract.JOB_ID, problem), correlationId(message));
        String jobId = given != null ? given : messageId;
        if (given == null && mayHaveComeBefore(message)) {
            jobId = journal.runningJob(Long.toString(identity.number()), requestedAt)
                    .orElse(jobId);
        }
        if (!Job.ID.matcher(jobId).matches()) {
            problem.is("JOB_ID", "the job id must be at most 128 of A-Z a-z 0-9 . _ : -");
            jobId = messageId;
        }
        String batchId = text(message, Contract.BATCH_ID, problem);
        if (batchId != null && !Job.ID.matcher(batchId).matches()) {
            problem.is("BATCH_ID", "PairingBatchId must be at most 128 of A-Z a-z 0-9 . _ : -");
            batchId = null;
        }
        String integrator = text(message, Contract.INTEGRATOR, problem);
        if (integrator != null && !integrators.contains(integrator)) {
            problem.is(
                    "UNKNOWN_INTEGRATOR",
                    "PairingIntegrator names no configured integrator; set pairing.integrators.<alias>.id"
                            + " or use one of " + integrators);
            integrator = null;
        }
        String first = originals.read(jobId, message.getObjectProperty(SignedValue.ORIGINAL_MESSAGE));
        long expiration = message.getJMSExpiration();
        return new Job.Origin(
                jobId,
                batchId,
                integrator,
                first == null ? Long.toString(identity.number()) : first,
                requestedAt,
                expiration > 0 ? Instant.ofEpochMilli(expiration) : null,
                DeliveryInterceptor.priority(message),
                expired,
                "true".equals(text(message, Contract.REPLAY, problem)));
    }

    private PairingRequest request(Message message, Object original) throws Refused {
        if (original instanceof String text) {
            return bodies.read(text);
        }
        if (message instanceof BytesMessage && original instanceof byte[] bytes) {
            return bodies.read(bytes);
        }
        if (message instanceof TextMessage) {
            throw new Refused("NOT_JSON", "the body is empty");
        }
        throw new Refused(
                "MESSAGE_TYPE",
                "the message is neither a TextMessage nor a BytesMessage; send the JSON as one of them");
    }

    /**
     * The body as it came: a String, or the bytes of anything else, which are copied and not deserialised. Null if
     * there is none, or if it is larger than a request may be or cannot be read, which is a problem then: nothing is
     * loaded that will not be used.
     */
    private static Object original(Message message, Problem problem) throws JMSException {
        DeliveryInterceptor.Unread unread = DeliveryInterceptor.unread(message);
        if (unread != null) {
            problem.is(unread.reason(), unread.detail());
            return null;
        }
        if (message instanceof TextMessage text) {
            return fitting(text.getText(), problem);
        }
        if (DeliveryInterceptor.isText(message)) {
            String text = DeliveryInterceptor.text((BytesMessage) message);
            if (text == null) {
                problem.is("UNDECODABLE", "the body of the TextMessage is no text");
            }
            return fitting(text, problem);
        }
        if (message instanceof BytesMessage bytes) {
            long length = bytes.getBodyLength();
            if (length > RequestBody.LARGEST) {
                problem.is("TOO_LONG", RequestBody.tooLong(length));
                return null;
            }
            byte[] body = new byte[(int) length];
            bytes.readBytes(body);
            return body;
        }
        ActiveMQBuffer buffer = ((ActiveMQMessage) message).getCoreMessage().getReadOnlyBodyBuffer();
        if (buffer.readableBytes() > RequestBody.LARGEST) {
            return null; // what it is, is wrong before how long it is
        }
        byte[] body = new byte[buffer.readableBytes()];
        buffer.readBytes(body);
        return body;
    }

    /** The body may be what stops the bridge: whatever happens, the message is set aside. */
    private static Object originalIfAny(Message message) {
        try {
            return original(message, new Problem());
        } catch (JMSException | RuntimeException e) {
            return null;
        }
    }

    private static String fitting(String text, Problem problem) {
        if (text != null && text.length() > RequestBody.LARGEST) {
            problem.is("TOO_LONG", RequestBody.tooLong(text.length()));
            return null;
        }
        return text;
    }

    private static String correlationId(Message message) {
        try {
            return message.getJMSCorrelationID();
        } catch (JMSException | RuntimeException e) {
            return null; // no text: as good as none
        }
    }

    private static String text(Message message, String property, Problem problem) throws JMSException {
        Object value;
        try {
            value = message.getObjectProperty(property);
        } catch (RuntimeException e) {
            problem.is("UNDECODABLE", property + " cannot be decoded");
            return null;
        }
        if (value == null || value instanceof String s && s.isEmpty()) {
            return null;
        }
        if (!(value instanceof String)) {
            problem.is("PROPERTY", property + " must be text");
            return null;
        }
        return (String) value;
    }

    private static String firstOf(String... values) {
        for (String value : values) {
            if (value != null && !value.isEmpty()) {
                return value;
            }
        }
        return null;
    }

    /** The first thing found wrong before the body is looked at. */
    private static final class Problem {
        private String reason;
        private String detail;

        void is(String newReason, String newDetail) {
            if (reason == null) {
                reason = newReason;
                detail = newDetail;
            }
        }
    }
}
