package io.pairingbridge.endpoint;

/**
 * What the HTTP client hands to the route in place of the endpoint's answer: nothing in here is secret in the clear.
 *
 * @param status HTTP status; 0 if there was none that could be made out, and yet something is sealed
 * @param sealed the 2xx body, or all that came, sealed; null for any other status
 * @param keyId recipient key that sealed it
 * @param contentType of the sealed text
 * @param breakGlass its content key, sealed to the break-glass key; null if there is none
 * @param complete true if the 2xx body is JSON with every required field
 * @param problem what is wrong with a 2xx body that is not complete, in words; else null
 * @param payConnectId from the body, or null
 * @param payConnectName from the body, or null
 * @param terminalId from the body, or null
 * @param retryAfterSeconds what a 429 or 503 asked for, or null
 */
public record Answer(
        int status,
        String sealed,
        String keyId,
        String contentType,
        String breakGlass,
        boolean complete,
        String problem,
        String payConnectId,
        String payConnectName,
        String terminalId,
        Long retryAfterSeconds) {

    /** An answer of which only the status counts. */
    static Answer of(int status, Long retryAfterSeconds) {
        return new Answer(status, null, null, null, null, false, null, null, null, null, retryAfterSeconds);
    }

    @Override
    public String toString() {
        return "Answer[" + status + (problem == null ? "" : ", " + problem) + "]";
    }
}
