package io.pairingbridge.sealing;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWEDecrypter;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWEObject;
import com.nimbusds.jose.crypto.DirectDecrypter;
import com.nimbusds.jose.crypto.ECDHDecrypter;
import com.nimbusds.jose.crypto.RSADecrypter;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.text.ParseException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import javax.crypto.SecretKey;

/**
 * Opens what a {@link JweSealer} sealed: the recipient's side, used by the command {@code collect} and never by a
 * running bridge. Immutable; any number of threads may use it at once.
 *
 * <p>It accepts exactly what the bridge writes: a compact JWE (RFC 7516) with the product's algorithms, uncompressed. A
 * text that differs from the sealed one in a single character is refused, even where a lenient base64 decoder would see
 * the same bytes.
 */
public final class Opener {

    private final String files;
    private final Map<String, JWK> keys;

    private Opener(String files, Map<String, JWK> keys) {
        this.files = files;
        this.keys = keys;
    }

    /**
     * Reads private keys from a JWK set or a single JWK (RFC 7517), for instance one of {@link KeyPairs#writePrivate}.
     *
     * @throws KeyFileException if the file can't be read, or a key in it is not private, not valid, has no {@code kid}
     *     or one that is there twice
     */
    public static Opener load(Path file) {
        return load(List.of(file));
    }

    /** As {@link #load(Path)}, from several files, such as those of the last key and of the one before it. */
    public static Opener load(List<Path> files) {
        Map<String, JWK> keys = new LinkedHashMap<>();
        files.forEach(file -> load(file, keys));
        return new Opener(files.stream().map(Path::toString).collect(Collectors.joining(", ")), keys);
    }

    private static void load(Path file, Map<String, JWK> keys) {
        KeySetFile set = KeySetFile.read(file);
        List<Map<String, Object>> entries = set.isSingleKey() ? List.of(set.document()) : set.keys();
        int number = 0;
        for (Map<String, Object> entry : entries) {
            String name = set.name(entry, ++number);
            if (KeySetFile.kid(entry) == null) {
                throw new KeyFileException(name + " has no kid: give it the kid of its public key.");
            }
            if (keys.put(KeySetFile.kid(entry), privateKey(entry, name)) != null) {
                throw new KeyFileException(name + " is there twice: remove one.");
            }
        }
    }

    private static JWK privateKey(Map<String, Object> entry, String name) {
        JWK key;
        try {
            key = JWK.parse(entry);
        } catch (ParseException | RuntimeException e) {
            // No cause: a parser may quote what it could not read, and that is a private key.
            throw new KeyFileException(name + " is not a valid key: restore the file from where it was written.");
        }
        if (JoseProfile.algorithm(key.getKeyType()) == null) {
            throw new KeyFileException(
                    name + " is neither an RSA nor an EC key, and nothing is ever sealed to it: remove it.");
        }
        if (!key.isPrivate()) {
            throw new KeyFileException(
                    name + " is only a public key and opens nothing: name the private file that was written with it.");
        }
        return key;
    }

    /** The {@code kid} of every key that can be used. */
    public Set<String> keyIds() {
        return Set.copyOf(keys.keySet());
    }

    /**
     * Opens a sealed text with the key that its header names.
     *
     * @return the bytes that were sealed, and the proof that the header is unchanged too
     * @throws OpeningException if it is not such a text, its key is not in the file, or it was changed on its way
     */
    public byte[] open(String jwe) {
        return open(jwe, null);
    }

    /**
     * As {@link #open(String)}; where the key that the text was sealed to is not there, with the break-glass key.
     *
     * @param breakGlass the property {@code PairingBreakGlass} of the same message, or null
     */
    public byte[] open(String jwe, String breakGlass) {
        JWEObject sealed = parse(jwe);
        if (!keys.containsKey(sealed.getHeader().getKeyID()) && breakGlass != null) {
            JWEObject contentKey = parse(breakGlass);
            if (keys.containsKey(contentKey.getHeader().getKeyID())) {
                return openWith(contentKey(decrypt(contentKey)), sealed);
            }
        }
        return decrypt(sealed);
    }

