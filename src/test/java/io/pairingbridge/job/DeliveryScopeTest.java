package io.pairingbridge.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;

class DeliveryScopeTest {
    private final Exchange delivery = new DefaultExchange(new DefaultCamelContext());
    private final List<String> released = new ArrayList<>();

    @Test
    void letsGoOfAllInReverseOnceTheDeliveryIsDone() {
        DeliveryScope.of(delivery).onDone(() -> released.add("permit"));
        DeliveryScope.of(delivery).onDone(() -> {
            released.add("attempt");
            throw new IllegalStateException("a fault");
        });
        DeliveryScope.of(delivery).onDone(() -> released.add("lease"));
        assertThat(released).isEmpty();

        delivery.getExchangeExtension().handoverCompletions().forEach(done -> {
            done.onComplete(delivery);
            done.onComplete(delivery);
        });

        assertThat(released).as("each once").containsExactly("lease", "attempt", "permit");
    }

    @Test
    void letsGoOfAllIfTheDeliveryFails() {
        DeliveryScope.of(delivery).onDone(() -> released.add("permit"));
        delivery.setException(new IllegalStateException("the session rolls back"));

        delivery.getExchangeExtension().handoverCompletions().forEach(done -> done.onFailure(delivery));

        assertThat(released).containsExactly("permit");
    }
}
