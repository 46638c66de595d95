package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EndingDescriptionsTest {

    @Test
    void explainsEveryReasonAndWhatTheLastAttemptCameTo() {
        Map.of(
                        Transitions.TOO_OLD,
                        "time ran out before the one-time password could be used",
                        Transitions.DOUBT_EXPIRED,
                        "time ran out after a call whose answer was lost",
                        Transitions.DOUBT_REFUSED,
                        "refused the one-time password after an earlier answer was lost",
                        Transitions.DOUBT_EXHAUSTED,
                        "no complete answer came in any attempt",
                        Transitions.UNREADABLE,
                        "answer could not be understood",
                        Transitions.REFUSED,
                        "refused the one-time password or the request",
                        Transitions.NOT_ACCEPTED,
                        "does not accept this bridge's URL, integrator id or request format",
                        "ANOTHER_REASON",
                        "ANOTHER_REASON")
                .forEach((why, words) -> {
                    assertThat(EndingDescriptions.of(why, null))
                            .contains(words)
                            .doesNotContain("null")
                            .doesNotEndWith(":");
                    assertThat(EndingDescriptions.of(why, "no answer"))
                            .isEqualTo(EndingDescriptions.of(why, null) + ": no answer");
                });
    }

    @ParameterizedTest
    @EnumSource(State.class)
    void tellsTheSenderOfADuplicateHowTheOtherJobStands(State state) {
        assertThat(EndingDescriptions.of(state))
                .isEqualTo(
                        switch (state) {
                            case CALLING, WAITING -> "still running";
                            case SEALED, PUBLISHED -> "already paired";
                            default -> "ended";
                        });
    }
}
