package io.pairingbridge.job;

import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the bridge writes on the requests that it makes of a document's rows, so that it knows them again even if it
 * cannot read them, and nobody else can pass a message off as the request of a row: with a keyed hash that only bridges
 * of this journal can make.
 */
public final class RowMark {
    /** The keyed hash of the row's one-time password; of a row that was refused, its own mark. */
    public static final String PROPERTY = "PairingRow";
    /** Why the row was refused; only then is it there. */
    public static final String REFUSED = "PairingRowRefused";
    /** Characters of the reason at most. */
    public static final int LONGEST_REASON = 2_000;

    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern OF_REFUSED = Pattern.compile("([0-9]{1,19}-[0-9]{1,19})\\.([0-9a-f]{64})");

    private final UnaryOperator<String> keyedHash;

    /** @param keyedHash in 64 hexadecimal digits; its key is the bridge's secret */
    public RowMark(UnaryOperator<String> keyedHash) {
        this.keyedHash = keyedHash;
    }

    /**
     * A row as it was recognised.
     *
     * @param hash what its batch's row has as hash of the one-time password; of a refused row a hash that is this row's
     *     alone
     * @param refused why it was refused, or null
     */
    public record Row(String hash, String refused) {}

    /**
     * The hash of a row that is refused: the same whenever this row of this beginning of the batch is read again.
     *
     * @param begunAt when the batch was begun, in milliseconds
     * @param number of the row in its document
     */
    public String hashOfRefused(String jobId, String batchId, long begunAt, long number, String reason) {
        return hash(jobId, batchId, begunAt + "-" + number, reason);
    }

    /** The value of {@link #PROPERTY} for a refused row of this hash. */
    public static String ofRefused(long begunAt, long number, String hash) {
        return begunAt + "-" + number + "." + hash;
    }

    /**
     * The row that a message with these properties is of; null if it is of none, or does not come from a bridge of this
     * journal.
     */
    public Row read(String jobId, String batchId, Object mark, Object reason) {
        if (!(mark instanceof String text) || batchId == null) {
            return null;
        }
        Matcher refused = OF_REFUSED.matcher(text);
        if (reason instanceof String why && refused.matches()) {
            return hash(jobId, batchId, refused.group(1), why).equals(refused.group(2))
                    ? new Row(refused.group(2), why)
                    : null;
        }
        // The hash itself is the proof: only part of it is known outside, as a part of the job's id.
        return reason == null && HASH.matcher(text).matches() ? new Row(text, null) : null;
    }

    private String hash(String jobId, String batchId, String row, String reason) {
        return keyedHash.apply(String.join("\n", PROPERTY, jobId, batchId, row, reason));
    }
}
