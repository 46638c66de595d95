package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LimitsTest {

    @Test
    void grantsACallALittleMoreThanItsDeadlineBeforeOthersTakeItsJobOver() {
        Limits limits = new Limits(Duration.ofSeconds(30), Duration.ofHours(1), 3, null);
        assertThat(limits.callMayRun()).isGreaterThan(limits.callDeadline()).isLessThan(Duration.ofMinutes(1));
    }
}
