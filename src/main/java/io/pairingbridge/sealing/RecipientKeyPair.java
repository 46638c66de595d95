package io.pairingbridge.sealing;

import static java.util.Objects.requireNonNull;

import com.nimbusds.jose.jwk.JWK;

/**
 * A new pair in memory. Not a record and with a {@code toString} of its own, so that no log can print the private half.
 */
public final class RecipientKeyPair {

    private final JWK pair;

    RecipientKeyPair(JWK pair) {
        this.pair = requireNonNull(pair);
    }

    /** The {@code kid} that both halves carry. */
    public String keyId() {
        return pair.getKeyID();
    }

    /** The half that may be given away. */
    public JWK publicKey() {
        return pair.toPublicJWK();
    }

    JWK privateKey() {
        return pair;
    }

    @Override
    public String toString() {
        return "RecipientKeyPair[keyId=" + keyId() + "]";
    }
}
