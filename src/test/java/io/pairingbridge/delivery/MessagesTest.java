package io.pairingbridge.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.CarrierMark;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.testing.MovingClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessagesTest {
  private static final Instant BROKER = Instant.parse("2026-01-01T12:00:00Z");

  @ParameterizedTest
  @ValueSource(ints = {0, 20, -20})
  void tellsTheBrokerByItsOwnClockHowLongAJobIsToWait(int minutes) {
    MovingClock clock = new MovingClock();
    Messages messages = new Messages("simulator", clock, () -> BROKER, new CarrierMark("P", text -> "0".repeat(32)),
        new CarrierMark("Q", text -> "0".repeat(32)));
    Job job = new Job(new Job.Origin("j", null, null, "1", clock.instant(), null, 4, false, false),
        new PairingRequest("Till", "otp", null, Map.of()), "{}");
    job.waitFor(Duration.ofSeconds(30));
    clock.move(Duration.ofMinutes(minutes)); // between the journal's decision and the send
    Exchange exchange = new DefaultExchange(new DefaultCamelContext());

    messages.waiting(job, exchange);

    Instant due = Instant.ofEpochMilli(exchange.getMessage().getHeader("_AMQ_SCHED_DELIVERY", Long.class));
    assertThat(due).isBetween(BROKER.plusSeconds(20), BROKER.plusSeconds(30));
  }
}
