package io.pairingbridge.operate;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Batches.Place;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.JournalReader.AttemptRecord;
import io.pairingbridge.journal.State;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TimelineTest {
    private static final Instant THEN = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void tellsWhatCameOfEachCallAndHowLongItTook() {
        assertThat(Timeline.of(
                        entry(State.WAITING),
                        List.of(),
                        List.of(
                                attempt(1, Result.AMBIGUOUS, 500, "the endpoint answered 500", 350),
                                attempt(2, Result.NOT_SENT, null, "", 2_000),
                                attempt(3, null, null, null, 0)),
                        Optional.<Place>empty()))
                .containsExactly(
                        "2026-01-01T00:00:00Z Asked for.",
                        "2026-01-01T00:00:01Z Call 1 of the endpoint began.",
                        "2026-01-01T00:00:01.350Z Call 1 brought no complete answer and may have paired the terminal:"
                                + " the endpoint answered 500 (after 0.35 s).",
                        "2026-01-01T00:00:02Z Call 2 of the endpoint began.",
                        "2026-01-01T00:00:03Z Call 3 of the endpoint began.",
                        "2026-01-01T00:00:04Z Call 2 was not sent (after 2.00 s).",
                        "2026-01-01T00:01:00Z To be tried again.");
    }

    private static AttemptRecord attempt(int number, Result result, Integer status, String detail, long millis) {
        Instant started = THEN.plusSeconds(number);
        return new AttemptRecord(
                "j-" + number,
                number,
                "a bridge",
                started,
                started.plusSeconds(30),
                result == null ? null : started.plusMillis(millis),
                result,
                status,
                detail,
                null,
                false);
    }

    private static Entry entry(State state) {
        return new Entry(
                "j",
                state,
                "hash",
                "message-1",
                null,
                Map.of(),
                THEN,
                null,
                THEN.plusSeconds(60),
                1,
                2,
                1,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null);
    }
}
