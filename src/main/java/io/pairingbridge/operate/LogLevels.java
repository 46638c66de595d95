package io.pairingbridge.operate;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import java.util.List;
import org.slf4j.LoggerFactory;

/** The levels of the program's loggers, except for those that would print what must stay secret. */
final class LogLevels {
    /** Whoever is logged at DEBUG here prints requests, answers or messages as they are. */
    private static final List<String> NEVER_DEBUGGED = List.of(
            "org.apache.hc",
            "org.apache.activemq",
            "org.springframework.jms",
            "org.apache.camel",
            "io.vertx",
            "io.netty",
            "org.jolokia");

    private LogLevels() {}

    /**
     * The level that this text means for this logger.
     *
     * @param level ERROR, WARN, INFO, DEBUG or TRACE; blank or null for the level of the logger's parent
     * @return null for the level of the logger's parent
     * @throws IllegalArgumentException if there is no such level, or the logger could print secrets at it
     */
    static Level allowed(String logger, String level) {
        Level wanted = level == null || level.isBlank() ? null : Level.toLevel(level.strip(), null);
        if (wanted == null && level != null && !level.isBlank()) {
            throw new IllegalArgumentException("the level must be ERROR, WARN, INFO, DEBUG, TRACE or empty");
        }
        boolean talkative = wanted == null || !wanted.isGreaterOrEqual(Level.INFO);
        if (talkative && NEVER_DEBUGGED.stream().anyMatch(never -> covers(logger, never))) {
            throw new IllegalArgumentException("at " + (wanted == null ? "its parent's level" : wanted) + " the logger "
                    + JobLookup.shortened(logger) + " could print one-time passwords, secrets or whole messages");
        }
        return wanted;
    }

    /** @param level as {@link #allowed} returns it */
    static void change(String logger, Level level) {
        ((LoggerContext) LoggerFactory.getILoggerFactory()).getLogger(logger).setLevel(level);
    }

    /** A logger stands for all below it, so that its parents count too. */
    private static boolean covers(String logger, String never) {
        return logger.equals(never)
                || logger.startsWith(never + ".")
                || never.startsWith(logger + ".")
                || "ROOT".equalsIgnoreCase(logger);
    }
}
