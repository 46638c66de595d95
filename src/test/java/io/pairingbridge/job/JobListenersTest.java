package io.pairingbridge.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobListenersTest {
    private final List<String> heard = new ArrayList<>();

    private JobListener listener(String name, boolean fails) {
        return new JobListener() {
            private void hear(String event) {
                heard.add(name + " " + event);
                if (fails) {
                    throw new IllegalStateException("a fault of the listener");
                }
            }

            @Override
            public void callBegan() {
                hear("began");
            }

            @Override
            public void callEnded(Result result, String detail, double seconds) {
                hear(result + " " + detail + " " + seconds);
            }

            @Override
            public void published(Duration sinceRequested) {
                hear("published " + sinceRequested);
            }

            @Override
            public void ended(Outcome outcome) {
                hear("ended " + outcome);
            }
        };
    }

    @Test
    void tellsEachOfThemOnceWhateverOneOfThemThrows() {
        JobListener all = new JobListeners(listener("a", true), listener("b", false));

        all.callBegan();
        all.callEnded(Result.PAIRED, "200", 1.5);
        all.published(Duration.ofSeconds(2));
        all.ended(Outcome.PAIRED);

        assertThat(heard)
                .containsExactly(
                        "a began",
                        "b began",
                        "a PAIRED 200 1.5",
                        "b PAIRED 200 1.5",
                        "a published PT2S",
                        "b published PT2S",
                        "a ended PAIRED",
                        "b ended PAIRED");
    }
}
