package io.pairingbridge.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.testing.MovingClock;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ReconcilerTest {
    private final AtomicInteger portionsLeft = new AtomicInteger(25);
    private final AtomicInteger asked = new AtomicInteger();
    private List<Orphan> nothingWaits = List.of();
    private List<Orphan> timeOver = List.of();
    private final MovingClock clock = new MovingClock();

    /** A journal of which only what a purge asks is asked. */
    private Journal journal() {
        return (Journal) Proxy.newProxyInstance(
                Journal.class.getClassLoader(),
                new Class<?>[] {Journal.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "failure" -> Optional.empty();
                    case "purge" -> {
                        asked.incrementAndGet();
                        yield portionsLeft.getAndUpdate(left -> Math.max(0, left - 1)) > 0 ? 1_000 : 0;
                    }
                    case "orphans" -> (boolean) arguments[0] ? nothingWaits : timeOver;
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    @Test
    void takesARequestForGoneThatItMissesTwiceInARowWhileNoneWaits() throws Exception {
        AtomicInteger waiting = new AtomicInteger();
        Reconciler reconciler = new Reconciler(journal(), waiting::get, Duration.ofDays(90), clock);
        Orphan orphan = new Orphan("j", null, 1, clock.instant(), Map.of());
        nothingWaits = List.of(orphan);

        assertThat(reconciler.orphans())
                .as("one look may have fallen between two of its messages")
                .isEmpty();
        waiting.set(1);
        assertThat(reconciler.orphans()).isEmpty();
        waiting.set(0);
        assertThat(reconciler.orphans()).as("not in a row").isEmpty();
        assertThat(reconciler.orphans()).containsExactly(orphan);
        nothingWaits = List.of(new Orphan("j", null, 2, clock.instant(), Map.of()));
        assertThat(reconciler.orphans()).as("it has moved").isEmpty();

        waiting.set(1);
        timeOver = List.of(orphan);
        assertThat(reconciler.orphans()).isEmpty();
        assertThat(reconciler.orphans()).containsExactly(orphan);
    }

    @Test
    void forgetsSomeThousandsARoundUntilNothingIsLeftAndLooksAgainAfterAnHour() {
        Reconciler reconciler = new Reconciler(journal(), () -> 0, Duration.ofDays(90), clock);
        reconciler.purge();
        assertThat(asked).hasValue(10);
        reconciler.purge();
        reconciler.purge();
        assertThat(asked).as("25 portions, and that nothing is left").hasValue(26);
        reconciler.purge();
        assertThat(asked).hasValue(26);

        clock.move(Duration.ofHours(1));
        reconciler.purge();
        assertThat(asked).hasValue(27);
    }
}
