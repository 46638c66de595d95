package io.pairingbridge.sealing;

import io.pairingbridge.job.SealedAnswer;

/**
 * Closes an answer for its recipient, before anything else in the bridge gets to see it.
 *
 * <p>An implementation may be used by any number of threads at once. {@link #seal} does no I/O: whatever could fail on
 * a file is settled at the start or by {@link #refresh}, because by the time an answer is here the OTP is spent and
 * there is no second one.
 */
public interface Sealer {

    /**
     * Seals bytes as they came off the wire. After a return, opening {@link SealedAnswer#body()} with the recipient's
     * key gives {@code plaintext} back byte for byte, whatever the bytes are: empty, truncated or not JSON at all.
     *
     * <p>Not promised: that two calls with the same arguments give the same text (with encryption they never do), or
     * that the reader can tell who sealed it; anybody with the public key can.
     *
     * @param plaintext not changed and not kept
     * @param jobId identity of the job, readable without the key
     * @throws SealingException if it could not be sealed; the caller still holds the only copy
     */
    SealedAnswer seal(byte[] plaintext, String jobId);

    /** The {@code kid} that a {@link SealedAnswer} made now would name. */
    String keyId();

    /**
     * Looks whether there are other keys to seal with from now on, and takes them if they have proven able to. Never
     * throws and never leaves the sealer without keys that work: what can't be used is reported elsewhere and changes
     * nothing. Cheap enough for every job.
     */
    default void refresh() {}

    /**
     * The pre-flight, to be passed before an OTP is spent: proves by a trial sealing, of bytes that are no secret, that
     * {@link #seal} is able to do its work with this key in this JVM. Costs as much as one sealing.
     *
     * <p>Not promised: that anybody holds the matching private key. No sealer can know.
     *
     * @throws SealingException if it is not able to; the message names the key and the next step
     */
    void verify();
}
