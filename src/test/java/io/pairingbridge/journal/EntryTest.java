package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.SealedAnswer;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EntryTest {
    private static final Instant THEN = Instant.parse("2026-01-01T00:00:00Z");

    private static Entry entry(State state, String attemptId) {
        return new Entry(
                "j",
                state,
                "hash",
                "message-1",
                null,
                Map.of("store", "canary"),
                THEN,
                null,
                null,
                2,
                3,
                1,
                attemptId,
                null,
                null,
                "why",
                "in words",
                503,
                "pc",
                "Till",
                "T1",
                THEN);
    }

    @Test
    void tellsAnEndingByItsAttemptOrWithoutOneByItsMessage() {
        assertThat(entry(State.IN_DOUBT, "attempt-1").ending())
                .isEqualTo(new Ending(
                        Outcome.IN_DOUBT,
                        "why",
                        "in words",
                        503,
                        3,
                        new PairedTerminal("pc", "Till", "T1"),
                        "attempt-1",
                        THEN));
        assertThat(entry(State.INVALID, null).ending().key()).isEqualTo("message-1");
    }

    @Test
    void isDecidedByWhereItIsAndHowOftenAnAnswerWasLost() {
        assertThat(entry(State.WAITING, null).known()).isEqualTo(new Transitions.Known(State.WAITING, 1));
    }

    @Test
    void printsNothingOfTheRequestOrTheAnswer() {
        assertThat(entry(State.WAITING, null)).hasToString("Entry[j, WAITING]");
        assertThat(new SealedAnswer("canary", "key-1", "application/json", "canary"))
                .hasToString("SealedAnswer[keyId=key-1, contentType=application/json, body of 6 characters]");
    }
}
