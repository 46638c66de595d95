package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration MAX = Duration.ofMinutes(1);

    private final RetryPolicy steady = new RetryPolicy(FIRST, MAX, 2, 0);
    private final RetryPolicy jittered = new RetryPolicy(FIRST, MAX, 2, 0.5);

    @Test
    void waitsLongerAfterEachFailureAndNeverLongerThanTheMaximum() {
        assertThat(steady.delay(0, null, 0.9)).isEqualTo(FIRST);
        assertThat(steady.delay(3, null, 0.9)).isEqualTo(Duration.ofSeconds(8));
        assertThat(steady.delay(6, null, 0.9)).isEqualTo(MAX);
        assertThat(steady.delay(10_000, null, 0.9)).as("after days of failures").isEqualTo(MAX);
    }

    @Test
    void spreadsJobsThatFailedTogetherByComingBackEarlier() {
        assertThat(jittered.delay(0, null, 0)).isEqualTo(FIRST);
        assertThat(jittered.delay(0, null, 0.5)).isEqualTo(Duration.ofMillis(750));
        assertThat(jittered.delay(3, null, 0.5)).isEqualTo(Duration.ofSeconds(6));
        assertThat(jittered.delay(99, null, 0.5)).as("at the maximum too").isEqualTo(Duration.ofSeconds(45));
    }

    @Test
    void waitsAsLongAsTheEndpointAsksUpToTheMaximum() {
        assertThat(jittered.delay(0, Duration.ofSeconds(30), 0.5))
                .as("not earlier")
                .isEqualTo(Duration.ofSeconds(30));
        assertThat(jittered.delay(0, Duration.ofHours(2), 0.5)).isEqualTo(MAX);
        assertThat(steady.delay(3, Duration.ofSeconds(2), 0.5))
                .as("asks for less than is due")
                .isEqualTo(Duration.ofSeconds(8));
    }
}
