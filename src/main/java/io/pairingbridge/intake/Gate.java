package io.pairingbridge.intake;

/** Which consumers of the request queue run. */
public enum Gate {
    /** All. */
    OPEN,
    /** None. */
    CLOSED,
    /** One, which takes one job after the other. */
    PROBING
}
