package io.pairingbridge.journal;

import java.util.Map;
import java.util.stream.Collectors;

/** The sentences that say why a job ended, for a person. */
public final class EndingDescriptions {
    private EndingDescriptions() {}

    public static String of(State state) {
        return switch (state) {
            case CALLING, WAITING -> "still running";
            case SEALED, PUBLISHED -> "already paired";
            case IN_DOUBT, REJECTED, INVALID, EXPIRED, MISCONFIGURED -> "ended";
        };
    }

    /** @param lastAttempt what the last attempt came to, or null */
    public static String of(String why, String lastAttempt) {
        String last = lastAttempt == null ? "" : ": " + lastAttempt;
        return switch (why) {
            case Transitions.TOO_OLD -> "the job's time ran out before the one-time password could be used" + last;
            case Transitions.DOUBT_EXPIRED ->
                "the job's time ran out after a call whose answer was lost; that call may have paired the terminal"
                        + last;
            case Transitions.DOUBT_REFUSED ->
                "the endpoint refused the one-time password after an earlier answer was lost, so that earlier call has probably"
                        + " paired the terminal" + last;
            case Transitions.DOUBT_EXHAUSTED ->
                "no complete answer came in any attempt; one may have paired the terminal" + last;
            case Transitions.REQUEST_GONE ->
                "the request is not in the broker any more, so that it cannot be handled to its end: it was not"
                        + " durable, or somebody removed it" + last;
            case Transitions.UNREADABLE ->
                "the endpoint reported success, but its answer could not be understood" + last;
            case Transitions.REFUSED -> "the endpoint refused the one-time password or the request" + last;
            case Transitions.NOT_ACCEPTED ->
                "the endpoint does not accept this bridge's URL, integrator id or request format" + last;
            default -> why + last;
        };
    }

    /** @param others how many rows, by the batch in which their terminals were paired */
    public static String pairedBefore(Map<String, Long> others) {
        long all = others.values().stream().mapToLong(Long::longValue).sum();
        return others.entrySet().stream()
                        .limit(5)
                        .map(other -> other.getValue() + (other.getValue() == 1 ? " row was" : " rows were")
                                + " paired before, in batch " + other.getKey())
                        .collect(Collectors.joining("; "))
                + (others.size() > 5 ? "; and others" : "")
                + ", with the same name and one-time password. The endpoint refuses " + (all == 1 ? "it" : "them")
                + " now: do not unpair "
                + (all == 1 ? "this terminal" : "these terminals")
                + ". Send a document again under its old name, and its paired rows are left out";
    }
}
