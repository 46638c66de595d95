package io.pairingbridge.cli;

import io.pairingbridge.Bridge;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.simulator.Simulator;
import io.pairingbridge.testing.BridgeSettings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

/**
 * A real bridge on an embedded broker and the simulator, and the settings by which commands in this process find it.
 */
final class RunningBridge implements AutoCloseable {
    final Path folder;
    final Path privateKey;
    final BridgeSettings settings;
    final Simulator simulator;
    final Bridge bridge;
    private final SystemProperties properties = new SystemProperties();

    RunningBridge(Path folder) throws IOException {
        this(folder, Map.of());
    }

    /** @param more settings, which win over those that it makes */
    RunningBridge(Path folder, Map<String, String> more) throws IOException {
        this.folder = folder;
        this.privateKey = folder.resolve("private.jwk");
        RecipientKeyPair pair = KeyPairs.generate(KeyKind.P256, "test-key");
        KeyPairs.writePrivate(pair, privateKey);
        KeyPairs.writePublic(pair, folder.resolve("recipients.jwks"));
        simulator = Simulator.start("127.0.0.1", 0);
        settings = BridgeSettings.in(folder)
                .set("pairing.integrators.east.id", "5f3a1c9e7b21")
                .set("pairing.endpoint.url", simulator.url())
                .setAll(more);
        bridge = new Bridge(settings.load());
        bridge.start();
        settings.set(
                "pairing.broker.embedded.port",
                URI.create(bridge.broker().url()).getPort());
        properties.with(settings.texts());
    }

    /** The settings as commands of this process read them. */
    Settings loaded() {
        return settings.load();
    }

    @Override
    public void close() {
        properties.close();
        bridge.close();
        simulator.close();
    }
}
