package io.pairingbridge.sealing;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyType;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.JWKGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.JSONObjectUtils;
import io.pairingbridge.files.DurableFiles;
import io.pairingbridge.files.PrivateFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes key pairs for the recipient and keeps them in JWK set files (RFC 7517), for the command {@code keys new}.
 *
 * <p>Write the private file first, then the public one: once the public key is in the file that the bridge reads,
 * credentials are sealed to it, and without a stored private key nobody would ever read them.
 */
public final class KeyPairs {

    private static final Set<PosixFilePermission> READABLE_BY_ALL = PosixFilePermissions.fromString("rw-r--r--");

    private KeyPairs() {}

    /**
     * Makes a pair in memory, marked for encryption with the algorithm that {@link JweSealer} will use.
     *
     * @param keyId the {@code kid}, or null for the key's thumbprint (RFC 7638, SHA-256)
     */
    public static RecipientKeyPair generate(KeyKind kind, String keyId) {
        if (keyId != null && (keyId.isBlank() || keyId.chars().anyMatch(Character::isISOControl))) {
            throw new IllegalArgumentException("A key id must be printable text and not blank.");
        }
        try {
            return new RecipientKeyPair(
                    switch (kind) {
                        case RSA3072 -> make(new RSAKeyGenerator(3072), KeyType.RSA, keyId);
                        case RSA4096 -> make(new RSAKeyGenerator(4096), KeyType.RSA, keyId);
                        case P256 -> make(new ECKeyGenerator(Curve.P_256), KeyType.EC, keyId);
                        case P384 -> make(new ECKeyGenerator(Curve.P_384), KeyType.EC, keyId);
                        case P521 -> make(new ECKeyGenerator(Curve.P_521), KeyType.EC, keyId);
                    });
        } catch (JOSEException e) {
            throw new IllegalStateException(
                    "This JVM can't make a key of kind " + kind + ": check its security providers.", e);
        }
    }

    private static JWK make(JWKGenerator<? extends JWK> generator, KeyType type, String keyId) throws JOSEException {
        generator
                .issueTime(Date.from(Instant.now().truncatedTo(ChronoUnit.SECONDS)))
                .keyUse(KeyUse.ENCRYPTION)
                .algorithm(JoseProfile.algorithm(type));
        return (keyId == null ? generator.keyIDFromThumbprint(true) : generator.keyID(keyId)).generate();
    }

    /**
     * Writes the pair, private half included, as a JWK set into a new file that only its owner may read, as
     * {@link DurableFiles#create} does.
     *
     * @throws KeyFileException if there is anything at that path already (it is left as it is), or the file can't be
     *     written, or the file system knows no POSIX permissions
     */
    public static void writePrivate(RecipientKeyPair pair, Path file) {
        if (!PrivateFiles.known(file)) {
            throw new KeyFileException(
                    "Private key file " + file
                            + " can't be protected: its file system knows no POSIX permissions; choose a place on one that does.");
        }
        try {
            DurableFiles.create(
                    file, text(Map.of("keys", List.of(pair.privateKey().toJSONObject()))));
        } catch (FileAlreadyExistsException e) {
            throw new KeyFileException(
                    "Private key file " + file
                            + " exists and is never overwritten: choose another name, or move the old file away if nothing sealed to it is left to open.");
        } catch (IOException e) {
            throw new KeyFileException(
                    "Private key file " + file
                            + " can't be written: check that its folder exists, is writable and has space.",
                    e);
        }
    }

    /**
     * Puts the public half first into a JWK set file, so that it is the key that seals from then on; the keys that were
     * there stay behind it. A new file is made if there is none. Readers see the old file or the new one, never a part.
     *
     * <p>Not promised: anything about two writers at the same time; the later one may win alone.
     *
     * @throws KeyFileException if an existing file is not one that {@link RecipientKeys#load} accepts, has a key of the
     *     same {@code kid}, or can't be written; it is left as it was
     */
    public static void writePublic(RecipientKeyPair pair, Path file) {
        try {
            // Replace what a link points at, not the link: deployments like to link configuration into place.
            Path target = Files.exists(file) ? file.toRealPath() : file;
            byte[] content = text(withKeyFirst(pair, file));
            // The bridge may run as somebody else.
            Set<PosixFilePermission> mode = Files.exists(target) && PrivateFiles.known(target)
                    ? Files.getPosixFilePermissions(target)
                    : READABLE_BY_ALL;
            DurableFiles.replace(target, mode, out -> out.write(content));
        } catch (IOException e) {
            throw new KeyFileException(
                    "Public key file " + file
                            + " can't be written: check that its folder exists, is writable and has space.",
                    e);
        }
    }

    private static Map<String, Object> withKeyFirst(RecipientKeyPair pair, Path file) {
        List<Object> keys = new ArrayList<>(List.of(pair.publicKey().toJSONObject()));
        Map<String, Object> document = new LinkedHashMap<>();
        if (Files.exists(file)) {
            if (RecipientKeys.load(file).keyIds().contains(pair.keyId())) {
                throw new KeyFileException("Public key file " + file + " has a key '" + pair.keyId()
                        + "' already: choose another key id.");
            }
            KeySetFile existing = KeySetFile.read(file);
            document.putAll(existing.document());
            keys.addAll(existing.keys());
        }
        document.put("keys", keys);
        return document;
    }

    private static byte[] text(Map<String, Object> document) {
        return (JSONObjectUtils.toJSONString(document) + "\n").getBytes(StandardCharsets.UTF_8);
    }
}
