package io.pairingbridge.job;

/**
 * What an answer tells of the terminal in the clear: {@code PayConnectPairResponse} of the vendor's page, without the
 * credentials.
 *
 * @param payConnectId {@code pay_connect_id}, or null
 * @param payConnectName {@code pay_connect_name}, or null
 * @param terminalId {@code terminal_id}, or null
 */
public record PairedTerminal(String payConnectId, String payConnectName, String terminalId) {
    /** Nothing is known. */
    public static final PairedTerminal UNKNOWN = new PairedTerminal(null, null, null);
}
