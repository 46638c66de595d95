package io.pairingbridge.endpoint;

import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.SealedAnswer;

/**
 * What came of a call that was answered: nothing in here is secret in the clear.
 *
 * @param status HTTP status; 0 if there was none that could be made out, and yet something is sealed
 * @param sealed the 2xx body, or all that came, sealed; null for any other status
 * @param problem what is wrong with a sealed answer, in words; null if it is JSON with every required field
 * @param terminal what the answer tells of the terminal; never null
 * @param retryAfterSeconds what a 429 or 503 asked for, or null
 */
record Answer(int status, SealedAnswer sealed, String problem, PairedTerminal terminal, Long retryAfterSeconds) {

    /** An answer of which only the status counts. */
    static Answer of(int status, Long retryAfterSeconds) {
        return new Answer(status, null, null, PairedTerminal.UNKNOWN, retryAfterSeconds);
    }

    /** A 2xx answer with every required field. */
    boolean complete() {
        return sealed != null && problem == null;
    }

    @Override
    public String toString() {
        return "Answer[" + status + (problem == null ? "" : ", " + problem) + "]";
    }
}
