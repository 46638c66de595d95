package io.pairingbridge.broker;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import jakarta.jms.JMSException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What a line of the broker becomes in the log. */
class BrokerLogFilterTest {
    private final LoggerContext context = new LoggerContext();
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final ListAppender<ILoggingEvent> explained = new ListAppender<>();
    private final Logger ours = (Logger) LoggerFactory.getLogger(BrokerLogFilter.class);
    private Logger broker;

    @BeforeEach
    void start() {
        context.addTurboFilter(new BrokerLogFilter());
        lines.start();
        explained.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(lines);
        ours.addAppender(explained);
        broker = context.getLogger("org.apache.activemq.artemis.core.server");
    }

    @AfterEach
    void end() {
        ours.detachAppender(explained);
        context.stop();
    }

    @Test
    void saysInWordsWhatACrashLeavesAndOnce() {
        for (int i = 0; i < 20; i++) {
            broker.warn(
                    "AMQ222059: Duplicate message detected - message will not be routed. Message information: {}",
                    "x".repeat(700));
        }
        assertThat(lines.list).isEmpty();
        assertThat(explained.list).singleElement().satisfies(line -> {
            assertThat(line.getLevel()).isEqualTo(Level.INFO);
            assertThat(line.getFormattedMessage())
                    .contains("keeps one of each", "AMQ222059")
                    .hasSizeLessThan(200);
        });
    }

    @Test
    void cutsWhatIsLongAndLeavesStackTracesOut() {
        broker.warn("AMQ229999: {}", "y".repeat(700) + " {}");
        broker.error(
                "AMQ224037: cluster connection failed",
                new IllegalStateException("no", new IllegalArgumentException("the root")));
        broker.warn("AMQ222000: short");
        context.getLogger("org.apache.camel.processor.errorhandler.DefaultErrorHandler")
                .error(
                        "Failed delivery",
                        new RuntimeException("outer", new JMSException("AMQ219016: Connection failure detected")));
        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "AMQ229999: " + "y".repeat(286) + "...",
                        "AMQ224037: cluster connection failed (java.lang.IllegalArgumentException: the root)",
                        "AMQ222000: short",
                        "Failed delivery (jakarta.jms.JMSException: AMQ219016: Connection failure detected)");
        assertThat(lines.list)
                .extracting(ILoggingEvent::getLevel)
                .containsExactly(Level.WARN, Level.ERROR, Level.WARN, Level.ERROR);
        assertThat(lines.list).allMatch(line -> line.getThrowableProxy() == null);
    }

    @Test
    void leavesOthersAlone() {
        Logger other = context.getLogger("io.pairingbridge.Bridge");
        other.error("z".repeat(700), new IllegalStateException("a fault of ours"));
        broker.setLevel(Level.ERROR);
        broker.warn("AMQ222059: not to be logged at all");
        assertThat(lines.list).singleElement().satisfies(line -> {
            assertThat(line.getFormattedMessage()).hasSize(700);
            assertThat(line.getThrowableProxy()).isNotNull();
        });
        assertThat(explained.list).isEmpty();
    }
}
