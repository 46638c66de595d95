package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class LimitsTest {

    @Test
    void grantsACallALittleMoreThanItsDeadlineBeforeOthersTakeItsJobOver() {
        Limits limits = new Limits(Duration.ofSeconds(30), Duration.ofHours(1), 3, null);
        assertThat(limits.callMayRun()).isGreaterThan(limits.callDeadline()).isLessThan(Duration.ofMinutes(1));
    }

    @Test
    void endsAJobAtItsOwnExpiryOrAtTheMaximumAgeWhicheverComesFirst() {
        Limits limits = new Limits(Duration.ofSeconds(30), Duration.ofHours(1), 3, null);
        Instant requested = Instant.parse("2026-01-01T00:00:00Z");
        Instant tooOld = requested.plus(Duration.ofHours(1));
        assertThat(limits.end(requested, null)).isEqualTo(tooOld);
        assertThat(limits.end(requested, tooOld.plusMillis(1))).isEqualTo(tooOld);
        assertThat(limits.end(requested, tooOld.minusMillis(1))).isEqualTo(tooOld.minusMillis(1));
    }

    @Test
    void takesAJobForExpiredFromThatVeryMillisecond() {
        Limits limits = new Limits(Duration.ofSeconds(30), Duration.ofHours(1), 3, null);
        Instant requested = Instant.parse("2026-01-01T00:00:00Z");
        Instant end = requested.plus(Duration.ofMinutes(1));
        assertThat(limits.expired(requested, end, end.minusMillis(1))).isFalse();
        assertThat(limits.expired(requested, end, end)).isTrue();
    }
}
