package io.pairingbridge.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class EndingTest {

    @Test
    void tellsOfNoCallAndNoCredentialsIfThereWereNone() {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        assertThat(Ending.uncalled(Outcome.INVALID, "SCHEMA", "name is missing", "message-1", now))
                .isEqualTo(new Ending(
                        Outcome.INVALID,
                        "SCHEMA",
                        "name is missing",
                        null,
                        0,
                        PairedTerminal.UNKNOWN,
                        "message-1",
                        now));
    }
}
