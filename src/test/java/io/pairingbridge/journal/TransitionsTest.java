package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Transitions.Delivery;
import io.pairingbridge.journal.Transitions.Known;
import io.pairingbridge.journal.Transitions.Move;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every row of the table, and every combination of inputs against the rules that must hold for all of them. */
class TransitionsTest {
    private static final int MAX = 3;
    private static final boolean[] BOTH = {false, true};

    private static Delivery delivery(
            boolean sameOtp, boolean sameMessage, boolean replay, boolean timeLeft, boolean due, boolean live) {
        return new Delivery(sameOtp, sameMessage, replay, timeLeft, due, live);
    }

    /** Same OTP, same message, in time, due, nobody in the call. */
    private static Delivery plain() {
        return delivery(true, true, false, true, true, false);
    }

    private static List<Delivery> allDeliveries() {
        List<Delivery> all = new ArrayList<>();
        for (int bits = 0; bits < 64; bits++) {
            all.add(delivery(
                    (bits & 1) > 0, (bits & 2) > 0, (bits & 4) > 0, (bits & 8) > 0, (bits & 16) > 0, (bits & 32) > 0));
        }
        return all;
    }

    @Test
    void callsAJobNeverHeardOf() {
        assertThat(Transitions.delivered(null, plain(), MAX)).isEqualTo(Move.to(State.CALLING, NextStep.CALL, null));
    }

    @Test
    void expiresAJobThatCameTooLate() {
        assertThat(Transitions.delivered(null, delivery(true, false, false, false, true, false), MAX))
                .isEqualTo(Move.to(State.EXPIRED, NextStep.FINISH, Transitions.TOO_OLD));
    }

    @Test
    void waitsWhileSomebodyMayBeInTheCall() {
        assertThat(Transitions.delivered(
                        new Known(State.CALLING, 0), delivery(true, true, false, true, true, true), MAX))
                .isEqualTo(Move.stay(NextStep.WAIT));
    }

    @Test
    void countsACallThatNobodyEndedAsAmbiguous() {
        Move move = Transitions.delivered(new Known(State.CALLING, 0), plain(), MAX);
        assertThat(move).isEqualTo(new Move(State.WAITING, NextStep.WAIT, null, true));
    }

    @Test
    void setsAJobAsideThatKeepsLosingItsCaller() {
        Move move = Transitions.delivered(new Known(State.CALLING, MAX - 1), plain(), MAX);
        assertThat(move).isEqualTo(new Move(State.IN_DOUBT, NextStep.FINISH, Transitions.DOUBT_EXHAUSTED, true));
    }

    @Test
    void waitsUntilDueAndThenCallsAgain() {
        assertThat(Transitions.delivered(
                        new Known(State.WAITING, 1), delivery(true, false, false, true, false, false), MAX))
                .isEqualTo(Move.stay(NextStep.WAIT));
        assertThat(Transitions.delivered(new Known(State.WAITING, 1), plain(), MAX))
                .isEqualTo(Move.to(State.CALLING, NextStep.CALL, null));
    }

    @Test
    void endsAWaitingJobWhoseTimeIsUp() {
        Delivery late = delivery(true, true, false, false, true, false);
        assertThat(Transitions.delivered(new Known(State.WAITING, 0), late, MAX).to())
                .isEqualTo(State.EXPIRED);
        assertThat(Transitions.delivered(new Known(State.WAITING, 1), late, MAX).to())
                .isEqualTo(State.IN_DOUBT);
    }

    @ParameterizedTest
    @EnumSource(
            value = State.class,
            names = {"CALLING", "WAITING", "SEALED", "PUBLISHED"})
    void refusesAnotherOtpWhileTheFirstRunsOrWasPaired(State state) {
        Move move = Transitions.delivered(new Known(state, 0), delivery(false, false, false, true, true, false), MAX);
        assertThat(move.duplicate()).isTrue();
        assertThat(move.to()).isNull();
    }

    @ParameterizedTest
    @EnumSource(
            value = State.class,
            names = {"IN_DOUBT", "REJECTED", "EXPIRED", "MISCONFIGURED", "INVALID"})
    void takesAnotherOtpAfterAnEndWithoutPairing(State state) {
        assertThat(Transitions.delivered(new Known(state, 2), delivery(false, false, false, true, true, false), MAX))
                .isEqualTo(Move.to(State.CALLING, NextStep.CALL, null));
    }

