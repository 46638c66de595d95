package io.pairingbridge.operate;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.operate.AuditLog.Entry;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AuditLogTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            emptyValue = "",
            value = {
                "closeIntake | '' | lunch | anna closed the intake: lunch.",
                "closeIntake | '' | why not? | anna closed the intake: why not?",
                "openIntake | '' | '' | anna opened the intake.",
                "changeRateLimit | '' | 12.5 | anna set calls a second to 12.5.",
                "changeRateLimit | '' | 0.0 | anna took away the limit of calls a second.",
                "changeConcurrency | '' | 6 | anna set calls at once to 6.",
                "replay | till-2 | from in-doubt, with a new one-time password | anna replayed job till-2 from in-doubt, with a new one-time password.",
                "replayAll | '' | all dead letters | anna began to replay all dead letters.",
                "replayAll | '' | dead letters with batch north | anna began to replay dead letters with batch north.",
                "replayAll | '' | sends again a b | anna replayed jobs a b.",
                "replayAll | '' | 2 sent again, left: 1, because it may be spent | anna replayed many: 2 sent again, left: 1, because it may be spent.",
                "resolve | till-3 | from dead-letters (REJECTED REFUSED): swapped | anna dealt with the letter of job till-3 from dead-letters (REJECTED REFUSED): swapped.",
                "reconcileNow | '' | '' | anna had credentials published that were sealed and not on their queue.",
                "changeLogLevel | io.pairingbridge | DEBUG | anna set the log level of io.pairingbridge to DEBUG.",
                "changeLogLevel | io.pairingbridge | as its parent | anna set the log level of io.pairingbridge to its parent's.",
                "stopRoute | batch-inbox | '' | anna stopped route batch-inbox.",
                "somethingNew | what | why | anna somethingNew what: why.",
                // As versions before wrote it, and whatever else is in the file.
                "replayAll | '' | 'Filter[outcome=, reason=, batchId=, jobId=]' | anna began to replay all dead letters.",
                "replayAll | '' | 'Filter[outcome=EXPIRED, reason=, batchId=north, jobId=]' | 'anna began to replay dead letters with outcome EXPIRED, batch north.'",
                "replayAll | '' | '' | anna began to replay.",
                "'' | '' | '' | anna."
            })
    void tellsWhoDidWhatInASentence(String action, String subject, String detail, String sentence) {
        assertThat(new Entry("2026-11-29T18:00:00Z", "anna", action, subject, detail).sentence())
                .isEqualTo(sentence);
    }
}
