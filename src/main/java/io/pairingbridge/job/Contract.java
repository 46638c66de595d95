package io.pairingbridge.job;

/**
 * The names that other systems depend on, each once: queues and topics, and the properties of messages. What they mean
 * is in {@code config/asyncapi.yaml}. They do not change.
 */
public final class Contract {
    // Addresses; each has one predefined queue of the same name, but the topic OUTCOMES.

    /** One pairing request a message. */
    public static final String REQUESTS = "pairing.requests";
    /** A whole batch document a message. */
    public static final String BATCHES = "pairing.batches";
    /** Sealed credentials. */
    public static final String CREDENTIALS = "pairing.credentials";
    /** Credentials that their recipient refused. */
    public static final String CREDENTIALS_REFUSED = "pairing.credentials.refused";
    /** One event for each finished job; a topic. */
    public static final String OUTCOMES = "pairing.outcomes";
    /** The predefined subscription of {@link #OUTCOMES}. */
    public static final String OUTCOMES_ERP = "pairing.outcomes.erp";
    /** Jobs that ended without a pairing. */
    public static final String DEAD_LETTERS = "pairing.dead-letters";
    /** Jobs whose one-time password may have been spent without the credentials reaching the bridge. */
    public static final String IN_DOUBT = "pairing.in-doubt";
    /** Requests whose time ran out in their queue. */
    public static final String EXPIRED = "pairing.expired";
    /** What no queue took, or its reader rejected. */
    public static final String UNROUTABLE = "pairing.unroutable";

    // Properties of messages.

    public static final String JOB_ID = "PairingJobId";
    public static final String BATCH_ID = "PairingBatchId";
    /** What people call the batch; it may be anything, and identifies nothing. */
    public static final String BATCH_NAME = "PairingBatchName";

    public static final String INTEGRATOR = "PairingIntegrator";
    public static final String REPLAY = "PairingReplay";
    public static final String REFERENCE = "PairingReference";
    public static final String ENVIRONMENT = "PairingEnvironment";
    public static final String CONTENT_TYPE = "PairingContentType";
    public static final String KEY_ID = "PairingKeyId";
    public static final String BREAK_GLASS = "PairingBreakGlass";
    public static final String PAY_CONNECT_ID = "PairingPayConnectId";
    public static final String PAY_CONNECT_NAME = "PairingPayConnectName";
    public static final String TERMINAL_ID = "PairingTerminalId";
    public static final String OUTCOME = "PairingOutcome";
    public static final String REASON = "PairingReason";
    public static final String DETAIL = "PairingDetail";
    public static final String REMEDY = "PairingRemedy";
    public static final String ATTEMPTS = "PairingAttempts";
    public static final String HTTP_STATUS = "PairingHttpStatus";
    public static final String FAILED_AT = "PairingFailedAt";
    /** The request of an attention message whose body is a sealed answer. */
    public static final String REQUEST = "PairingRequest";

    private Contract() {}
}
