package io.pairingbridge.job;

import java.time.Instant;

/**
 * How a job ended and why: what the outcome event, a dead letter and an in-doubt message say.
 *
 * @param outcome the one outcome
 * @param reason a short code that programs may branch on, e.g. {@code SCHEMA} or {@code ANSWER_LOST}
 * @param detail a sentence for a person; never holds a one-time password or a secret
 * @param httpStatus the last status that the endpoint answered, or null
 * @param attempts how many attempts may have been heard by the endpoint
 * @param terminal what an answer told of the terminal; never null
 * @param key what tells this ending from another of the same job: the attempt, or the message if there was none; the
 *     same whenever the ending is told again
 * @param finishedAt when the journal took this ending
 */
public record Ending(
        Outcome outcome,
        String reason,
        String detail,
        Integer httpStatus,
        int attempts,
        PairedTerminal terminal,
        String key,
        Instant finishedAt) {

    /** An ending without a call of the endpoint behind it. */
    public static Ending uncalled(Outcome outcome, String reason, String detail, String key, Instant finishedAt) {
        return new Ending(outcome, reason, detail, null, 0, PairedTerminal.UNKNOWN, key, finishedAt);
    }
}
