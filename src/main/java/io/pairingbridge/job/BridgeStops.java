package io.pairingbridge.job;

/**
 * The bridge is being stopped, and what waited for something goes back to its queue untouched. Nobody's fault, so
 * nobody logs it.
 */
public final class BridgeStops extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /** @param waitedFor the end of a sentence that begins with "stopped while" */
    public BridgeStops(String waitedFor) {
        super("stopped while " + waitedFor);
    }
}
