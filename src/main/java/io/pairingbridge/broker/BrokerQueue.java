package io.pairingbridge.broker;

import io.pairingbridge.job.Contract;

/**
 * The addresses that other systems depend on, and the one predefined queue of each. The broker's configuration defines
 * them; nothing creates or deletes them at run time.
 */
public enum BrokerQueue {
    /** One pairing request a message. */
    REQUESTS(Contract.REQUESTS, Contract.REQUESTS, false),
    /** A whole batch document a message. */
    BATCHES(Contract.BATCHES, Contract.BATCHES, false),
    /** Sealed credentials; only the ERP's credential consumer reads them. */
    CREDENTIALS(Contract.CREDENTIALS, Contract.CREDENTIALS, false),
    /** Credentials that their recipient refused, whatever protocol he speaks; only he reads them. */
    REFUSED(Contract.CREDENTIALS_REFUSED, Contract.CREDENTIALS_REFUSED, false),
    /** One event for each finished job; every subscriber gets its own copy. */
    OUTCOMES(Contract.OUTCOMES, Contract.OUTCOMES_ERP, true),
    /** Jobs that ended without a pairing. */
    DEAD_LETTERS(Contract.DEAD_LETTERS, Contract.DEAD_LETTERS, false),
    /** Jobs whose OTP may have been spent without the credentials reaching the bridge. */
    IN_DOUBT(Contract.IN_DOUBT, Contract.IN_DOUBT, false),
    /** Jobs whose time ran out in the queue; the broker puts them here. */
    EXPIRED(Contract.EXPIRED, Contract.EXPIRED, false),
    /** What no queue took, or its reader rejected; only the broker puts messages there, whoever sent them. */
    UNROUTABLE(Contract.UNROUTABLE, Contract.UNROUTABLE, false);

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
