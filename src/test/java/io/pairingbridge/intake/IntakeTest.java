package io.pairingbridge.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.intake.Intake.Consumers;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class IntakeTest {
    /** Routes stop when the calls under way have ended, which takes as long as the endpoint does. */
    @Test
    void saysThatItIsBeingOpenedWhileItStillCloses() throws Exception {
        CountDownLatch callsEnd = new CountDownLatch(1);
        Consumers consumers = new Consumers() {
            @Override
            public void close() throws InterruptedException {
                callsEnd.await();
            }

            @Override
            public void probe() {}

            @Override
            public void open() {}

            @Override
            public void setConcurrency(int calls) {}
        };
        try (Intake intake = new Intake(consumers, null, null, 3, Duration.ofSeconds(1), Clock.systemUTC())) {
            intake.closeByOperator("closed by anna: the vendor asked for it");
            assertThat(intake.status().reason()).contains("anna");

            intake.openByOperator();

            assertThat(intake.status().reason()).contains("being opened");
            intake.closeByOperator("closed by anna: not yet");
            assertThat(intake.status().reason()).contains("not yet");
            callsEnd.countDown();
        }
    }
}
