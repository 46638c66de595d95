package io.pairingbridge.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.Result;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The table "What an answer means" of docs/design/guarantees.md, for every status that HTTP has room for. */
class AnswerTableTest {
    private static final Set<Integer> COME_BACK_LATER = Set.of(429, 503);

    @Test
    void readsEverySuccessByWhatItsBodySays() {
        IntStream.rangeClosed(200, 299).forEach(status -> {
            assertThat(AnswerTable.classify(status, true)).as("%d", status).isEqualTo(Result.PAIRED);
            assertThat(AnswerTable.classify(status, false)).as("%d", status).isEqualTo(Result.UNREADABLE);
        });
    }

    @Test
    void readsA400AsARefusalOfTheJob() {
        assertThat(AnswerTable.classify(400, false)).isEqualTo(Result.REJECTED);
    }

    @Test
    void comesBackLaterWhenAskedTo() {
        assertThat(COME_BACK_LATER)
                .allSatisfy(status ->
                        assertThat(AnswerTable.classify(status, false)).isEqualTo(Result.THROTTLED));
    }

    @Test
    void readsEveryOther3xxAnd4xxAsAMistakeInTheSettings() {
        IntStream.rangeClosed(300, 499)
                .filter(status -> status != 400 && !COME_BACK_LATER.contains(status))
                .forEach(status -> assertThat(AnswerTable.classify(status, false))
                        .as("%d", status)
                        .isEqualTo(Result.MISCONFIGURED));
    }

    @Test
    void leavesOpenWhetherTheOtpWasSpentForEverythingElse() {
        IntStream.concat(IntStream.rangeClosed(100, 199), IntStream.rangeClosed(500, 999))
                .filter(status -> !COME_BACK_LATER.contains(status))
                .forEach(status -> assertThat(AnswerTable.classify(status, false))
                        .as("%d", status)
                        .isEqualTo(Result.AMBIGUOUS));
    }

    @Test
    void takesNoAnswerForHarmlessOnlyIfNothingWasSent() {
        assertThat(AnswerTable.unanswered(false)).isEqualTo(Result.NOT_SENT);
        assertThat(AnswerTable.unanswered(true)).isEqualTo(Result.AMBIGUOUS);
    }
}
