package io.pairingbridge.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.intake.IntakeState.Rules;
import io.pairingbridge.intake.IntakeState.Step;
import io.pairingbridge.intake.IntakeState.Switch;
import io.pairingbridge.job.Result;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IntakeStateTest {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final Instant LATER = NOW.plusSeconds(60);
    private static final Rules RULES = new Rules(3, Duration.ofSeconds(10));
    private static final IntakeState OPEN = IntakeState.open(NOW);

    private static IntakeState closed(boolean probe) {
        return OPEN.failed("the cause", probe, RULES, NOW).state();
    }

    private static IntakeState probing() {
        return closed(true).ready(NOW).state();
    }

    private static void assertUnchanged(Step step) {
        assertThat(step.consumers()).isNull();
        assertThat(step.look()).isNull();
    }

    @ParameterizedTest
    @EnumSource(
            value = Result.class,
            names = {"NOT_SENT", "MISCONFIGURED"})
    void closesAfterSoManyFailuresInARow(Result failure) {
        IntakeState state = OPEN;
        for (int i = 1; i < RULES.closeAfter(); i++) {
            Step step = state.attempted(failure, "why", RULES, LATER);
            assertUnchanged(step);
            assertThat(step.state().status().gate()).isEqualTo(Gate.OPEN);
            state = step.state();
        }

        Step last = state.attempted(failure, "why", RULES, LATER);

        assertThat(last.state().status().gate()).isEqualTo(Gate.CLOSED);
        assertThat(last.state().status().reason()).endsWith(": why");
        assertThat(last.state().status().since()).isEqualTo(LATER);
        assertThat(last.state().needsProbe()).as("only a job shows it").isTrue();
        assertThat(last.consumers()).isEqualTo(Switch.NONE);
        assertThat(last.look()).isEqualTo(RULES.firstPause());
    }

    @ParameterizedTest
    @EnumSource(
            value = Result.class,
            names = {"PAIRED", "UNREADABLE", "REJECTED", "THROTTLED"})
    void countsAnewAfterAnAnswer(Result answer) {
        IntakeState twice = OPEN.attempted(Result.NOT_SENT, "", RULES, NOW)
                .state()
                .attempted(Result.NOT_SENT, "", RULES, NOW)
                .state();

        IntakeState answered = twice.attempted(answer, "", RULES, NOW).state();

        assertThat(answered.failures()).isZero();
        assertUnchanged(answered.attempted(Result.NOT_SENT, "", RULES, NOW));
    }

    @Test
    void learnsNothingFromALostAnswer() {
        IntakeState twice = OPEN.attempted(Result.NOT_SENT, "", RULES, NOW)
                .state()
                .attempted(Result.NOT_SENT, "", RULES, NOW)
                .state();
        for (IntakeState state : List.of(OPEN, twice, closed(true), probing())) {
            Step step = state.attempted(Result.AMBIGUOUS, "", RULES, LATER);
            assertUnchanged(step);
            assertThat(step.state()).isEqualTo(state);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Result.class,
            names = {"PAIRED", "UNREADABLE", "REJECTED", "THROTTLED"})
    void opensWhenAProbeIsAnswered(Result answer) {
        Step step = probing().attempted(answer, "", RULES, LATER);

        assertThat(step.state()).isEqualTo(IntakeState.open(LATER));
        assertThat(step.consumers()).isEqualTo(Switch.ALL);
    }

    @ParameterizedTest
    @EnumSource(
            value = Result.class,
            names = {"NOT_SENT", "MISCONFIGURED"})
    void closesForLongerWhenAProbeFails(Result failure) {
        Step step = probing().attempted(failure, "", RULES, LATER);

        assertThat(step.state().status().gate()).isEqualTo(Gate.CLOSED);
        assertThat(step.consumers()).isEqualTo(Switch.NONE);
        assertThat(step.look()).isEqualTo(RULES.firstPause().multipliedBy(2));
    }

    @Test
    void closesAtOnceForWhatEveryJobNeeds() {
        Step step = OPEN.failed("the journal cannot write", false, RULES, LATER);

        assertThat(step.state().status()).isEqualTo(new IntakeStatus(Gate.CLOSED, "the journal cannot write", LATER));
        assertThat(step.consumers()).isEqualTo(Switch.NONE);
        assertThat(step.state().needsProbe()).isFalse();
    }

    @Test
    void keepsTheFirstReasonWhileItIsClosed() {
        Step step = closed(false).failed("another", true, RULES, LATER);

        assertUnchanged(step);
        assertThat(step.state()).isEqualTo(closed(false));
    }

    @Test
    void stillNeedsAProbeIfSomethingElseFailsDuringOne() {
        assertThat(probing().failed("the journal", false, RULES, NOW).state().needsProbe())
                .isTrue();
        assertThat(probing().hold("by anna", NOW).state().needsProbe()).isTrue();
    }

    @Test
    void opensAfterALookOrSendsAProbeFirst() {
        Step without = closed(false).ready(LATER);
        assertThat(without.state()).isEqualTo(IntakeState.open(LATER));
        assertThat(without.consumers()).isEqualTo(Switch.ALL);

        Step with = closed(true).ready(LATER);
        assertThat(with.state().status().gate()).isEqualTo(Gate.PROBING);
        assertThat(with.state().status().since()).as("since it closed").isEqualTo(NOW);
        assertThat(with.consumers()).isEqualTo(Switch.ONE);
        assertThat(with.look()).as("a job tells").isNull();
    }

    @Test
    void doublesItsPausesUpToTwelveTimes() {
        List<Long> pauses = new ArrayList<>();
        IntakeState state = closed(false);
        for (int i = 0; i < 70; i++) {
            Step step = state.notReady("still", RULES);
            assertThat(step.state().status().since()).isEqualTo(NOW);
            pauses.add(step.look().toSeconds());
            state = step.state();
        }

        assertThat(pauses).startsWith(20L, 40L, 80L, 120L, 120L).allMatch(pause -> pause <= 120);
    }

    @Test
    void stopsTheProbeIfALookFailsMeanwhile() {
        assertThat(probing().release(NOW).state().notReady("no", RULES).consumers())
                .isEqualTo(Switch.NONE);
    }

    @ParameterizedTest
    @EnumSource(Result.class)
    void isHeldUntilAnOperatorOpensIt(Result result) {
        IntakeState held = OPEN.hold("closed by anna", LATER).state();

        assertThat(held.status().reason()).isEqualTo("closed by anna");
        assertUnchanged(held.ready(LATER));
        assertUnchanged(held.notReady("no", RULES));
        assertUnchanged(held.attempted(result, "", RULES, LATER));
        assertThat(held.attempted(result, "", RULES, LATER).state().status()).isEqualTo(held.status());

        Step released = held.release(LATER);
        assertThat(released.look()).isZero();
        assertThat(released.state().status().reason()).contains("being opened");
        assertThat(released.state().ready(LATER).consumers()).isEqualTo(Switch.ALL);
    }

    @Test
    void looksAtOnceWhenAnOperatorAsks() {
        IntakeState waiting = closed(false).notReady("x", RULES).state();

        Step step = waiting.release(LATER);

        assertThat(step.look()).isZero();
        assertThat(step.state().status()).isEqualTo(waiting.status());
        assertThat(step.state().notReady("x", RULES).look())
                .as("pauses begin anew")
                .isEqualTo(RULES.firstPause());
        assertUnchanged(OPEN.release(LATER));
    }

    @Test
    void stillNeedsAProbeAfterAnOperatorClosedAndOpened() {
        IntakeState again =
                closed(true).hold("by anna", LATER).state().release(LATER).state();

        assertThat(again.ready(LATER).consumers()).isEqualTo(Switch.ONE);
    }
}
