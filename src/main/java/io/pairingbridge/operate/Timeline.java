package io.pairingbridge.operate;

import io.pairingbridge.journal.Batches.Place;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.JournalReader.AttemptRecord;
import io.pairingbridge.journal.State;
import io.pairingbridge.text.Elapsed;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What happened to a job, one sentence after the other, each behind its time: the one story that the page, the MBean
 * and the command {@code job} tell.
 */
public final class Timeline {
    private record Event(Instant at, String sentence) {}

    private final List<Event> events = new ArrayList<>();

    private Timeline() {}

    /**
     * All that the journal knows.
     *
     * @param earlier tries of the job that ended and were followed by one with another one-time password
     * @return sentences that begin with the time, as ISO 8601 in UTC, the oldest first
     */
    public static List<String> of(Entry job, List<Entry> earlier, List<AttemptRecord> attempts, Optional<Place> place) {
        Timeline timeline = new Timeline();
        List<Entry> tries = new ArrayList<>(earlier);
        tries.add(job);
        for (Entry entry : tries) {
            timeline.add(
                    entry.requestedAt(),
                    entry != tries.get(0)
                            ? "Asked for again, with another one-time password."
                            : place.filter(row -> row.batchId().equals(entry.batchId()))
                                    .map(row -> "Asked for by line " + row.line() + " of batch " + row.batchId() + ".")
                                    .orElse("Asked for."));
        }
        // Before the endings, of which some are as old as the call that brought them, to the millisecond.
        attempts.forEach(timeline::attempt);
        for (Entry entry : tries) {
            if (entry.state().outcome() != null && entry.state() != State.PUBLISHED) {
                timeline.add(
                        entry.finishedAt(),
                        "Ended " + entry.state().outcome() + (entry.detail() == null ? "" : ": " + entry.detail())
                                + ".");
            }
        }
        timeline.add(job.dueAt(), "To be tried again.");
        return timeline.events.stream()
                .sorted(Comparator.comparing(Event::at))
                .map(event -> event.at() + " " + event.sentence())
                .toList();
    }

    private void attempt(AttemptRecord attempt) {
        String call = "Call " + attempt.number();
        add(attempt.startedAt(), call + " of the endpoint began.");
        if (attempt.result() != null) {
            String why = attempt.detail() == null || attempt.detail().isBlank() ? "" : ": " + attempt.detail();
            add(
                    attempt.endedAt(),
                    call
                            + switch (attempt.result()) {
                                case PAIRED -> " paired the terminal; its credentials were sealed";
                                case REJECTED -> " was refused" + why;
                                case MISCONFIGURED -> " was not accepted" + why;
                                case THROTTLED -> " was put off by the endpoint" + why;
                                case NOT_SENT -> " was not sent" + why;
                                case UNREADABLE ->
                                    " brought an answer that could not be understood; it was sealed" + why;
                                case AMBIGUOUS -> " brought no complete answer and may have paired the terminal" + why;
                            }
                            + took(attempt)
                            + ".");
        }
        add(attempt.publishedAt(), "The credentials of call " + attempt.number() + " were put on pairing.credentials.");
    }

    private static String took(AttemptRecord attempt) {
        return attempt.endedAt() == null
                ? ""
                : " (after " + Elapsed.text(Duration.between(attempt.startedAt(), attempt.endedAt())) + ")";
    }

    private void add(Instant at, String sentence) {
        if (at != null) {
            events.add(new Event(at, sentence));
        }
    }
}
