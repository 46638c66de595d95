package io.pairingbridge.endpoint;

import io.pairingbridge.job.Result;

/**
 * What an answer, or its absence, means: the table of {@code docs/design/guarantees.md}, without I/O.
 *
 * <p>Documented by the vendor are 200, 400 and 500 only. Everything else is read so that no one-time password is posted
 * again unless that is harmless, and none is given up unless that is certain.
 */
public final class AnswerTable {
    private AnswerTable() {}

    /**
     * @param status the HTTP status of a complete head
     * @param complete for 2xx: the body was understood
     */
    public static Result classify(int status, boolean complete) {
        if (status >= 200 && status <= 299) {
            return complete ? Result.PAIRED : Result.UNREADABLE;
        }
        return switch (status) {
            case 400 -> Result.REJECTED;
            case 429, 503 -> Result.THROTTLED;
            default -> status >= 300 && status <= 499 ? Result.MISCONFIGURED : Result.AMBIGUOUS;
        };
    }

    /** Without an answer it only counts whether the first byte of the request can have left. */
    public static Result unanswered(boolean sent) {
        return sent ? Result.AMBIGUOUS : Result.NOT_SENT;
    }
}
