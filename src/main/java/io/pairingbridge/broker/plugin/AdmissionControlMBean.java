package io.pairingbridge.broker.plugin;

/** What the plugin tells through the broker's management: resource {@code pairing-admission}. */
public interface AdmissionControlMBean {

    /**
     * Whether the broker's journal is written to the disk, not only to the kernel's cache, before the broker answers.
     */
    boolean isJournalDatasync();

    /** Messages that were refused since the broker started. */
    long getRefusedMessages();

    /** Connections that were closed, and packets not handled, for what they sent, since the broker started. */
    long getRefusedConnections();
}