    private byte[] decrypt(JWEObject sealed) {
        JWEHeader header = sealed.getHeader();
        JWK key = keys.get(header.getKeyID());
        if (key == null) {
            throw new OpeningException("Sealed to key '" + printable(header.getKeyID()) + "', which is not in " + files
                    + ": open it with the private file of that key.");
        }
        if (!JoseProfile.algorithm(key.getKeyType()).equals(header.getAlgorithm())
                || !JoseProfile.ENCRYPTION.equals(header.getEncryptionMethod())) {
            throw new OpeningException("Sealed in another way than key '" + key.getKeyID()
                    + "' is used for: it does not come from a bridge.");
        }
        try {
            sealed.decrypt(decrypter(key));
        } catch (JOSEException | RuntimeException e) {
            // One text for every reason below: telling them apart would help only somebody who tries out changes.
            throw new OpeningException("Can't be opened with key '" + key.getKeyID() + "' of " + files
                    + ": the text was changed after sealing, or the key only has the same kid.");
        }
        return sealed.getPayload().toBytes();
    }

    private static SecretKey contentKey(byte[] jwk) {
        try {
            return OctetSequenceKey.parse(new String(jwk, StandardCharsets.UTF_8))
                    .toSecretKey("AES");
        } catch (ParseException | RuntimeException e) {
            // No cause: a parser may quote what it could not read, and that opens a message.
            throw new OpeningException(
                    "What the break-glass key opened is no content key: it does not come from a bridge.");
        } finally {
            Arrays.fill(jwk, (byte) 0);
        }
    }

    /**
     * The content key is known, so the one that the header names is not needed; the header is checked all the same, as
     * what was sealed.
     */
    private static byte[] openWith(SecretKey contentKey, JWEObject sealed) {
        if (!JoseProfile.ENCRYPTION.equals(sealed.getHeader().getEncryptionMethod())) {
            throw new OpeningException("Sealed in another way than a bridge does: it does not come from one.");
        }
        try {
            sealed.decrypt(new DirectDecrypter(contentKey, true));
        } catch (JOSEException | RuntimeException e) {
            throw new OpeningException(
                    "Can't be opened with the break-glass key: the text was changed after sealing, or the PairingBreakGlass of another message came with it.");
        }
        return sealed.getPayload().toBytes();
    }

    /**
     * Reads the header of a sealed text, without opening it.
     *
     * @throws OpeningException if it is not a text that a bridge may have sealed
     */
    public static SealedHeader header(String jwe) {
        JWEHeader header = parse(jwe).getHeader();
        String job = header.getCustomParam("job") instanceof String text ? text : null;
        return new SealedHeader(header.getKeyID(), job, instant(header.getCustomParam("iat")));
    }

    /** Null for what is no time: the header is not proven yet, and a strange one must not break its reader. */
    private static Instant instant(Object seconds) {
        return seconds instanceof Long number
                ? Instant.ofEpochSecond(
                        Math.max(Instant.MIN.getEpochSecond(), Math.min(Instant.MAX.getEpochSecond(), number)))
                : null;
    }

    private static JWEObject parse(String jwe) {
        if (!canonical(jwe.split("\\.", -1))) {
            throw notSealed();
        }
        try {
            JWEObject sealed = JWEObject.parse(jwe);
            // Compression (RFC 7516, section 4.1.3) is refused: a small text could open to a huge one.
            if (sealed.getHeader().getKeyID() != null && sealed.getHeader().getCompressionAlgorithm() == null) {
                return sealed;
            }
        } catch (ParseException | RuntimeException e) {
            // The common end below. Nimbus answers some headers with a NullPointerException (10.9.1: one without enc):
            // as good as a refusal.
        }
        throw notSealed();
    }

    /**
     * Whether each part is the one way to write its bytes in base64url (RFC 4648, section 3.5: trailing bits are zero).
     */
    private static boolean canonical(String[] parts) {
        try {
            for (String part : parts) {
                byte[] bytes = Base64.getUrlDecoder().decode(part);
                if (!Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString(bytes)
                        .equals(part)) {
                    return false;
                }
            }
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static JWEDecrypter decrypter(JWK key) throws JOSEException {
        return key instanceof ECKey ec ? new ECDHDecrypter(ec) : new RSADecrypter(key.toRSAKey());
    }

    /**
     * A kid that is not ours came with the message: it goes to a terminal, so no control characters and not without
     * end.
     */
    private static String printable(String text) {
        String clean = text.replaceAll("\\p{Cntrl}", "?");
        return clean.length() <= 128 ? clean : clean.substring(0, 128) + "…";
    }

    private static OpeningException notSealed() {
        return new OpeningException(
                "Not a sealed text: five parts of base64url with dots between (a compact JWE, RFC 7516) and a kid are expected, with nothing before or after.");
    }
}
