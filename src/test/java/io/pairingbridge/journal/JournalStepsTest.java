package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.JobListener;
import io.pairingbridge.job.PairingRequest;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.apache.camel.Exchange;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.DefaultExchange;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class JournalStepsTest {
    private final Attempt attempt = new Attempt("a-1", 1, Duration.ofMinutes(1));
    private final Exchange delivery = new DefaultExchange(new DefaultCamelContext());

    @Test
    void holdsACallUntilItsDeliveryHasBeenDealtWithHoweverThatEnds() {
        Job job = job();

        new JournalSteps(admitting(), ignoring(JobListener.class), Clock.systemUTC()).admit(job, delivery);

        assertThat(attempt.held()).as("held while the delivery is under way").isTrue();
        delivery.setException(new IllegalStateException("the session rolls back"));
        delivery.getExchangeExtension().handoverCompletions().forEach(done -> done.onFailure(delivery));
        assertThat(attempt.held())
                .as("held afterwards, when nobody would ever look for the job again")
                .isFalse();
    }

    @Test
    void namesJobAndAttemptInEachLineOfACallAndInNoneAfterIt() {
        Job job = job();
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger("a.library.that.is.called");
        log.start();
        logger.addAppender(log);
        try {
            new JournalSteps(admitting(), ignoring(JobListener.class), Clock.systemUTC()).admit(job, delivery);
            logger.warn("inside");
            delivery.getExchangeExtension().handoverCompletions().forEach(done -> done.onComplete(delivery));
            logger.warn("afterwards, on the same thread");
        } finally {
            logger.detachAppender(log);
        }
        assertThat(log.list.get(0).getMDCPropertyMap()).isEqualTo(Map.of("job", "j", "attempt", "a-1"));
        assertThat(log.list.get(1).getMDCPropertyMap()).isEmpty();
    }

    private static Job job() {
        return new Job(
                new Job.Origin("j", null, null, "1", Instant.EPOCH, null, 4, false, false),
                new PairingRequest("Till", "otp", null, Map.of()),
                "{}");
    }

    /** A journal that permits each call. */
    private Journal admitting() {
        return (Journal) Proxy.newProxyInstance(
                Journal.class.getClassLoader(), new Class<?>[] {Journal.class}, (self, method, args) -> {
                    assertThat(method.getName()).isEqualTo("admit");
                    ((Job) args[0]).call(attempt);
                    return null;
                });
    }

    private static <T> T ignoring(Class<T> type) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, args) -> null));
    }
}
