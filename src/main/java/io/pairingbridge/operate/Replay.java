package io.pairingbridge.operate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.text.Text;
import java.util.Set;

/**
 * Whether a message's job may be tried again, and with what: no I/O.
 *
 * <table>
 * <caption>What may be replayed</caption>
 * <tr><th>outcome</th><th>with the old one-time password</th><th>with a new one</th></tr>
 * <tr><td>REJECTED, IN_DOUBT</td><td>no: it may be spent</td><td>yes</td></tr>
 * <tr><td>EXPIRED, MISCONFIGURED</td><td>yes: it certainly is not</td><td>yes</td></tr>
 * <tr><td>INVALID</td><td>only if the request itself was sound</td><td>likewise</td></tr>
 * <tr><td>DUPLICATE</td><td colspan="2">no: the job id belongs to another job</td></tr>
 * </table>
 *
 * @param refusal why not, a sentence; null if it may be
 * @param body the request to send; null if refused
 * @param sameOtp it is to be sent with the property PairingReplay
 */
public record Replay(String refusal, String body, boolean sameOtp) {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Reasons for INVALID that lie outside of the request: mended elsewhere, the same request is good. */
    private static final Set<String> MENDED_ELSEWHERE = Set.of("UNKNOWN_INTEGRATOR", "BEGUN_TOO_OFTEN");

    /**
     * @param newOtp as the terminal shows it now, or empty for the old one
     * @param newName the terminal's name, needed only where the message does not hold it; empty for the old one
     */
    public static Replay of(AttentionMessage message, String newOtp, String newName, RequestBody requests) {
        boolean otp = newOtp != null && !Text.trimmed(newOtp).isEmpty();
        Outcome outcome = outcome(message);
        if (!message.problem().isEmpty()) {
            return no("the letter cannot be read: " + message.problem());
        }
        if (outcome == null || !Job.ID.matcher(message.jobId()).matches()) {
            return no("this is no dead letter of the bridge: send the request again with a new message");
        }
        if (!otp && newOtp != null && !newOtp.isEmpty()) { // not as if none had been given: the old one would be used
            return no("the new one-time password holds nothing that can be seen: give it as the terminal shows it");
        }
        switch (outcome) {
            case PAIRED -> {
                return no("the job was paired");
            }
            case DUPLICATE -> {
                return no("its job id belongs to another job: send the request again under a job id of its own");
            }
            case REJECTED, IN_DOUBT -> {
                if (!otp) {
                    return no("its one-time password may be spent: generate a new one on the terminal and give it");
                }
            }
            case INVALID -> {
                if (!MENDED_ELSEWHERE.contains(message.reason())) {
                    return no(
                            "the request itself is not valid (" + message.reason() + "): correct it and send it again");
                }
            }
            case EXPIRED, MISCONFIGURED -> {}
        }
        return request(message, otp ? Text.trimmed(newOtp) : null, newName, requests);
    }

    private static Replay request(AttentionMessage message, String newOtp, String newName, RequestBody requests) {
        ObjectNode request = message.pairing();
        if (newName != null && !newName.isBlank()) {
            request.put("name", newName.strip());
        }
        if (!request.path("name").isTextual()) {
            return no("the letter does not hold the request any more (" + message.reason()
                    + "): give the terminal's name too");
        }
        if (newOtp != null) {
            request.put("otp", newOtp);
        }
        try {
            String body = JSON.writeValueAsString(request);
            requests.read(body);
            return new Replay(null, body, newOtp == null);
        } catch (RequestBody.Refused e) {
            return no("the request would not be valid: " + e.getMessage());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the request of job " + message.jobId() + " cannot be written as JSON", e);
        }
    }

    private static Outcome outcome(AttentionMessage message) {
        try {
            return Outcome.valueOf(message.outcome());
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    private static Replay no(String refusal) {
        return new Replay(refusal, null, false);
    }

    @Override
    public String toString() {
        return "Replay[" + (refusal == null ? "allowed" : refusal) + "]"; // the body holds a one-time password
    }
}