    @ParameterizedTest
    @EnumSource(
            value = State.class,
            names = {"EXPIRED", "MISCONFIGURED"})
    void triesAnUnspentOtpAgainOnlyIfAskedTo(State state) {
        assertThat(Transitions.delivered(new Known(state, 0), delivery(true, false, false, true, true, false), MAX))
                .isEqualTo(Move.stay(NextStep.FINISH));
        assertThat(Transitions.delivered(new Known(state, 0), delivery(true, false, true, true, true, false), MAX))
                .isEqualTo(Move.to(State.CALLING, NextStep.CALL, null));
        assertThat(Transitions.delivered(new Known(state, 0), delivery(true, true, true, true, true, false), MAX))
                .as("the replay itself, come back")
                .isEqualTo(Move.stay(NextStep.FINISH));
    }

    @Test
    void readsACorrectedRequestAfterAnInvalidOne() {
        assertThat(Transitions.delivered(
                                new Known(State.INVALID, 0), delivery(true, false, false, true, true, false), MAX)
                        .next())
                .isEqualTo(NextStep.CALL);
        assertThat(Transitions.delivered(new Known(State.INVALID, 0), plain(), MAX))
                .isEqualTo(Move.stay(NextStep.FINISH));
    }

    @Test
    void followsTheAnswerTable() {
        Known first = new Known(State.CALLING, 0);
        Known doubted = new Known(State.CALLING, 1);
        assertThat(answered(first, Result.PAIRED)).isEqualTo(Move.to(State.SEALED, NextStep.PUBLISH, null));
        assertThat(answered(first, Result.UNREADABLE))
                .isEqualTo(Move.to(State.IN_DOUBT, NextStep.FINISH, Transitions.UNREADABLE));
        assertThat(answered(first, Result.REJECTED))
                .isEqualTo(Move.to(State.REJECTED, NextStep.FINISH, Transitions.REFUSED));
        assertThat(answered(doubted, Result.REJECTED))
                .isEqualTo(Move.to(State.IN_DOUBT, NextStep.FINISH, Transitions.DOUBT_REFUSED));
        assertThat(answered(first, Result.MISCONFIGURED))
                .isEqualTo(Move.to(State.MISCONFIGURED, NextStep.FINISH, Transitions.NOT_ACCEPTED));
        assertThat(answered(doubted, Result.MISCONFIGURED).to()).isEqualTo(State.IN_DOUBT);
        assertThat(answered(first, Result.THROTTLED)).isEqualTo(Move.to(State.WAITING, NextStep.WAIT, null));
        assertThat(answered(first, Result.NOT_SENT)).isEqualTo(Move.to(State.WAITING, NextStep.WAIT, null));
        assertThat(answered(first, Result.AMBIGUOUS)).isEqualTo(Move.to(State.WAITING, NextStep.WAIT, null));
        assertThat(answered(new Known(State.CALLING, MAX - 1), Result.AMBIGUOUS))
                .isEqualTo(Move.to(State.IN_DOUBT, NextStep.FINISH, Transitions.DOUBT_EXHAUSTED));
        assertThat(Transitions.answered(first, Result.NOT_SENT, true, false, MAX))
                .isEqualTo(Move.to(State.EXPIRED, NextStep.FINISH, Transitions.TOO_OLD));
        assertThat(Transitions.answered(first, Result.AMBIGUOUS, true, false, MAX))
                .isEqualTo(Move.to(State.IN_DOUBT, NextStep.FINISH, Transitions.DOUBT_EXPIRED));
        assertThat(Transitions.answered(doubted, Result.THROTTLED, true, false, MAX)
                        .to())
                .isEqualTo(State.IN_DOUBT);
    }

