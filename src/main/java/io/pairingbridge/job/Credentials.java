package io.pairingbridge.job;

import java.time.Instant;
import java.util.Map;

/**
 * Sealed credentials that wait for their way to the credentials queue, with what their message and event say.
 *
 * @param attemptId the attempt that brought them; duplicate id of the message
 * @param jobId the job
 * @param batchId the batch, or null
 * @param body the sealed bytes as text: what the recipient opens
 * @param keyId the recipient key
 * @param contentType of the body
 * @param breakGlass the body's content key, sealed to the break-glass key; null if there is none
 * @param sender the instance whose turn it is to send them, or null
 * @param sendUntil nobody else sends them before this; null without a sender
 * @param late true if the job had already ended otherwise: the reconciler owes a second outcome event
 */
public record Credentials(
        String attemptId,
        String jobId,
        String batchId,
        String body,
        String keyId,
        String contentType,
        String breakGlass,
        String sender,
        Instant sendUntil,
        String payConnectId,
        String payConnectName,
        String terminalId,
        boolean late,
        Map<String, String> reference,
        Instant requestedAt,
        int attempts) {

    /** Without the body: sealed or not, it belongs in no log. */
    @Override
    public String toString() {
        return "Credentials[job=" + jobId + ", attempt=" + attemptId + ", key=" + keyId + "]";
    }
}
