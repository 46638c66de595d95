package io.pairingbridge.broker;

/**
 * The addresses that other systems depend on, and the one predefined queue of each. The broker's configuration defines
 * them; nothing creates or deletes them at run time.
 */
public enum BrokerQueue {
    /** One pairing request a message. */
    REQUESTS("pairing.requests", "pairing.requests", false),
    /** A whole batch document a message. */
    BATCHES("pairing.batches", "pairing.batches", false),
    /** Sealed credentials; only the ERP's credential consumer reads them. */
    CREDENTIALS("pairing.credentials", "pairing.credentials", false),
    /** Credentials that their recipient refused, whatever protocol he speaks; only he reads them. */
    REFUSED("pairing.credentials.refused", "pairing.credentials.refused", false),
    /** One event for each finished job; every subscriber gets its own copy. */
    OUTCOMES("pairing.outcomes", "pairing.outcomes.erp", true),
    /** Jobs that ended without a pairing. */
    DEAD_LETTERS("pairing.dead-letters", "pairing.dead-letters", false),
    /** Jobs whose OTP may have been spent without the credentials reaching the bridge. */
    IN_DOUBT("pairing.in-doubt", "pairing.in-doubt", false),
    /** Jobs whose time ran out in the queue; the broker puts them here. */
    EXPIRED("pairing.expired", "pairing.expired", false),
    /** What no queue took, or its reader rejected; only the broker puts messages there, whoever sent them. */
    UNROUTABLE("pairing.unroutable", "pairing.unroutable", false);

    private final String address;
    private final String queue;
    private final boolean multicast;

    BrokerQueue(String address, String queue, boolean multicast) {
        this.address = address;
        this.queue = queue;
        this.multicast = multicast;
    }

    /** @return the name to send to */
    public String address() {
        return address;
    }

    /** @return the name of the predefined durable queue on the address */
    public String queue() {
        return queue;
    }

    /** @return the name to receive from the predefined queue with, as a JMS queue: Artemis' {@code address::queue} */
    public String fullyQualified() {
        return address + "::" + queue;
    }

    /** @return whether the address is a topic in JMS terms */
    public boolean multicast() {
        return multicast;
    }
}
