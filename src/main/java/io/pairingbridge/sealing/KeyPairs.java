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
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
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

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

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
     * Writes the pair, private half included, as a JWK set into a new file that only its owner may read. The file has
     * mode 0600 from its first moment, before it has any content, and after a return its content is on disk.
     *
     * @throws KeyFileException if there is anything at that path already (it is left as it is), or the file can't be
     *     written, or the file system knows no POSIX permissions
     */
    public static void writePrivate(RecipientKeyPair pair, Path file) {
        FileAttribute<?> ownerOnly = PosixFilePermissions.asFileAttribute(OWNER_ONLY);
        boolean created = false;
        try (FileChannel channel =
                FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), ownerOnly)) {
            created = true;
            write(channel, Map.of("keys", List.of(pair.privateKey().toJSONObject())));
        } catch (FileAlreadyExistsException e) {
            throw new KeyFileException(
                    "Private key file " + file
                            + " exists and is never overwritten: choose another name, or move the old file away if nothing sealed to it is left to open.");
        } catch (UnsupportedOperationException e) {
            throw new KeyFileException(
                    "Private key file " + file
                            + " can't be protected: its file system knows no POSIX permissions; choose a place on one that does.");
        } catch (IOException e) {
            if (created) {
                // Half a key is worth nothing, and would be in the way of the next try.
                deleteQuietly(file);
            }
            throw new KeyFileException(
                    "Private key file " + file
                            + " can't be written: check that its folder exists, is writable and has space.",
                    e);
        }
        syncFolder(file);
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
            Map<String, Object> document = withKeyFirst(pair, file);
            Path folder = target.toAbsolutePath().getParent();
            Path draft = Files.createTempFile(folder, target.getFileName() + ".", ".new");
            try {
                try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
                    write(channel, document);
                }
                // The draft was made for its owner alone; the bridge may run as somebody else.
                if (Files.getFileStore(draft).supportsFileAttributeView("posix")) {
                    Files.setPosixFilePermissions(
                            draft,
                            Files.exists(target)
                                    ? Files.getPosixFilePermissions(target)
                                    : PosixFilePermissions.fromString("rw-r--r--"));
                }
                Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(draft);
            }
            syncFolder(target);
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

    private static void write(FileChannel channel, Map<String, Object> document) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(JSONObjectUtils.toJSONString(document) + "\n");
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
        channel.force(true);
    }

    /** Makes the new name itself durable; where a folder can't be opened (not POSIX) the file system sees to it. */
    private static void syncFolder(Path file) {
        try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent(), StandardOpenOption.READ)) {
            folder.force(true);
        } catch (IOException e) {
            // The content is synced and in place; refusing the new key now would help nobody.
        }
    }

    private static void deleteQuietly(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // The failure that led here is the one to report.
        }
    }
}
