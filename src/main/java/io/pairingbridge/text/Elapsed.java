package io.pairingbridge.text;

import java.time.Duration;
import java.util.Locale;

/** How long something took, no finer than people need it. */
public final class Elapsed {
    private Elapsed() {}

    /** {@code 0.35 s}, {@code 12.4 s}, {@code 3 min 5 s}, {@code 2 h 10 min}; nothing is shorter than 0. */
    public static String text(Duration duration) {
        long millis = Math.max(0, duration.toMillis());
        if (millis < 60_000) {
            return String.format(Locale.ROOT, millis < 10_000 ? "%.2f s" : "%.1f s", millis / 1_000.0);
        }
        long seconds = millis / 1_000;
        return seconds < 3_600
                ? seconds / 60 + " min " + seconds % 60 + " s"
                : seconds / 3_600 + " h " + seconds / 60 % 60 + " min";
    }
}
