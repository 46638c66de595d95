package io.pairingbridge.intake;

import io.pairingbridge.job.Result;
import java.time.Duration;
import java.time.Instant;

/**
 * The intake's state machine. Each method says what follows from one event, and changes nothing by itself: no clock, no
 * thread, no consumer.
 *
 * @param status what operators see
 * @param failures calls in a row that could not be sent or were not accepted
 * @param needsProbe only a job can show that the cause is gone; if false, the pre-flight can
 * @param pauses pauses since the intake was last open or an operator asked: each is longer than the one before
 * @param held closed by an operator: nothing but an operator opens it
 */
record IntakeState(IntakeStatus status, int failures, boolean needsProbe, int pauses, boolean held) {
    /** A pause is at most this many times the first one. */
    private static final int LONGEST_PAUSE = 12;

    /**
     * When the intake closes and how soon it looks again.
     *
     * @param closeAfter failures in a row after which it closes, 1 or more
     * @param firstPause before the first look; doubled with each one, up to twelve times
     */
    record Rules(int closeAfter, Duration firstPause) {
        private Duration pause(int before) {
            return firstPause.multipliedBy(Math.min(1L << Math.min(before, 10), LONGEST_PAUSE));
        }
    }

    /** Which consumers are to run. */
    enum Switch {
        ALL,
        ONE,
        NONE
    }

    /**
     * What follows from an event.
     *
     * @param state the next state
     * @param consumers the consumers to run from now on; null: as before
     * @param look how long until the next look, which takes the place of one that is planned; null: as before
     */
    record Step(IntakeState state, Switch consumers, Duration look) {}

    static IntakeState open(Instant now) {
        return new IntakeState(new IntakeStatus(Gate.OPEN, null, now), 0, false, 0, false);
    }

    /** A call ended. A lost answer says nothing about the next call. */
    Step attempted(Result result, String detail, Rules rules, Instant now) {
        return switch (result) {
            case NOT_SENT, MISCONFIGURED -> {
                IntakeState counted = new IntakeState(status, failures + 1, needsProbe, pauses, held);
                if (status.gate() != Gate.PROBING && counted.failures < rules.closeAfter()) {
                    yield stay(counted);
                }
                String cause = result == Result.NOT_SENT
                        ? "the endpoint cannot be reached: "
                        : "the endpoint does not accept this bridge: ";
                yield counted.failed(cause + detail, true, rules, now);
            }
            case PAIRED, UNREADABLE, REJECTED, THROTTLED -> {
                IntakeState counted = new IntakeState(status, 0, false, pauses, held);
                yield status.gate() == Gate.PROBING ? counted.opened(now) : stay(counted);
            }
            case AMBIGUOUS -> stay(this);
        };
    }

    /**
     * Something failed that every job needs.
     *
     * @param probe only a job can show that the cause is gone
     */
    Step failed(String reason, boolean probe, Rules rules, Instant now) {
        if (status.gate() == Gate.CLOSED) {
            return stay(this);
        }
        // What a probe was to find out is still open if something else fails meanwhile.
        boolean unknown = probe || status.gate() == Gate.PROBING;
        return new Step(
                new IntakeState(new IntakeStatus(Gate.CLOSED, reason, now), failures, unknown, pauses + 1, held),
                Switch.NONE,
                rules.pause(pauses));
    }

    /** An operator closes it. */
    Step hold(String reason, Instant now) {
        boolean unknown = needsProbe || status.gate() == Gate.PROBING;
        return new Step(
                new IntakeState(new IntakeStatus(Gate.CLOSED, reason, now), failures, unknown, pauses, true),
                Switch.NONE,
                null);
    }

    /** An operator wants it open: a look follows at once. */
    Step release(Instant now) {
        if (status.gate() == Gate.OPEN) {
            return stay(this);
        }
        IntakeStatus told = held
                ? new IntakeStatus(
                        Gate.CLOSED, "it is being opened: calls that were under way when it was closed end first", now)
                : status;
        return new Step(new IntakeState(told, failures, needsProbe, 0, false), null, Duration.ZERO);
    }

    /** A look found that what every job needs is in order. */
    Step ready(Instant now) {
        if (held || status.gate() == Gate.OPEN) {
            return stay(this);
        }
        if (!needsProbe) {
            return opened(now);
        }
        IntakeStatus probing =
                new IntakeStatus(Gate.PROBING, status.reason() + " (trying again with one job)", status.since());
        return new Step(new IntakeState(probing, failures, true, pauses, false), Switch.ONE, null);
    }

    /** A look found that it is not. */
    Step notReady(String reason, Rules rules) {
        if (held || status.gate() == Gate.OPEN) {
            return stay(this);
        }
        return new Step(
                new IntakeState(
                        new IntakeStatus(Gate.CLOSED, reason, status.since()), failures, needsProbe, pauses + 1, false),
                status.gate() == Gate.PROBING ? Switch.NONE : null,
                rules.pause(pauses));
    }

    private Step opened(Instant now) {
        return new Step(open(now), Switch.ALL, null);
    }

    private static Step stay(IntakeState state) {
        return new Step(state, null, null);
    }
}
