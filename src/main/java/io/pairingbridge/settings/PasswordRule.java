package io.pairingbridge.settings;

import java.util.Locale;
import java.util.Set;

/** Which passwords production takes, wherever they stand. */
public final class PasswordRule {
    private static final int SHORTEST_PASSWORD = 12;
    private static final int FEWEST_CHARACTERS = 5;

    /** What products and examples come with, and is long enough not to be refused for that. */
    private static final Set<String> WELL_KNOWN = Set.of(
            "simetraehcapa",
            "administrator",
            "passwordpassword",
            "changeitchangeit",
            "password1234",
            "password12345",
            "123456789012",
            "pairing-bridge",
            "pairingbridge",
            "erp-requester",
            "erp-credentials",
            "changemechangeme",
            "correcthorsebatterystaple");

    private PasswordRule() {}

    /** What is wrong with the password, as a sentence goes on that began with its name; null if nothing is. */
    public static String fault(String user, String password) {
        return password.equalsIgnoreCase(user)
                ? "is its user's name"
                : password.length() < SHORTEST_PASSWORD
                        ? "is shorter than " + SHORTEST_PASSWORD + " characters"
                        : WELL_KNOWN.contains(password.toLowerCase(Locale.ROOT))
                                ? "is one that products and examples come with"
                                : password.chars().distinct().count() < FEWEST_CHARACTERS
                                        ? "repeats fewer than " + FEWEST_CHARACTERS + " characters"
                                        : null;
    }
}
