package io.pairingbridge.soak;

import io.pairingbridge.testing.Stage.Received;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which messages are copies, character for character, of credentials that another bridge sent at the same moment: the
 * broker keeps both of two that it is handling at once ({@code docs/design/guarantees.md}). It does so once for each
 * further bridge; what comes later, differs or comes oftener is no copy but a breach.
 */
final class Sendings {
    /**
     * Two sendings whose own times differ by no more than this are of the same moment, as far as the senders' clock
     * tells.
     */
    private static final long SAME_MOMENT_MILLIS = 1_000;

    private record Sending(String body, long millis) {}

    private final int bridges;
    private final Map<String, List<Sending>> byAttempt = new HashMap<>();
    private long copies;

    /** @param bridges how many there are that may send the same credentials */
    Sendings(int bridges) {
        this.bridges = bridges;
    }

    /** Takes note of credentials that came; true if they are such a copy of some that came before. */
    synchronized boolean copy(Received credentials, long sentMillis) {
        String attempt = credentials.text("_AMQ_DUPL_ID");
        if (attempt == null) {
            return false;
        }
        List<Sending> before = byAttempt.computeIfAbsent(attempt, a -> new ArrayList<>());
        boolean copy = !before.isEmpty()
                && before.size() < bridges
                && before.stream()
                        .allMatch(other -> other.body.equals(credentials.body())
                                && Math.abs(other.millis - sentMillis) <= SAME_MOMENT_MILLIS);
        before.add(new Sending(credentials.body(), sentMillis));
        copies += copy ? 1 : 0;
        return copy;
    }

    synchronized long copies() {
        return copies;
    }
}
