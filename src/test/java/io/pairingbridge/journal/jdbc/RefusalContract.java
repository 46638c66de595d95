package io.pairingbridge.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.State;
import org.junit.jupiter.api.Test;

/** Requests that cannot be understood, and deliveries that get nowhere. */
interface RefusalContract extends JournalFixture {
    @Test
    default void countsDeliveriesThatGetNowhere() {
        Journal journal = open("a", "1");
        assertThat(journal.countDelivery("m1", "j")).isEqualTo(1);
        assertThat(open("a", "2").countDelivery("m1", "j")).isEqualTo(2);
        journal.admit(job("j", "otp", "m1"));
        assertThat(journal.countDelivery("m1", "j")).as("it got somewhere").isEqualTo(1);
    }

    @Test
    default void setsAJobAsideInDoubtOnlyIfItWasEverCalled() {
        Journal journal = open("a", "1");
        Ending nowhere = Ending.uncalled(Outcome.INVALID, "BEGUN_TOO_OFTEN", "why", "m1", clock().instant());
        assertThat(journal.quarantine(job("never", "otp", "m1"), nowhere)
                        .ending()
                        .outcome())
                .isEqualTo(Outcome.INVALID);

        journal.admit(job("called", "otp", "m2"));
        assertThat(journal.quarantine(job("called", "otp", "m2"), nowhere)
                        .ending()
                        .outcome())
                .isEqualTo(Outcome.IN_DOUBT);
    }

    @Test
    default void leavesAReadableJobAloneWhenAnInvalidRequestUsesItsId() {
        Journal journal = open("a", "1");
        Job job = job("j", "otp");
        journal.admit(job);
        journal.refused(
                new Job(job("j", "x").origin(), null, "{"),
                Ending.uncalled(Outcome.INVALID, "NOT_JSON", "why", "m9", clock().instant()));
        assertThat(journal.find("j").orElseThrow().state()).isEqualTo(State.CALLING);
    }

    @Test
    default void setsAJobAsideAgainIfItsAcknowledgementWasLost() {
        Journal journal = open("a", "1");
        Ending nowhere = Ending.uncalled(Outcome.INVALID, "BEGUN_TOO_OFTEN", "why", "m1", clock().instant());
        int begun = 0;
        for (int i = 0; i < 4; i++) {
            begun = journal.countDelivery("m1", "j");
        }
        journal.quarantine(job("j", "otp", "m1"), nowhere);
        assertThat(journal.countDelivery("m1", "j")).isGreaterThan(begun);
        assertThat(journal.quarantine(job("j", "otp", "m1"), nowhere).ending().reason())
                .isEqualTo("BEGUN_TOO_OFTEN");
    }

    @Test
    default void remembersARequestThatCouldNotBeUnderstoodAndTakesItsCorrection() {
        Journal journal = open("a", "1");
        Ending notJson = Ending.uncalled(Outcome.INVALID, "NOT_JSON", "why", "m1", clock().instant());
        Job unreadable = new Job(job("j", "x", "m1").origin(), null, "{");
        assertThat(journal.refused(unreadable, notJson)).isEqualTo(notJson);
        assertThat(journal.find("j").orElseThrow().ending()).isEqualTo(notJson);

        Ending schema = Ending.uncalled(Outcome.INVALID, "SCHEMA", "why", "m2", clock().instant());
        journal.refused(new Job(job("j", "x", "m2").origin(), null, "{}"), schema);
        assertThat(journal.find("j").orElseThrow().ending())
                .as("the latest mistake")
                .isEqualTo(schema);

        Job corrected = job("j", "otp");
        journal.admit(corrected);
        assertThat(corrected.next()).isEqualTo(NextStep.CALL);
    }

    @Test
    default void setsNoJobAsideThatHasEndedAndCountsTheCallItWasIn() {
        Journal journal = open("a", "1");
        Ending nowhere = Ending.uncalled(Outcome.INVALID, "BEGUN_TOO_OFTEN", "why", "m1", clock().instant());
        Job refused = job("refused", "otp");
        journal.admit(refused);
        journal.answered(refused, report(Result.REJECTED));
        assertThat(journal.quarantine(job("refused", "otp"), nowhere).ending()).isEqualTo(refused.ending());

        journal.admit(job("called", "otp"));
        Ending called = journal.quarantine(job("called", "otp"), nowhere).ending();
        assertThat(called.attempts()).isEqualTo(1);
        assertThat(journal.reader().attempts("called"))
                .extracting(JournalReader.AttemptRecord::result)
                .containsExactly(Result.AMBIGUOUS);

        Job waiting = job("waiting", "otp");
        journal.admit(waiting);
        journal.answered(waiting, report(Result.AMBIGUOUS));
        Ending doubt = journal.quarantine(job("waiting", "otp"), nowhere).ending();
        assertThat(doubt.outcome()).isEqualTo(Outcome.IN_DOUBT);
        assertThat(doubt.attempts()).as("the lost one, once").isEqualTo(1);

        Job unheard = job("unheard", "otp");
        journal.admit(unheard);
        journal.answered(unheard, report(Result.NOT_SENT));
        assertThat(journal.quarantine(job("unheard", "otp"), nowhere).ending().outcome())
                .isEqualTo(Outcome.INVALID);
    }
}
