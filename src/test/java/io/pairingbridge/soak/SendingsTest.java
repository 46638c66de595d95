package io.pairingbridge.soak;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.testing.Stage.Received;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SendingsTest {
    @Test
    void knowsACopyThatTheOtherBridgeSentAtTheSameMoment() {
        Sendings sendings = new Sendings(2);
        assertThat(sendings.copy(credentials("attempt", "sealed"), 10_000)).isFalse();
        assertThat(sendings.copy(credentials("attempt", "sealed"), 10_003)).isTrue();
        assertThat(sendings.copies()).isEqualTo(1);
    }

    @Test
    void takesNothingElseForOne() {
        assertThat(second(2, credentials("attempt", "sealed otherwise"), 10_003))
                .as("another text")
                .isFalse();
        assertThat(second(2, credentials("another attempt", "sealed"), 10_003))
                .as("another attempt")
                .isFalse();
        assertThat(second(2, credentials("attempt", "sealed"), 11_001))
                .as("later")
                .isFalse();
        assertThat(second(1, credentials("attempt", "sealed"), 10_003))
                .as("from the only bridge there is")
                .isFalse();
        Sendings sendings = new Sendings(2);
        sendings.copy(credentials("attempt", "sealed"), 10_000);
        sendings.copy(credentials("attempt", "sealed"), 10_003);
        assertThat(sendings.copy(credentials("attempt", "sealed"), 10_004))
                .as("a third one of two bridges")
                .isFalse();
        Sendings without = new Sendings(2);
        without.copy(new Received("job", null, Map.of(), "sealed"), 10_000);
        assertThat(without.copy(new Received("job", null, Map.of(), "sealed"), 10_000))
                .as("without an attempt")
                .isFalse();
    }

    private static boolean second(int bridges, Received message, long sentMillis) {
        Sendings sendings = new Sendings(bridges);
        sendings.copy(credentials("attempt", "sealed"), 10_000);
        return sendings.copy(message, sentMillis);
    }

    private static Received credentials(String attempt, String body) {
        return new Received("job", null, Map.of("_AMQ_DUPL_ID", attempt), body);
    }
}
