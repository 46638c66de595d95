package io.pairingbridge.broker.plugin;

import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The plugin's properties in {@code broker.xml}, each with its default.
 *
 * @param bridgeRole who is not judged: it sends requests back with a delivery time and a mark of its own
 * @param batchBytes the largest batch document as a Core message, which is kept in a file
 * @param amqpMessageBytes the largest AMQP message, which the broker holds in memory when it delivers it
 * @param frameBytes the largest STOMP frame and Core packet, each of which is held in memory until it is whole
 * @param unfinishedBytes of frames, packets and AMQP messages that are not yet whole, on all connections together
 * @param bytesBeforeLogin of one connection
 * @param loginSeconds for which a connection may be open without a login
 * @param connectionsBeforeLogin at once; for one more the oldest is closed
 */
record AdmissionLimits(
        String bridgeRole,
        long batchBytes,
        long amqpMessageBytes,
        long frameBytes,
        long unfinishedBytes,
        long bytesBeforeLogin,
        long loginSeconds,
        long connectionsBeforeLogin) {

    /** Bytes of a request's body in UTF-8, as the contract has it. */
    static final int REQUEST_BYTES = 64 * 1024;
    /** Characters of a text batch document: the bridge holds one as a whole. */
    static final long TEXT_BATCH_CHARACTERS = 16L << 20;
    /**
     * Characters of one property or id that is kept. The longest that means anything is a trace state of some hundreds.
     */
    static final int PROPERTY_CHARACTERS = 4_096;

    private static final Set<String> NAMES = Set.of(
            "bridge-role",
            "max-batch-bytes",
            "max-amqp-message-bytes",
            "max-frame-bytes",
            "max-unfinished-bytes",
            "max-bytes-before-login",
            "login-seconds",
            "max-connections-before-login");

    /** @throws IllegalArgumentException if a property is unknown or its value is no positive number */
    static AdmissionLimits of(Map<String, String> properties) {
        Set<String> unknown = new TreeSet<>(properties.keySet());
        unknown.removeAll(NAMES);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("AdmissionPlugin in broker.xml has the unknown properties " + unknown
                    + "; there are " + new TreeSet<>(NAMES));
        }
        return new AdmissionLimits(
                properties.getOrDefault("bridge-role", "bridge"),
                number(properties, "max-batch-bytes", 256L << 20),
                number(properties, "max-amqp-message-bytes", 4L << 20),
                number(properties, "max-frame-bytes", 1L << 20),
                number(properties, "max-unfinished-bytes", 64L << 20),
                number(properties, "max-bytes-before-login", 64L << 10),
                number(properties, "login-seconds", 10),
                number(properties, "max-connections-before-login", 500));
    }

    private static long number(Map<String, String> properties, String name, long otherwise) {
        String value = properties.get(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.strip().matches("[1-9][0-9]{0,14}")) {
            throw new IllegalArgumentException(
                    "AdmissionPlugin in broker.xml: " + name + " must be a whole number above 0");
        }
        return Long.parseLong(value.strip());
    }
}
