package io.pairingbridge.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.job.SignedValue;
import io.pairingbridge.testing.MovingClock;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessagesTest {
    private static final Instant BROKER = Instant.parse("2026-01-01T12:00:00Z");

    @ParameterizedTest
    @ValueSource(ints = {0, 20, -20})
    void tellsTheBrokerByItsOwnClockHowLongAJobIsToWait(int minutes) {
        MovingClock clock = new MovingClock();
        Messages messages = new Messages(
                "simulator",
                clock,
                () -> BROKER,
                new SignedValue("P", text -> "0".repeat(32)),
                new SignedValue("Q", text -> "0".repeat(32)));
        Job job = new Job(
                new Job.Origin("j", null, null, "1", clock.instant(), null, 4, false, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
        job.waitFor(Duration.ofSeconds(30));
        clock.move(Duration.ofMinutes(minutes)); // between the journal's decision and the send
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());

        messages.waiting(job, exchange);

        Instant due = Instant.ofEpochMilli(exchange.getMessage().getHeader("_AMQ_SCHED_DELIVERY", Long.class));
        assertThat(due).isBetween(BROKER.plusSeconds(20), BROKER.plusSeconds(30));
    }

    /**
     * What an endpoint echoes may be any text; a recipient of any protocol must be able to read the message, and
     * nothing else into it.
     */
    @ParameterizedTest
    @MethodSource("hostile")
    void writesPropertiesThatEveryProtocolCanCarry(String text) {
        Messages messages = new Messages(
                "simulator",
                new MovingClock(),
                () -> BROKER,
                new SignedValue("P", t -> "0".repeat(32)),
                new SignedValue("Q", t -> "0".repeat(32)));
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());

        messages.credentials(credentials(text), exchange);

        for (String property : List.of("PairingPayConnectId", "PairingPayConnectName", "PairingTerminalId")) {
            String written = exchange.getMessage().getHeader(property, String.class);
            assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(written))
                    .as("UTF-8")
                    .isTrue();
            assertThat(written).doesNotContainPattern("\\p{Cntrl}").hasSizeLessThanOrEqualTo(4_000);
            assertThat(written.codePoints().noneMatch(c -> c == 0x85 || c == 0x2028))
                    .isTrue();
        }
    }

    private static Credentials credentials(String text) {
        return new Credentials(
                "a",
                "j",
                null,
                new SealedAnswer("e30.x", "key", "application/json"),
                new PairedTerminal(text, text, text),
                null,
                null,
                false,
                Map.of(),
                BROKER,
                1);
    }

    static Stream<String> hostile() {
        return Stream.of(
                "x".repeat(3_996) + "\ud83d\ude00y" + "z".repeat(9),
                "x".repeat(3_997) + "\ud83d\ude00" + "z".repeat(9),
                "Till \ud83d",
                "\udc00 Till",
                "Till\nPairingTerminalId:stolen\n\nbody\0",
                "Till\r\nx:y",
                "\u001b[2J\u0007\u009b\u0085\u2028");
    }

    @Test
    void writesBodiesThatAreWellFormed() {
        Messages messages = new Messages(
                "simulator",
                new MovingClock(),
                () -> BROKER,
                new SignedValue("P", t -> "0".repeat(32)),
                new SignedValue("Q", t -> "0".repeat(32)));
        Exchange exchange = new DefaultExchange(new DefaultCamelContext());
        Job job = new Job(
                new Job.Origin("j", null, null, "1", BROKER, null, 4, false, false),
                null,
                "{\"name\":\"Till \ud83d\"}");
        job.finish(Ending.uncalled(Outcome.INVALID, "ENCODING", "half a character", "1", BROKER), false);

        messages.attention(job, exchange);

        assertThat(StandardCharsets.UTF_8
                        .newEncoder()
                        .canEncode(exchange.getMessage().getBody(String.class)))
                .isTrue();
    }
}
