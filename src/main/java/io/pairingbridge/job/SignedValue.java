package io.pairingbridge.job;

import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number that the bridge writes into a property of its own messages, with a keyed hash, so that nobody else can write
 * it: the number of the message that a request first came in ({@link #ORIGINAL_MESSAGE}; another's would share its
 * ending and counts), or when a job was moved last ({@link RequestGone#PROPERTY}).
 */
public final class SignedValue {
    /** On a request that was put back to wait. */
    public static final String ORIGINAL_MESSAGE = "PairingCarrier";

    private static final Pattern MARK = Pattern.compile("([0-9]{1,19})\\.([0-9a-f]{32})");

    private final String property;
    private final UnaryOperator<String> keyedHash;

    /**
     * @param property whose value it is: what was written for one property is not believed in another one
     * @param keyedHash in hexadecimal digits, 32 or more; its key is the bridge's secret
     */
    public SignedValue(String property, UnaryOperator<String> keyedHash) {
        this.property = property;
        this.keyedHash = keyedHash;
    }

    /** The value of the property for a message of this job. */
    public String write(String jobId, String value) {
        return value + "." + hash(jobId, value);
    }

    /** The number that was written for this job, or null if the property is absent or not the bridge's. */
    public String read(String jobId, Object property) {
        Matcher mark = property instanceof String text ? MARK.matcher(text) : null;
        return mark != null && mark.matches() && mark.group(2).equals(hash(jobId, mark.group(1)))
                ? mark.group(1)
                : null;
    }

    private String hash(String jobId, String value) {
        return keyedHash.apply(property + "\n" + jobId + "\n" + value).substring(0, 32);
    }
}
