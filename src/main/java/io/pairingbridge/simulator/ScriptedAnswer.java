package io.pairingbridge.simulator;

/** What the simulator can do with a request that is in order. */
enum ScriptedAnswer {
    /** 200 with credentials. */
    PAIRED,
    /** 200 without {@code client_secret}: an answer that breaks the vendor's schema. */
    PAIRED_WITHOUT_SECRET,
    /** 400. */
    REFUSED,
    /** 500. */
    FAILED,
    /** 503 with {@code Retry-After: 2}. */
    BUSY,
    /** None: the connection stays open and silent. */
    SILENT
}
