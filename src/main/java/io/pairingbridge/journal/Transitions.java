package io.pairingbridge.journal;

import static io.pairingbridge.journal.State.CALLING;
import static io.pairingbridge.journal.State.EXPIRED;
import static io.pairingbridge.journal.State.INVALID;
import static io.pairingbridge.journal.State.IN_DOUBT;
import static io.pairingbridge.journal.State.MISCONFIGURED;
import static io.pairingbridge.journal.State.PUBLISHED;
import static io.pairingbridge.journal.State.REJECTED;
import static io.pairingbridge.journal.State.SEALED;
import static io.pairingbridge.journal.State.WAITING;

import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Result;

/**
 * The rules by which a job moves: no I/O, no clock, no memory. Everything that promises "no second call" and
 * "credentials win" is decided here and nowhere else, so that a test can go through every case.
 */
public final class Transitions {
    private Transitions() {}

    /** What the journal knows of a job; {@code null} in place of a Known means that it never heard of it. */
    public record Known(State state, int ambiguous) {}

    /**
     * What a delivery brings along.
     *
     * @param sameOtp the one-time password is the one that the journal knows this job by
     * @param sameMessage it is the message that moved the job last, come back because its acknowledgement was lost
     * @param replay an operator asked for the same one-time password to be tried again
     * @param timeLeft the job is younger than its time limits
     * @param due the time that the job was to wait for has come; only looked at in WAITING
     * @param callMayRun somebody may still be inside the call; only looked at in CALLING
     */
    public record Delivery(
            boolean sameOtp, boolean sameMessage, boolean replay, boolean timeLeft, boolean due, boolean callMayRun) {}

    /**
     * What to do.
     *
     * @param to the state to write, or null to leave the journal as it is
     * @param next where the delivery goes on
     * @param why a reason code for the ending, or null
     * @param lostAttempt the attempt that the journal held is to be closed as {@link Result#AMBIGUOUS}
     */
    public record Move(State to, NextStep next, String why, boolean lostAttempt) {
        static Move to(State to, NextStep next, String why) {
            return new Move(to, next, why, false);
        }

        static Move stay(NextStep next) {
            return new Move(null, next, null, false);
        }

        /** True if the delivery is refused because its job id belongs to another one-time password. */
        public boolean duplicate() {
            return DUPLICATE.equals(why);
        }
    }

    public static final String DUPLICATE = "DUPLICATE_JOB_ID";
    public static final String TOO_OLD = "TOO_OLD";
    public static final String DOUBT_EXPIRED = "TOO_OLD_AFTER_LOST_ANSWER";
    public static final String DOUBT_REFUSED = "REFUSED_AFTER_LOST_ANSWER";
    public static final String DOUBT_EXHAUSTED = "ANSWER_LOST";
    public static final String UNREADABLE = "ANSWER_UNREADABLE";
    public static final String REFUSED = "REFUSED";
    public static final String NOT_ACCEPTED = "NOT_ACCEPTED";
    public static final String REQUEST_GONE = "REQUEST_GONE";

    /**
     * A request was delivered: what now? Asked on every delivery; the broker's own redelivery flags are never trusted.
     */
    public static Move delivered(Known known, Delivery delivery, int maxAmbiguous) {
        if (known == null) {
            return begin(delivery);
        }
        if (!delivery.sameOtp()) {
            return switch (known.state()) {
                case IN_DOUBT, REJECTED, EXPIRED, MISCONFIGURED, INVALID -> begin(delivery);
                case CALLING, WAITING, SEALED, PUBLISHED -> Move.to(null, NextStep.FINISH, DUPLICATE);
            };
        }
        return switch (known.state()) {
            case CALLING -> delivery.callMayRun() ? Move.stay(NextStep.WAIT) : lost(known, delivery, maxAmbiguous);
            case WAITING -> {
                if (!delivery.timeLeft()) {
                    yield timeIsUp(known.ambiguous());
                }
                yield delivery.due() ? Move.to(CALLING, NextStep.CALL, null) : Move.stay(NextStep.WAIT);
            }
            case SEALED -> Move.stay(NextStep.PUBLISH);
            case PUBLISHED, IN_DOUBT, REJECTED -> Move.stay(NextStep.FINISH);
            // Certainly unspent: the same password again is a new try if somebody asked for one, else an echo of the
            // ending.
            case EXPIRED, MISCONFIGURED ->
                delivery.replay() && !delivery.sameMessage() ? begin(delivery) : Move.stay(NextStep.FINISH);
            case INVALID -> delivery.sameMessage() ? Move.stay(NextStep.FINISH) : begin(delivery);
        };
    }

