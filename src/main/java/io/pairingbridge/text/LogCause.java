package io.pairingbridge.text;

import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.CoreConstants;

/** {@code %cause} in config/logback.xml: each exception of a chain with its first frame, its message on one line. */
public final class LogCause extends ThrowableHandlingConverter {
    private static final int MOST_CAUSES = 20;

    @Override
    public String convert(ILoggingEvent event) {
        StringBuilder text = new StringBuilder();
        IThrowableProxy cause = event.getThrowableProxy();
        for (int depth = 0; cause != null && depth < MOST_CAUSES; depth++) {
            text.append(depth == 0 ? "" : "Caused by: ")
                    .append(Text.line(cause.getClassName() + ": " + cause.getMessage()))
                    .append(CoreConstants.LINE_SEPARATOR);
            if (cause.getStackTraceElementProxyArray().length > 0) {
                text.append('\t')
                        .append(cause.getStackTraceElementProxyArray()[0].getSTEAsString())
                        .append(CoreConstants.LINE_SEPARATOR);
            }
            cause = cause.getCause();
        }
        return text.toString();
    }
}
