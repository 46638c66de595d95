package io.pairingbridge.testing;

import io.pairingbridge.settings.Settings;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The settings of a bridge under test: those that every one needs, and what a test changes of them. In the form that
 * the way of starting it takes: loaded, as texts, as environment variables, or as a file.
 */
public final class BridgeSettings {
    /** The integrator of every test that does not need another one. */
    public static final String INTEGRATOR = "5f3a1c9e7b20";

    private final Map<String, String> texts = new TreeMap<>();

    private BridgeSettings() {}

    /**
     * For a bridge with an embedded broker, whose data and {@code recipients.jwks} are in this folder, on any free
     * ports. It has the simulator's environment, and the endpoint that the shipped settings name.
     */
    public static BridgeSettings in(Path folder) throws IOException {
        return new BridgeSettings()
                .set("pairing.environment", "simulator")
                .set("pairing.integrator-id", INTEGRATOR)
                .set("pairing.seal.recipient-keys", folder.resolve("recipients.jwks"))
                .set("pairing.data-directory", folder.resolve("data"))
                .set("pairing.broker.embedded.port", 0)
                .set("pairing.management.port", Stage.freePort());
    }

    public BridgeSettings set(String key, Object value) {
        texts.put(key, value.toString());
        return this;
    }

    public BridgeSettings setAll(Map<String, String> more) {
        texts.putAll(more);
        return this;
    }

    /** A broker that is no part of the bridge, in place of the embedded one. */
    public BridgeSettings broker(String url, String password) {
        texts.remove("pairing.broker.embedded.port");
        return set("pairing.broker.embedded", false)
                .set("pairing.broker.url", url)
                .set("pairing.broker.password", password);
    }

    /** A journal that several bridges share, with the key of its hashes. */
    public BridgeSettings sharedJournal(Settings.JournalStore store) {
        return set("pairing.journal.url", store.url())
                .set("pairing.journal.username", store.username())
                .set("pairing.journal.password", store.password())
                .set("pairing.journal.otp-key", "the same key for all bridges on one journal");
    }

    /** Puts all settings back to what they were. */
    public void restore(Map<String, String> all) {
        texts.clear();
        texts.putAll(all);
    }

    public String get(String key) {
        return texts.get(key);
    }

    /** By their names; shows later changes. */
    public Map<String, String> texts() {
        return Collections.unmodifiableMap(texts);
    }

    /** As a bridge in this process takes them, with the shipped configuration below. */
    public Settings load() {
        return Settings.load(Path.of(""), null, Map.of(), texts);
    }

    /** As environment variables. */
    public Map<String, String> environment() {
        return texts.entrySet().stream()
                .collect(Collectors.toMap(
                        setting -> setting.getKey().toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"),
                        Map.Entry::getValue));
    }

    /** As a file of properties. */
    public void write(Path file) throws IOException {
        Properties properties = new Properties();
        properties.putAll(texts);
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
    }
}
