package io.pairingbridge.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.journal.Journal;
import io.pairingbridge.testing.MovingClock;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ReconcilerTest {
  private final AtomicInteger portionsLeft = new AtomicInteger(25);
  private final AtomicInteger asked = new AtomicInteger();
  private final MovingClock clock = new MovingClock();

  /** A journal of which only what a purge asks is asked. */
  private Journal journal() {
    return (Journal) Proxy.newProxyInstance(Journal.class.getClassLoader(), new Class<?>[] {Journal.class}, (proxy, method, arguments) ->
        switch (method.getName()) {
          case "failure" -> Optional.empty();
          case "purge" -> {
            asked.incrementAndGet();
            yield portionsLeft.getAndUpdate(left -> Math.max(0, left - 1)) > 0 ? 1_000 : 0;
          }
          default -> throw new UnsupportedOperationException(method.getName());
        });
  }

  @Test
  void forgetsSomeThousandsARoundUntilNothingIsLeftAndLooksAgainAfterAnHour() {
    Reconciler reconciler = new Reconciler(journal(), Duration.ofDays(90), clock);
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
