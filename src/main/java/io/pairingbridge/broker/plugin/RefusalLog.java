package io.pairingbridge.broker.plugin;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what was refused, and logs the first of it each minute: whoever sends many cannot fill the disk with them. */
final class RefusalLog {
    private static final Logger LOG = LoggerFactory.getLogger(AdmissionPlugin.class);
    private static final int LINES_A_MINUTE = 20;

    private final AtomicLong messages = new AtomicLong();
    private final AtomicLong connections = new AtomicLong();
    private long minute = System.nanoTime();
    private int lines;
    private long left;

    void message(String user, String address, String reason) {
        messages.incrementAndGet();
        if (mayLog()) {
            LOG.warn("Refused a message of user {} to {}: {}", cleaned(user), cleaned(address), reason);
        }
    }

    void connection(String from, String reason) {
        connections.incrementAndGet();
        if (mayLog()) {
            LOG.warn("Closed a connection from {}: {}", from, reason);
        }
    }

    /** Packets that were not handled, though their connection stays. */
    void packet(String from, String reason) {
        connections.incrementAndGet();
        if (mayLog()) {
            LOG.warn("Refused a packet from {}: {}", from, reason);
        }
    }

    long messages() {
        return messages.get();
    }

    long connections() {
        return connections.get();
    }

    private synchronized boolean mayLog() {
        long now = System.nanoTime();
        if (now - minute > TimeUnit.MINUTES.toNanos(1)) {
            if (left > 0) {
                LOG.warn("{} more messages or connections were refused in the minute before", left);
            }
            minute = now;
            lines = 0;
            left = 0;
        }
        if (lines < LINES_A_MINUTE) {
            lines++;
            return true;
        }
        left++;
        return false;
    }

    /** Names that a client chose. */
    private static String cleaned(String text) {
        return text == null
                ? "-"
                : text.substring(0, Math.min(text.length(), 100)).replaceAll("[^\\x21-\\x7e]", "?");
    }
}
