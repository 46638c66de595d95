package io.pairingbridge.job;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * One delivery of a pairing job on its way through the routes: the exchange variable {@code job}.
 *
 * <p>What came from the queue is fixed; what the steps find out is added as they run. Used by one thread at a time.
 */
public final class Job {
    /** What a job id and a batch id may look like. */
    public static final Pattern ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");

    /** What identifies a delivery, known even if the body cannot be read. */
    public record Origin(
            String jobId,
            String batchId,
            String integrator,
            String originalMessageId,
            Instant requestedAt,
            Instant expiresAt,
            int priority,
            boolean expired,
            boolean replay) {}

    private final Origin origin;
    private final PairingRequest request;
    private final Object original;
    private NextStep next;
    private Attempt attempt;
    private Duration delay;
    private long delayedNanos;
    private Ending ending;
    private boolean repeated;
    private Map<String, String> reference;
    private Instant requestedAt;
    private SealedAnswer sealedAnswer;
    private Credentials credentials;
    private String rowHash;

    /**
     * @param origin the delivery's identity
     * @param request the valid request, or null if it could not be understood
     * @param original the body as it came, a String or a byte[]: what a dead letter of an unreadable request carries
     */
    public Job(Origin origin, PairingRequest request, Object original) {
        this.origin = origin;
        this.request = request;
        this.original = original;
        this.reference = request == null ? Map.of() : request.reference();
        this.requestedAt = origin.requestedAt();
    }

    /** The job's identity, given by the sender. */
    public String id() {
        return origin.jobId();
    }

    public Origin origin() {
        return origin;
    }

    /** Null if the request could not be understood; such a job goes straight to {@link NextStep#FINISH}. */
    public PairingRequest request() {
        return request;
    }

    public Object original() {
        return original;
    }

    /** The request is of a row of a batch: what that row has as hash of its one-time password. */
    public Job ofRow(String hash) {
        rowHash = hash;
        return this;
    }

    /** See {@link #ofRow}; null if the bridge did not make the request of a row. */
    public String rowHash() {
        return rowHash;
    }

    public NextStep next() {
        return next;
    }

    public Attempt attempt() {
        return attempt;
    }

    /** How long {@link NextStep#WAIT} is to wait, from the decision. */
    public Duration delay() {
        return delay;
    }

    /** What is left of {@link #delay}, whatever the wall clock has done since the decision. */
    public Duration delayLeft() {
        return delay.minusNanos(System.nanoTime() - delayedNanos);
    }

    public Ending ending() {
        return ending;
    }

    /** True if this job had ended before, with another message: its outcome is told again, its dead letter is not. */
    public boolean repeated() {
        return repeated;
    }

    public Map<String, String> reference() {
        return reference;
    }

    /** When the job was first asked for: this delivery may be of a request that was put back to wait. */
    public Instant requestedAt() {
        return requestedAt;
    }

    /** A 2xx answer that could not be understood, sealed; or null. */
    public SealedAnswer sealedAnswer() {
        return sealedAnswer;
    }

    /** What {@link NextStep#PUBLISH} has to put on the credentials queue. */
    public Credentials credentials() {
        return credentials;
    }

    public void call(Attempt begun) {
        attempt = begun;
        next = NextStep.CALL;
    }

    public void publish(Credentials sealed) {
        credentials = sealed;
        next = NextStep.PUBLISH;
    }

    public void waitFor(Duration howLong) {
        delay = howLong;
        delayedNanos = System.nanoTime();
        next = NextStep.WAIT;
    }

    public void finish(Ending how, boolean toldBefore) {
        ending = how;
        repeated = toldBefore;
        next = NextStep.FINISH;
    }

    /** As {@link #finish(Ending, boolean)}, with what the journal kept of the request and of an unreadable answer. */
    public void finish(
            Ending how,
            boolean toldBefore,
            Map<String, String> keptReference,
            Instant keptRequestedAt,
            SealedAnswer keptAnswer) {
        finish(how, toldBefore);
        reference = keptReference;
        requestedAt = keptRequestedAt;
        sealedAnswer = keptAnswer;
    }

    /** The message was the bridge's own and means nothing any more. */
    public void drop() {
        next = NextStep.DROP;
    }

    @Override
    public String toString() {
        return "Job[" + id() + ", next=" + next + "]";
    }
}
