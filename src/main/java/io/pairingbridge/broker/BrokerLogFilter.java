package io.pairingbridge.broker;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.EventArgUtil;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.pairingbridge.text.Text;
import jakarta.jms.JMSException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;
import org.slf4j.helpers.MessageFormatter;
import org.springframework.core.NestedExceptionUtils;

/**
 * Keeps short what the broker and its client log, and what anybody logs about a broker that failed or is away; says in
 * words what is expected. In config/logback.xml, for both forms of the log: a message that is not to be seen as it is
 * is logged once more, as it should be. {@code PAIRING_DEBUG=true} leaves stack traces in.
 */
public final class BrokerLogFilter extends TurboFilter {
    private static final String LOGGERS = "org.apache.activemq.artemis";
    private static final org.slf4j.Logger LOG = LoggerFactory.getLogger(BrokerLogFilter.class);
    /** Characters of a line: some quote a whole message with all its properties. */
    private static final int LONGEST = 300;

    private static final int MOST_CAUSES = 20;
    /** One kind is told once in this time, however often the broker says it. */
    private static final long AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);
    /** What is no fault, by the message's code. */
    private static final Map<String, String> EXPECTED = Map.of(
            "AMQ142015",
            "The broker found transactions that were cut off, and discarded them: what they held comes again (AMQ142015)",
            "AMQ222059",
            "The broker has messages already that were sent again, and keeps one of each: a crash cut off who sent them"
                    + " (AMQ222059)");

    private final boolean traces = "true".equals(System.getenv("PAIRING_DEBUG"));
    private final Map<String, Long> told = new ConcurrentHashMap<>();

    @Override
    public FilterReply decide(
            Marker marker, Logger logger, Level level, String format, Object[] parameters, Throwable failure) {
        if (format == null || !level.isGreaterOrEqual(logger.getEffectiveLevel())) {
            return FilterReply.NEUTRAL;
        }
        Throwable cause = failure == null ? EventArgUtil.extractThrowable(parameters) : failure;
        if (!logger.getName().startsWith(LOGGERS) && !ofTheBroker(cause)) {
            return FilterReply.NEUTRAL;
        }
        int code = format.indexOf(':');
        String expected = code > 0 ? EXPECTED.get(format.substring(0, code)) : null;
        if (expected != null) {
            long now = System.nanoTime();
            Long before = told.get(expected);
            if (before == null || now - before > AGAIN_NANOS) {
                told.put(expected, now);
                LOG.info(expected);
            }
            return FilterReply.DENY;
        }
        String message = MessageFormatter.basicArrayFormat(format, parameters);
        boolean trace = cause != null && !traces;
        if (message == null || message.length() <= LONGEST && !trace) {
            return FilterReply.NEUTRAL;
        }
        Throwable root = trace ? NestedExceptionUtils.getMostSpecificCause(cause) : null;
        boolean said = !trace || root.getMessage() != null && message.contains(root.getMessage());
        String shorter = Text.cut(said ? message : message + " (" + root + ")", LONGEST);
        logger.log(
                marker,
                Logger.class.getName(),
                Level.toLocationAwareLoggerInteger(level),
                "{}",
                new Object[] {shorter},
                trace ? null : cause);
        return FilterReply.DENY;
    }

    private static boolean ofTheBroker(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < MOST_CAUSES; depth++) {
            if (cause instanceof JMSException || cause instanceof ActiveMQException) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }
}