    /** The whole table of a job whose request is not in the broker any more. */
    @Test
    void endsAJobWithoutARequestAndLeavesEveryOtherAlone() {
        for (int ambiguous : new int[] {0, 1, MAX}) {
            for (boolean same : BOTH) {
                for (boolean mayRun : BOTH) {
                    for (State state : State.values()) {
                        Move move = Transitions.gone(new Known(state, ambiguous), same, mayRun);
                        assertThat(move)
                                .as(state + " " + ambiguous + " " + same + " " + mayRun)
                                .isEqualTo(
                                        switch (state) {
                                            case CALLING ->
                                                mayRun
                                                        ? Move.stay(NextStep.DROP)
                                                        : new Move(
                                                                State.IN_DOUBT,
                                                                NextStep.FINISH,
                                                                Transitions.REQUEST_GONE,
                                                                true);
                                            case WAITING ->
                                                Move.to(
                                                        ambiguous == 0 ? State.EXPIRED : State.IN_DOUBT,
                                                        NextStep.FINISH,
                                                        Transitions.REQUEST_GONE);
                                            case SEALED, PUBLISHED -> Move.stay(NextStep.DROP);
                                            default -> Move.stay(same ? NextStep.FINISH : NextStep.DROP);
                                        });
                    }
                }
            }
        }
    }

    private static Move answered(Known known, Result result) {
        return Transitions.answered(known, result, true, true, MAX);
    }

    @ParameterizedTest
    @EnumSource(State.class)
    void takesCredentialsInAnyState(State state) {
        for (boolean current : BOTH) {
            Move move = Transitions.answered(new Known(state, 1), Result.PAIRED, current, false, MAX);
            assertThat(move.next()).isEqualTo(NextStep.PUBLISH);
            assertThat(move.to()).isEqualTo(state == State.PUBLISHED ? null : State.SEALED);
        }
    }

    @ParameterizedTest
    @EnumSource(State.class)
    void leavesTheJobAloneOnALateAnswerThatIsNoSuccess(State state) {
        for (Result result : Result.values()) {
            if (result != Result.PAIRED) {
                assertThat(Transitions.answered(new Known(state, 1), result, false, true, MAX)
                                .to())
                        .isNull();
            }
        }
    }

    /** All inputs there are: what must hold whatever the row says. */
    @Test
    void holdsTheRulesForEveryInput() {
        for (State state : State.values()) {
            for (int ambiguous = 0; ambiguous <= MAX; ambiguous++) {
                Known known = new Known(state, ambiguous);
                for (Delivery d : allDeliveries()) {
                    Move move = Transitions.delivered(known, d, MAX);
                    String what = known + " " + d;
                    assertThat(move.next() == NextStep.CALL)
                            .as("a call is journalled first: " + what)
                            .isEqualTo(move.to() == State.CALLING);
                    if (state == State.SEALED || state == State.PUBLISHED) {
                        assertThat(move.next())
                                .as("never called after a success: " + what)
                                .isNotEqualTo(NextStep.CALL);
                    }
                    if (d.callMayRun() && state == State.CALLING) {
                        assertThat(move.next())
                                .as("no two calls at once: " + what)
                                .isNotEqualTo(NextStep.CALL);
                    }
                    if (d.sameOtp() && (state == State.IN_DOUBT || state == State.REJECTED)) {
                        assertThat(move.next())
                                .as("a spent OTP is not posted again: " + what)
                                .isNotEqualTo(NextStep.CALL);
                    }
                    assertThat(move.duplicate())
                            .as("refused only while the first one runs or after it was paired: " + what)
                            .isEqualTo(!d.sameOtp() && (!state.ended() || state == State.PUBLISHED));
                    if (!d.timeLeft()) {
                        assertThat(move.next())
                                .as("no call after its time: " + what)
                                .isNotEqualTo(NextStep.CALL);
                    }
                    if (move.to() != null && move.to().ended()) {
                        assertThat(move.why()).as("an ending says why: " + what).isNotNull();
                    }
                    if (d.sameOtp()
                            && ambiguous > 0
                            && !state.ended()
                            && move.to() != null
                            && move.to().ended()) {
                        assertThat(move.to()).as("doubt is sticky: " + what).isEqualTo(State.IN_DOUBT);
                    }
                }
                for (Result result : Result.values()) {
                    for (boolean timeLeft : BOTH) {
                        Move move = Transitions.answered(known, result, true, timeLeft, MAX);
                        if (ambiguous > 0 && move.to() != null && move.to().ended()) {
                            assertThat(move.to())
                                    .as("doubt is sticky: " + known + " " + result)
                                    .isEqualTo(State.IN_DOUBT);
                        }
                        assertThat(move.next())
                                .as("an answer leads to no call by itself")
                                .isNotEqualTo(NextStep.CALL);
                    }
                }
            }
        }
    }
}
