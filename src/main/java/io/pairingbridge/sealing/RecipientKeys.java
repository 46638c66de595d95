package io.pairingbridge.sealing;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.RSAKey;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The public keys of the one who may read credentials: a JWK set (RFC 7517) in a file, see
 * {@code pairing.seal.recipient-keys}. The first key seals; the others are there so that a file can name the next key
 * and the last one while keys are changed.
 *
 * <p>A file with one faulty key is refused whole, although RFC 7517 section 5 lets a reader skip such keys: to skip
 * would mean to seal with a key that the author of the file did not put first, and what is sealed to the wrong key is
 * lost.
 *
 * @param file where the keys were read, for messages
 * @param keys at least one, each public, usable for sealing and with a {@code kid} of its own
 */
public record RecipientKeys(Path file, List<JWK> keys) {

    /** What {@code key_ops} (RFC 7517, section 4.3) must contain, if given, for a key to encrypt to. */
    private static final Set<String> SEALING_OPERATIONS = Set.of("encrypt", "wrapKey", "deriveKey", "deriveBits");

    /** Characters: each message carries it several times. */
    private static final int LONGEST_KID = 256;

    public RecipientKeys {
        keys = List.copyOf(keys);
        if (keys.isEmpty() || keys.stream().anyMatch(JWK::isPrivate)) {
            throw new IllegalArgumentException("One public key or more is needed, and no private one.");
        }
    }

    /**
     * Reads and checks a file. Nothing is cached or kept open, so a caller may read again as often as it likes.
     *
     * @throws KeyFileException with the file, the key and the fix, if any key in the file is not fit for sealing
     */
    public static RecipientKeys load(Path jwks) {
        KeySetFile file = KeySetFile.read(jwks);
        if (file.isSingleKey() && KeySetFile.isSecret(file.document())) {
            throw privateKey(file.name(file.document(), 1));
        }
        List<Map<String, Object>> entries = file.keys();
        List<JWK> keys = new ArrayList<>();
        Set<String> kids = new HashSet<>();
        for (Map<String, Object> entry : entries) {
            String name = file.name(entry, keys.size() + 1);
            JWK key = publicKey(entry, name);
            if (!kids.add(key.getKeyID())) {
                throw new KeyFileException(name + " is there twice: give each key a kid of its own, or remove one.");
            }
            keys.add(key);
        }
        return new RecipientKeys(jwks, keys);
    }

    /** The key that seals: the first in the file. */
    public JWK sealingKey() {
        return keys.get(0);
    }

    /** The {@code kid} of every key, in the file's order. */
    public List<String> keyIds() {
        return keys.stream().map(JWK::getKeyID).toList();
    }

    /** Refuses a break-glass file that has one of these keys, under whatever name. */
    void refuseShared(RecipientKeys breakGlass) {
        for (JWK spare : breakGlass.keys) {
            for (JWK key : keys) {
                if (key.getKeyID().equals(spare.getKeyID()) || thumbprint(key).equals(thumbprint(spare))) {
                    throw new KeyFileException(
                            "Key file " + breakGlass.file + ": key '" + spare.getKeyID() + "' is also in " + file
                                    + ", so whoever loses the one loses the other: make a break-glass key of its own with 'pairing-bridge keys new'.");
                }
            }
        }
    }

