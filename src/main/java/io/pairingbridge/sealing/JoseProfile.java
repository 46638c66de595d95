package io.pairingbridge.sealing;

import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.KeyType;
import java.util.Set;

/**
 * The few choices of JWA (RFC 7518) that the product makes. They are fixed on both sides, sealing and opening: what is
 * not written here is not accepted either, so that no message can choose a weaker algorithm for its reader.
 */
final class JoseProfile {

    static final EncryptionMethod ENCRYPTION = EncryptionMethod.A256GCM;
    static final int MIN_RSA_BITS = 3072;
    static final Set<Curve> CURVES = Set.of(Curve.P_256, Curve.P_384, Curve.P_521);

    private JoseProfile() {}

    /**
     * The one key management algorithm for a type of key; {@code null} if keys of that type are not used for sealing.
     */
    static JWEAlgorithm algorithm(KeyType type) {
        if (KeyType.RSA.equals(type)) {
            return JWEAlgorithm.RSA_OAEP_256;
        }
        return KeyType.EC.equals(type) ? JWEAlgorithm.ECDH_ES_A256KW : null;
    }
}
