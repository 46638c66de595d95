package io.pairingbridge.operate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CachedValueTest {
    @ParameterizedTest
    @CsvSource({"1, 2000", "20, 2000", "100, 10000", "700, 60000", "5000, 60000"})
    void keepsAFigureLongerTheMoreItCosts(long took, long kept) {
        AtomicLong millis = new AtomicLong(-1_000);
        AtomicInteger asked = new AtomicInteger();
        CachedValue<Integer> figure = new CachedValue<>(
                () -> {
                    millis.addAndGet(took);
                    return asked.incrementAndGet();
                },
                () -> TimeUnit.MILLISECONDS.toNanos(millis.get()));
        assertThat(figure.get()).isEqualTo(1);
        millis.addAndGet(kept - 1);
        assertThat(figure.get()).isEqualTo(1);
        millis.addAndGet(1);
        assertThat(figure.get()).isEqualTo(2);
    }
}