    private static String thumbprint(JWK key) {
        try {
            return key.computeThumbprint().toString();
        } catch (JOSEException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    /**
     * A key as operators see it.
     *
     * @param kind RSA with its bits, or EC with its curve
     * @param sealing whether it is the one that seals
     * @param madeAt its {@code iat}, or null
     * @param endsAt its {@code exp}, or null
     * @param breakGlass whether it is the offline key that opens everything too
     */
    public record KeyInUse(
            String id, String kind, boolean sealing, Instant madeAt, Instant endsAt, boolean breakGlass) {}

    /** Every key, in the file's order. */
    public List<KeyInUse> inUse() {
        return keys.stream().map(key -> inUse(key, key == sealingKey(), false)).toList();
    }

    /** As {@link #inUse()}, and of a break-glass file the key that seals. */
    List<KeyInUse> inUse(RecipientKeys breakGlass) {
        return breakGlass == null
                ? inUse()
                : Stream.concat(inUse().stream(), Stream.of(inUse(breakGlass.sealingKey(), false, true)))
                        .toList();
    }

    private static KeyInUse inUse(JWK key, boolean sealing, boolean breakGlass) {
        return new KeyInUse(
                key.getKeyID(),
                key instanceof ECKey ec ? "EC " + ec.getCurve().getName() : "RSA " + key.size(),
                sealing,
                instant(key.getIssueTime()),
                instant(key.getExpirationTime()),
                breakGlass);
    }

    private static Instant instant(Date date) {
        return date == null ? null : date.toInstant();
    }

    private static JWK publicKey(Map<String, Object> entry, String name) {
        // First of all, because the fix for this one is urgent and the other complaints would hide it.
        if (KeySetFile.isSecret(entry)) {
            throw privateKey(name);
        }
        if (KeySetFile.kid(entry) == null) {
            throw new KeyFileException(
                    name
                            + " has no kid, so a reader can't tell which key opens a message: add one, for example its RFC 7638 thumbprint.");
        }
        if (KeySetFile.kid(entry).length() > LONGEST_KID) {
            throw new KeyFileException(name + " has a kid of more than " + LONGEST_KID
                    + " characters, which is too long for a message property: give it a shorter one.");
        }
        if (entry.get("use") != null && !"enc".equals(entry.get("use"))) {
            throw new KeyFileException(
                    name
                            + " is not meant for encryption (its \"use\" is not \"enc\"): put an encryption key in its place, or remove it.");
        }
        if (entry.get("key_ops") != null
                && !(entry.get("key_ops") instanceof List<?> operations
                        && operations.stream().anyMatch(SEALING_OPERATIONS::contains))) {
            throw new KeyFileException(
                    name
                            + " is not meant for encryption (see its \"key_ops\"): put an encryption key in its place, or remove it.");
        }
        JWK key = switch (String.valueOf(entry.get("kty"))) {
            case "RSA" -> rsa(entry, name);
            case "EC" -> ec(entry, name);
            default ->
                throw new KeyFileException(name
                        + " has a \"kty\" that can't be used for sealing: RSA (3072 bits or more) or EC is needed.");
        };
        String algorithm = JoseProfile.algorithm(key.getKeyType()).getName();
        if (key.getAlgorithm() != null && !key.getAlgorithm().getName().equals(algorithm)) {
            throw new KeyFileException(name + " is bound to another algorithm than " + algorithm
                    + ", with which the bridge would seal: remove its \"alg\" if its owner can open " + algorithm
                    + ", or use another key.");
        }
        return key;
    }

    private static JWK rsa(Map<String, Object> entry, String name) {
        RSAKey key;
        int bits;
        try {
            key = RSAKey.parse(entry);
            bits = key.toRSAPublicKey().getModulus().bitLength();
        } catch (ParseException | JOSEException | RuntimeException e) {
            throw new KeyFileException(
                    name + " is not a valid RSA public key: export it again from where it was made.");
        }
        if (bits < JoseProfile.MIN_RSA_BITS) {
            throw new KeyFileException(name + " is an RSA key of " + bits + " bits: at least "
                    + JoseProfile.MIN_RSA_BITS + " are needed; make a new one with 'pairing-bridge keys new'.");
        }
        return key;
    }

    private static JWK ec(Map<String, Object> entry, String name) {
        if (JoseProfile.CURVES.stream().noneMatch(curve -> curve.getName().equals(entry.get("crv")))) {
            String curves =
                    JoseProfile.CURVES.stream().map(Object::toString).sorted().collect(Collectors.joining(", "));
            throw new KeyFileException(
                    name + " is on a curve that can't be used for sealing: one of " + curves + " is needed.");
        }
        try {
            ECKey key = ECKey.parse(entry);
            key.toECPublicKey();
            return key;
        } catch (ParseException | JOSEException | RuntimeException e) {
            throw new KeyFileException(name + " is not a valid EC public key: export it again from where it was made.");
        }
    }

    private static KeyFileException privateKey(String name) {
        return new KeyFileException(
                name + " is a PRIVATE or secret key, which must never be where the bridge can read it:"
                        + " put the public key in its place, and if the file was ever on another machine, make a new pair.");
    }
}
