package io.pairingbridge.cli;

import io.pairingbridge.Bridge;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.simulator.Simulator;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * A real bridge on an embedded broker and the simulator, and the settings by which commands in this process find it.
 */
final class RunningBridge implements AutoCloseable {
    final Path folder;
    final Path privateKey;
    final Map<String, String> settings = new TreeMap<>();
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
        settings.put("pairing.environment", "simulator");
        settings.put("pairing.integrator-id", "5f3a1c9e7b20");
        settings.put("pairing.integrators.east.id", "5f3a1c9e7b21");
        settings.put("pairing.endpoint.url", simulator.url().toString());
        settings.put("pairing.data-directory", folder.resolve("data").toString());
        settings.put(
                "pairing.seal.recipient-keys", folder.resolve("recipients.jwks").toString());
        settings.put("pairing.broker.embedded.port", "0");
        settings.put("pairing.management.port", Integer.toString(freePort()));
        settings.putAll(more);
        bridge = new Bridge(Settings.load(Path.of(""), null, Map.of(), settings));
        bridge.start();
        settings.put(
                "pairing.broker.embedded.port",
                Integer.toString(URI.create(bridge.broker().url()).getPort()));
        properties.with(settings);
    }

    /** The settings as commands of this process read them. */
    Settings loaded() {
        return Settings.load(Path.of(""), null, Map.of(), settings);
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        properties.close();
        bridge.close();
        simulator.close();
    }
}
