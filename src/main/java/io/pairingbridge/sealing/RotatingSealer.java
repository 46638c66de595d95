package io.pairingbridge.sealing;

import static java.util.Objects.requireNonNull;

import com.nimbusds.jose.jwk.JWK;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Seals with the keys that lie in the key files now: a file that is replaced is taken by the next {@link #refresh},
 * without a restart. No thread watches the files; each pre-flight looks at their time, size and number.
 *
 * <p>New keys are read, checked and tried out before they replace the old ones, all in one step. So a call that is
 * under way seals with either, and both work. A file that is missing, half written, broken or has a key that is too
 * weak changes nothing: the old keys go on, and {@link #problem} says why until there is a file that can be used. Only
 * a start has no old keys to go on with, and fails.
 */
public final class RotatingSealer implements Sealer {

    private static final Logger LOG = LoggerFactory.getLogger(RotatingSealer.class);

    private final Path recipientFile;
    private final Path breakGlassFile;
    private final Clock clock;
    private volatile Keys keys;
    private volatile Seen seen;

    /** Keys that have sealed once, and what is shown of them. */
    private record Keys(JweSealer sealer, List<KeyInUse> shown, List<JWK> all) {}

    /** The files as they were when they were last read, and what was wrong with them; null if nothing was. */
    private record Seen(String files, String problem) {}

    /**
     * Reads the files.
     *
     * @param breakGlassFile of the offline key that opens everything too, or null
     * @throws KeyFileException if a key is not fit for sealing
     * @throws SealingException if this JVM can't seal with it
     */
    public RotatingSealer(Path recipientFile, Path breakGlassFile, Clock clock) {
        this.recipientFile = requireNonNull(recipientFile);
        this.breakGlassFile = breakGlassFile;
        this.clock = requireNonNull(clock);
        // In this order: what is written while the file is read is noticed the next time.
        String files = files();
        this.keys = read();
        this.seen = new Seen(files, null);
    }

    private Keys read() {
        RecipientKeys recipient = RecipientKeys.load(recipientFile);
        RecipientKeys breakGlass = breakGlassFile == null ? null : RecipientKeys.load(breakGlassFile);
        JweSealer sealer = new JweSealer(recipient, breakGlass, clock);
        sealer.verify();
        return new Keys(sealer, recipient.inUse(breakGlass), recipient.keys());
    }

    @Override
    public void refresh() {
        if (!seen.files().equals(files())) {
            reload();
        }
    }

    private synchronized void reload() {
        String files = files();
        if (seen.files().equals(files)) {
            return; // another thread was first
        }
        try {
            Keys fresh = read();
            if (!fresh.shown().equals(keys.shown()) || !fresh.all().equals(keys.all())) {
                LOG.info(
                        "Credentials are sealed to key '{}' of {} from now on{}",
                        fresh.sealer().keyId(),
                        recipientFile,
                        fresh.shown().stream()
                                .filter(KeyInUse::breakGlass)
                                .map(key -> ", and to break-glass key '" + key.id() + "'")
                                .findFirst()
                                .orElse(""));
            }
            keys = fresh;
            seen = new Seen(files, null);
        } catch (KeyFileException | SealingException e) {
            String problem = "The new keys are not used, key '" + keyId() + "' goes on sealing: " + e.getMessage();
            if (!problem.equals(seen.problem())) {
                LOG.error("{}", problem);
            }
            seen = new Seen(files, problem);
        }
    }

    /**
     * What is wrong with the files as they are now, and what to do; empty if the keys in use are those of the files.
     */
    public Optional<String> problem() {
        refresh();
        return Optional.ofNullable(seen.problem());
    }

    /** The keys in use, the sealing one first and the break-glass key last. */
    public List<KeyInUse> keys() {
        refresh();
        return keys.shown();
    }

    @Override
    public SealedAnswer seal(byte[] plaintext, String jobId) {
        return keys.sealer().seal(plaintext, jobId);
    }

    @Override
    public String keyId() {
        return keys.sealer().keyId();
    }

    @Override
    public void verify() {
        keys.sealer().verify();
    }

    /**
     * What tells one version of the files from the next, whether they are replaced, linked anew or written in place.
     */
    private String files() {
        return version(recipientFile) + (breakGlassFile == null ? "" : " " + version(breakGlassFile));
    }

    private static String version(Path file) {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            return now.lastModifiedTime().to(TimeUnit.NANOSECONDS) + "/" + now.size() + "/" + now.fileKey();
        } catch (NoSuchFileException e) {
            return "missing";
        } catch (IOException e) {
            return "unreadable";
        }
    }
}
