package io.pairingbridge.guarantees;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.Replacements;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Wire;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.camel.spi.InterceptStrategy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The wire to the broker is cut while a call is under way: the request comes again, to another thread of the same
 * process.
 */
class CutIT {
    @Test
    void setsAJobAsideWhoseRequestWasPutBackWhileItsCallWasUnderWay(@TempDir Path folder) throws Exception {
        try (Stage stage = new Stage(folder)) {
            String direct = stage.settingTexts().get("pairing.broker.url");
            try (Wire wire = new Wire(Stage.freePort(), stage.broker().port())) {
                CountDownLatch called = new CountDownLatch(1);
                CountDownLatch putBack = new CountDownLatch(1);
                stage.ledger().when("otp-canary-cut", call -> {
                    call.pair();
                    called.countDown();
                    assertThat(putBack.await(1, TimeUnit.MINUTES)).isTrue();
                    call.write(call.http(200, "", "nothing that anybody can read"));
                });
                stage.set("pairing.endpoint.deadline", "8s")
                        .set("pairing.broker.url", "tcp://127.0.0.1:" + wire.port());
                stage.startBridge(Replacements.NONE.withRoutes(camel ->
                        camel.bind("watch", (InterceptStrategy) (context, step, target, next) -> exchange -> {
                            target.process(exchange);
                            if ("schedule-request".equals(step.getId())) {
                                putBack.countDown();
                            }
                        })));
                stage.set("pairing.broker.url", direct); // for everybody else
                stage.send(Stage.request("cut", "otp-canary-cut"));
                assertThat(called.await(1, TimeUnit.MINUTES)).isTrue();

                wire.reset(); // the thread in the call has no session any more; the request comes again, and is put
                // back

                EndedJob.await(stage, "cut", "otp-canary-cut")
                        .ended("IN_DOUBT", "ANSWER_UNREADABLE")
                        .attempts(1)
                        .posts(1);
                Invariants.check(stage, Map.of("cut", "otp-canary-cut"), 1, List.of());
            }
        }
    }
}
