package io.pairingbridge;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A data directory that another bundle beside this one has: a new version, unpacked next to the old one, would begin
 * with an empty journal.
 */
final class EarlierData {
    private static final String JOURNAL = "journal.db";

    private EarlierData() {}

    /**
     * The one that was used last; empty if there is none, if this bridge has a journal already, or if its data lie
     * apart from the bundle.
     */
    static Optional<Path> of(Path home, Path data) {
        if (home.getParent() == null || !data.startsWith(home) || Files.exists(data.resolve(JOURNAL))) {
            return Optional.empty();
        }
        Path inside = home.relativize(data);
        try (Stream<Path> beside = Files.list(home.getParent())) {
            return beside.filter(other -> !other.equals(home)
                            && other.getFileName().toString().startsWith("pairing-bridge"))
                    .map(other -> other.resolve(inside))
                    .filter(other -> Files.exists(other.resolve(JOURNAL)))
                    .max((one, two) -> Long.compare(modified(one), modified(two)));
        } catch (IOException e) {
            return Optional.empty(); // whoever may not look there has not unpacked anything there
        }
    }

    private static long modified(Path data) {
        return data.resolve(JOURNAL).toFile().lastModified();
    }
}
