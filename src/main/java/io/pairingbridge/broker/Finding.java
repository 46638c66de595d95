package io.pairingbridge.broker;

/**
 * Something about the broker that a person must see.
 *
 * @param severity whether the bridge may start with it
 * @param subject what it is about: an address, a queue or a setting of the broker
 * @param problem what is wrong and what it would lead to
 * @param remedy what to do about it
 */
public record Finding(Severity severity, String subject, String problem, String remedy) {

    /** What a finding means for the start. */
    public enum Severity {
        /** A job or credentials could be lost or seen by the wrong one: the bridge must not start. */
        UNSAFE,
        /** It could not be looked at; the bridge may start, and should say so. */
        UNKNOWN
    }

    static Finding unsafe(String subject, String problem, String remedy) {
        return new Finding(Severity.UNSAFE, subject, problem, remedy);
    }

    static Finding unknown(String subject, String problem, String remedy) {
        return new Finding(Severity.UNKNOWN, subject, problem, remedy);
    }
}
