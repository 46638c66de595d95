package io.pairingbridge.settings;

import java.util.List;

/**
 * One or more settings are wrong. The message names every one of them and what to do; it never holds a value of a
 * secret.
 */
public class SettingsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SettingsException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
    }

    public SettingsException(String problem) {
        this(List.of(problem));
    }
}
