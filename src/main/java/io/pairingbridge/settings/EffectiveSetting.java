package io.pairingbridge.settings;

/**
 * One setting as it counts, for people to see.
 *
 * @param value never a secret: {@value #MASKED} where there is one
 * @param from the file and its line, the environment variable, the system property, or {@value #DEFAULT}
 */
public record EffectiveSetting(String name, String value, String from) {
    public static final String MASKED = "***";
    public static final String DEFAULT = "default";
}
