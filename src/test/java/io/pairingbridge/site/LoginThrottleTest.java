package io.pairingbridge.site;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.pairingbridge.site.LoginThrottle.Attempt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private long now = 1_000;
    private final LoginThrottle throttle = new LoginThrottle(meters, () -> now);

    private boolean looksAt(String address, String user, String password) {
        Attempt attempt = new Attempt(address, user, user + ":" + password);
        if (throttle.secondsToWait(attempt) > 0) {
            return false;
        }
        throttle.wrong(attempt);
        return true;
    }

    private int looked(int guesses, String address, String user) {
        int looked = 0;
        for (int i = 0; i < guesses; i++) {
            looked += looksAt(address, user, address + i + "-" + now) ? 1 : 0;
        }
        return looked;
    }

    @Test
    void looksAtAFewGuessesAndThenAtOneInAWhile() {
        assertThat(looked(1_000, "10.0.0.1", "operator")).isEqualTo(LoginThrottle.BURST);
        now += TimeUnit.SECONDS.toNanos(LoginThrottle.INTERVAL_SECONDS);
        assertThat(looked(1_000, "10.0.0.1", "operator")).isEqualTo(1);
        assertThat(throttle.secondsToWait(new Attempt("10.0.0.1", "operator", "right")))
                .isBetween(1L, (long) LoginThrottle.INTERVAL_SECONDS);
        assertThat(meters.counter("pairing.management.logins.refused", "result", "wrong")
                        .count())
                .isEqualTo(LoginThrottle.BURST + 1);
        assertThat(meters.counter("pairing.management.logins.refused", "result", "slowed")
                        .count())
                .isGreaterThan(1_900);
    }

    @Test
    void slowsGuessesOfAUserFromManyAddressesAndThoseOfManyUsersFromOne() {
        int looked = 0;
        for (int i = 0; i < 500; i++) {
            looked += looked(1, "10.0." + i + ".1", "operator");
        }
        assertThat(looked).isEqualTo(LoginThrottle.BURST);
        assertThat(looked(500, "10.9.9.9", null)).as("users that there are not").isEqualTo(LoginThrottle.BURST);
        looked = 0;
        for (int i = 0; i < 500; i++) {
            looked += looked(1, "2001:db8:0:1:0:0:0:" + Integer.toHexString(i), null);
        }
        assertThat(looked).as("one network of IPv6").isEqualTo(LoginThrottle.BURST);
    }

    @Test
    void holdsNobodyUpWhereHeHasLoggedInForWhatOthersGuessElsewhere() {
        Attempt right = new Attempt("10.0.0.7", "operator", "operator:right");
        throttle.right(right);
        looked(100, "10.0.0.1", "operator");
        assertThat(throttle.secondsToWait(right)).isZero();
        assertThat(throttle.secondsToWait(new Attempt("10.0.0.8", "operator", "operator:right")))
                .isPositive();
    }

    @Test
    void takesTheSameWrongLoginForOneGuess() {
        for (int i = 0; i < 1_000; i++) {
            assertThat(looksAt("10.0.0.1", "operator", "of last year")).isTrue();
        }
        assertThat(throttle.secondsToWait(new Attempt("10.0.0.1", "operator", "operator:right")))
                .isZero();
    }

    @Test
    void forgetsWhatWasLongestAgoInsteadOfGrowing() {
        for (int i = 0; i < 50_000; i++) {
            looked(1, "10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255), null);
        }
        assertThat(throttle.remembered()).isLessThanOrEqualTo(4 * 10_000);
    }
}
