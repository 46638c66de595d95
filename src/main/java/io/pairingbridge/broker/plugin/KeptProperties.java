package io.pairingbridge.broker.plugin;

import io.pairingbridge.job.Contract;
import java.util.Set;

/**
 * What a request or a batch document may say beside its body; everything else is dropped before the message is stored.
 */
final class KeptProperties {

    /** Text each. {@code PairingReplay} is the operator's; the last two are the W3C's trace context. */
    static final Set<String> NAMES = Set.of(
            Contract.JOB_ID,
            Contract.INTEGRATOR,
            Contract.BATCH_ID,
            Contract.BATCH_NAME,
            Contract.REPLAY,
            "traceparent",
            "tracestate");

    private KeptProperties() {}

    static String text(String name, Object value) throws RefusedException {
        if (!(value instanceof CharSequence text)) {
            throw new RefusedException("the property " + name + " must be text: send it as a string");
        }
        return limited("the property " + name, text.toString());
    }

    static String limited(String what, String value) throws RefusedException {
        if (value.length() > AdmissionLimits.PROPERTY_CHARACTERS) {
            throw new RefusedException(what + " is longer than " + AdmissionLimits.PROPERTY_CHARACTERS
                    + " characters: send a shorter one");
        }
        return value;
    }
}
