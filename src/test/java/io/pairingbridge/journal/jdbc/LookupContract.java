package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Job;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.JournalReader.FoundJob;
import io.pairingbridge.journal.State;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is found, and what is forgotten. */
interface LookupContract extends JournalFixture {
    @Test
    default void findsJobsByEachWordOfWhatPeopleKnow() {
        Journal journal = open("a", "1");
        journal.admit(till("till-1", Map.of("Store", "7 Main Street", "Serial", "SN_1")));
        clock().move(Duration.ofSeconds(1));
        journal.admit(
                till("till-2", Map.of("Store", "70 Main Street", "Serial", "SN-1", "Note", "said \"closed\" 100%")));
        clock().move(Duration.ofSeconds(1));
        journal.admit(till("TILL-3", Map.of("Store", "8 Market Square")));
        clock().move(Duration.ofSeconds(1));
        Job paired = till("kiosk", Map.of());
        journal.admit(paired);
        journal.answered(paired, paired());

        assertThat(found(journal, "till"))
                .containsExactly("kiosk", "TILL-3", "till-2", "till-1"); // the kiosk's name is Till
        assertThat(found(journal, "MAIN", "street")).containsExactly("till-2", "till-1");
        assertThat(found(journal, "store", "8")).containsExactly("TILL-3");
        assertThat(found(journal, "t1")).as("its terminal's id").containsExactly("kiosk");
        assertThat(found(journal, "\"closed\"")).containsExactly("till-2");
        assertThat(found(journal, "100%")).containsExactly("till-2");
        assertThat(found(journal, "N_1")).as("no pattern").containsExactly("till-1");
        assertThat(found(journal, "!")).isEmpty();
        assertThat(found(journal, "otp"))
                .as("the one-time password, or its hash")
                .isEmpty();
        assertThat(journal.reader().search(List.of("till"), 2))
                .extracting(FoundJob::jobId)
                .containsExactly("kiosk", "TILL-3");
        assertThat(journal.reader().search(List.of("kiosk"), 9))
                .containsExactly(
                        new FoundJob("kiosk", "Till", State.SEALED, "batch-1", 0, Map.of(), "T1", clock().instant()));
    }

    @Test
    default void purgesWhatEndedLongAgoAndNothingElse() {
        Journal journal = open("a", "1");
        Job ended = job("ended", "otp-1");
        journal.admit(ended);
        journal.answered(ended, report(Result.REJECTED));
        Job sealed = job("sealed", "otp-2");
        journal.admit(sealed);
        journal.answered(sealed, paired());
        Job running = job("running", "otp-3");
        journal.admit(running);
        clock().move(Duration.ofDays(91));
        Job fresh = job("fresh", "otp-4");
        journal.admit(fresh);
        journal.answered(fresh, report(Result.REJECTED));

        assertThat(journal.purge(Duration.ofDays(90))).isEqualTo(1);

        assertThat(journal.find("ended")).isEmpty();
        assertThat(journal.reader().attempts("ended")).isEmpty();
        assertThat(List.of("sealed", "running", "fresh"))
                .allMatch(id -> journal.find(id).isPresent());
    }

    private Job till(String id, Map<String, String> reference) {
        return new Job(
                new Job.Origin(id, "batch-1", null, nextMessageId(), clock().instant(), null, 4, false, false),
                new PairingRequest("not in the journal", "otp", null, reference),
                "{}");
    }

    private static List<String> found(Journal journal, String... words) {
        return journal.reader().search(List.of(words), 9).stream()
                .map(FoundJob::jobId)
                .toList();
    }
}