    /**
     * An attempt came to a result.
     *
     * @param current the attempt is the one that the journal holds in CALLING; false for a late one
     * @param timeLeft the job is younger than its time limits
     */
    public static Move answered(Known known, Result result, boolean current, boolean timeLeft, int maxAmbiguous) {
        if (result == Result.PAIRED) {
            // Credentials win over everything: from any state, any owner, however late.
            return Move.to(known.state() == PUBLISHED ? null : SEALED, NextStep.PUBLISH, null);
        }
        if (!current) {
            return Move.stay(
                    switch (known.state()) {
                        case CALLING, WAITING -> NextStep.WAIT;
                        case SEALED -> NextStep.PUBLISH;
                        case PUBLISHED, IN_DOUBT, REJECTED, INVALID, EXPIRED, MISCONFIGURED -> NextStep.FINISH;
                    });
        }
        boolean doubt = known.ambiguous() > 0;
        return switch (result) {
            case NOT_SENT, THROTTLED -> timeLeft ? Move.to(WAITING, NextStep.WAIT, null) : timeIsUp(known.ambiguous());
            case UNREADABLE -> Move.to(IN_DOUBT, NextStep.FINISH, UNREADABLE);
            case REJECTED ->
                doubt ? Move.to(IN_DOUBT, NextStep.FINISH, DOUBT_REFUSED) : Move.to(REJECTED, NextStep.FINISH, REFUSED);
            case MISCONFIGURED ->
                doubt
                        ? Move.to(IN_DOUBT, NextStep.FINISH, DOUBT_REFUSED)
                        : Move.to(MISCONFIGURED, NextStep.FINISH, NOT_ACCEPTED);
            case AMBIGUOUS -> {
                int ambiguous = known.ambiguous() + 1;
                if (ambiguous >= maxAmbiguous) {
                    yield Move.to(IN_DOUBT, NextStep.FINISH, DOUBT_EXHAUSTED);
                }
                yield timeLeft ? Move.to(WAITING, NextStep.WAIT, null) : timeIsUp(ambiguous);
            }
            case PAIRED -> throw new IllegalStateException("handled above");
        };
    }

    /**
     * The request of a job that was begun is not in the broker any more, so that no delivery will ever end it.
     *
     * @param sameMessage this was found before, and the acknowledgement of the message that says so was lost
     * @param callMayRun somebody may still be inside the call; only looked at in CALLING
     */
    public static Move gone(Known known, boolean sameMessage, boolean callMayRun) {
        return switch (known.state()) {
            case CALLING ->
                callMayRun ? Move.stay(NextStep.DROP) : new Move(IN_DOUBT, NextStep.FINISH, REQUEST_GONE, true);
            case WAITING -> Move.to(known.ambiguous() > 0 ? IN_DOUBT : EXPIRED, NextStep.FINISH, REQUEST_GONE);
            case SEALED, PUBLISHED -> Move.stay(NextStep.DROP);
            case IN_DOUBT, REJECTED, INVALID, EXPIRED, MISCONFIGURED ->
                Move.stay(sameMessage ? NextStep.FINISH : NextStep.DROP);
        };
    }

    private static Move begin(Delivery delivery) {
        return delivery.timeLeft() ? Move.to(CALLING, NextStep.CALL, null) : Move.to(EXPIRED, NextStep.FINISH, TOO_OLD);
    }

    private static Move timeIsUp(int ambiguous) {
        return ambiguous > 0
                ? Move.to(IN_DOUBT, NextStep.FINISH, DOUBT_EXPIRED)
                : Move.to(EXPIRED, NextStep.FINISH, TOO_OLD);
    }

    /** The process that made the call is gone: its attempt counts as ambiguous, and the job goes on from there. */
    private static Move lost(Known known, Delivery delivery, int maxAmbiguous) {
        Move move = answered(known, Result.AMBIGUOUS, true, delivery.timeLeft(), maxAmbiguous);
        return new Move(move.to(), move.next(), move.why(), true);
    }
}
