package io.pairingbridge.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CallLimitTest {
    private final DefaultCamelContext context = new DefaultCamelContext();
    private final CallLimit limit = new CallLimit(1);

    @BeforeEach
    void start() {
        context.start();
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    private CompletableFuture<Exchange> waiting() {
        return CompletableFuture.supplyAsync(() -> {
            Exchange delivery = new DefaultExchange(context);
            try {
                limit.acquire(delivery);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return delivery;
        });
    }

    @Test
    void letsTheNextOneCallWhenACallHasEnded() throws Exception {
        Exchange first = waiting().get(10, TimeUnit.SECONDS);
        CompletableFuture<Exchange> second = waiting();
        assertThatThrownBy(() -> second.get(300, TimeUnit.MILLISECONDS))
                .as("one at a time")
                .isInstanceOf(TimeoutException.class);
        limit.release(first);
        limit.release(first); // a permit is released once
        second.get(10, TimeUnit.SECONDS);
        assertThatThrownBy(() -> waiting().get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
    }

    @Test
    void releasesThePermitOfADeliveryThatFailed() throws Exception {
        Exchange first = waiting().get(10, TimeUnit.SECONDS);
        first.setException(new IllegalStateException("failed"));
        first.getExchangeExtension().handoverCompletions().forEach(done -> done.onFailure(first));
        waiting().get(10, TimeUnit.SECONDS);
    }

    @Test
    void givesAJobBackThatWaitsWhenTheBridgeStops() throws Exception {
        waiting().get(10, TimeUnit.SECONDS);
        CompletableFuture<Exchange> second = waiting();
        context.stop();
        assertThat(second)
                .failsWithin(10, TimeUnit.SECONDS)
                .withThrowableThat()
                .withMessageContaining("stopped while waiting");
    }

    @Test
    void hasAQuarterMoreConsumersThanCalls() {
        assertThat(new int[] {
                    CallLimit.consumers(1), CallLimit.consumers(4), CallLimit.consumers(16), CallLimit.consumers(512)
                })
                .containsExactly(1, 5, 20, 640);
    }
}
