package io.pairingbridge.job;

import java.time.Instant;
import java.util.Map;

/**
 * Sealed credentials that wait for their way to the credentials queue, with what their message and event say.
 *
 * @param attemptId the attempt that brought them; duplicate id of the message
 * @param jobId the job
 * @param batchId the batch, or null
 * @param answer what the recipient opens
 * @param terminal what may be told of it in the clear
 * @param sender the bridge that holds the publish lease, or null
 * @param sendUntil when the lease expires; null without a holder
 * @param late true if the job had already ended otherwise: whoever publishes them tells a second outcome event
 */
public record Credentials(
        String attemptId,
        String jobId,
        String batchId,
        SealedAnswer answer,
        PairedTerminal terminal,
        String sender,
        Instant sendUntil,
        boolean late,
        Map<String, String> reference,
        Instant requestedAt,
        int attempts) {

    @Override
    public String toString() {
        return "Credentials[job=" + jobId + ", attempt=" + attemptId + ", key=" + answer.keyId() + "]";
    }
}
