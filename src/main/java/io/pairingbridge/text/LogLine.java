package io.pairingbridge.text;

import ch.qos.logback.classic.pattern.MessageConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/** {@code %line} in config/logback.xml: the message on one line, whatever somebody else's text is in it. */
public final class LogLine extends MessageConverter {
    @Override
    public String convert(ILoggingEvent event) {
        return Text.line(event.getFormattedMessage());
    }
}
