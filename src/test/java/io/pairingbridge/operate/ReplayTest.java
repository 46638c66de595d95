package io.pairingbridge.operate;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.intake.RequestBody;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReplayTest {
    private static final RequestBody REQUESTS = new RequestBody(Path.of("config/schema/pairing-request.schema.json"));
    private static final AttentionMessage EXPIRED = new AttentionMessage(
            "ID:1",
            "late",
            "",
            "",
            "EXPIRED",
            "TOO_OLD",
            "",
            0,
            0,
            "",
            "",
            "{\"name\":\"Till\",\"otp\":\"old\"}",
            "",
            "");

    @Test
    void usesTheOldPasswordOnlyWhereNoneIsGiven() {
        assertThat(Replay.of(EXPIRED, "", "", REQUESTS).sameOtp()).isTrue();
        assertThat(Replay.of(EXPIRED, null, "", REQUESTS).sameOtp()).isTrue();
        assertThat(Replay.of(EXPIRED, " new\u200b ", "", REQUESTS).body()).contains("\"otp\":\"new\"");
    }

    /** Somebody gave a new one, of which a copy brought only what nobody sees. */
    @ParameterizedTest
    @ValueSource(strings = {" ", "\u200b", "\u00a0", "\ufeff", "\u2060\t"})
    void doesNotTakeAPasswordThatCannotBeSeenForNone(String given) {
        Replay replay = Replay.of(EXPIRED, given, "", REQUESTS);
        assertThat(replay.refusal()).contains("nothing that can be seen");
        assertThat(replay.body()).isNull();
    }
}
