package io.pairingbridge.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AttemptTest {
    private static final Duration SOON = Duration.ofSeconds(2);

    @Test
    void countsDownToItsDeadlineFromTheMomentItBegan() {
        Attempt attempt = new Attempt("a-1", 2, Duration.ofMinutes(1));
        long left = attempt.nanosLeft();
        assertThat(left)
                .isPositive()
                .isLessThanOrEqualTo(Duration.ofMinutes(1).toNanos())
                .isGreaterThan(Duration.ofSeconds(30).toNanos());
        await().atMost(SOON).until(() -> attempt.nanosLeft() < left);
    }

    @Test
    void knowsWhenItsDeadlineHasPassed() {
        Attempt attempt = new Attempt("a-1", 1, Duration.ZERO);
        await().atMost(SOON).until(() -> attempt.nanosLeft() < 0);
    }

    @Test
    void saysInSecondsHowLongItHasTaken() {
        Attempt attempt = new Attempt("a-1", 1, Duration.ofMinutes(1));
        await().atMost(SOON).until(() -> attempt.seconds() > 0);
        assertThat(attempt.seconds()).isLessThan(30);
    }

    @Test
    void countsAsHeardOnceAByteMayHaveLeft() {
        Attempt attempt = new Attempt("a-1", 1, Duration.ofMinutes(1));
        assertThat(attempt.sent()).isFalse();
        attempt.markSent();
        assertThat(attempt.sent()).isTrue();
        attempt.markSent();
        assertThat(attempt.sent()).as("for good").isTrue();
    }

    @Test
    void namesItself() {
        Attempt attempt = new Attempt("a-1", 2, Duration.ofMinutes(1));
        assertThat(attempt.id()).isEqualTo("a-1");
        assertThat(attempt.number()).isEqualTo(2);
        assertThat(attempt).hasToString("Attempt[a-1, number=2]");
    }

    @Test
    void isHeldFromWhenItsDeliverySaysSoUntilItIsDone() {
        Attempt attempt = new Attempt("attempt-1", 1, Duration.ZERO);
        assertThat(attempt.held()).isFalse();
        attempt.hold(true);
        assertThat(attempt.held()).as("long after its deadline").isTrue();
        attempt.hold(false);
        assertThat(attempt.held()).isFalse();
    }
}
