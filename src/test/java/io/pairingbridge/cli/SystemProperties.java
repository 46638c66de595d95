package io.pairingbridge.cli;

import java.util.HashMap;
import java.util.Map;

/** Sets system properties, as {@code -D} would, until it is closed. */
final class SystemProperties implements AutoCloseable {
    private final Map<String, String> before = new HashMap<>();

    SystemProperties with(Map<String, String> properties) {
        properties.forEach((key, value) -> {
            String old = System.setProperty(key, value);
            if (!before.containsKey(key)) {
                before.put(key, old);
            }
        });
        return this;
    }

    @Override
    public void close() {
        before.forEach((key, value) -> {
            if (value == null) {
                System.clearProperty(key);
            } else {
                System.setProperty(key, value);
            }
        });
        before.clear();
    }
}
