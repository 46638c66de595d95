package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Outcome;
import java.util.EnumSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StateTest {
    private static final EnumSet<State> RUNNING = EnumSet.of(State.CALLING, State.WAITING);

    @ParameterizedTest
    @EnumSource(State.class)
    void standsForAnOutcomeOnceTheJobIsDecided(State state) {
        assertThat(state.outcome())
                .isEqualTo(
                        RUNNING.contains(state)
                                ? null
                                : state == State.SEALED || state == State.PUBLISHED
                                        ? Outcome.PAIRED
                                        : Outcome.valueOf(state.name()));
    }

    @ParameterizedTest
    @EnumSource(State.class)
    void hasNotEndedWhileCredentialsAreStillToBePublished(State state) {
        assertThat(state.ended()).isEqualTo(!RUNNING.contains(state) && state != State.SEALED);
    }

    @ParameterizedTest
    @EnumSource(State.class)
    void holdsAnOtpForUnspentOnlyWhereThatIsCertain(State state) {
        assertThat(state.unspent())
                .isEqualTo(EnumSet.of(State.INVALID, State.EXPIRED, State.MISCONFIGURED)
                        .contains(state));
    }
}
