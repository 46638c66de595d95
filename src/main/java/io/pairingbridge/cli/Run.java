package io.pairingbridge.cli;

import io.pairingbridge.Bridge;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code run}: the bridge, until it is asked to stop (SIGTERM, Ctrl-C). */
@Command(
        name = "run",
        description = "Runs the bridge until it is stopped (the default).",
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Examples:",
            "  pairing-bridge run",
            "  pairing-bridge run --profile simulator",
            "",
            "Exit code: 0 it was stopped, 1 it could not start, 2 wrong usage."
        })
public final class Run implements Callable<Integer> {
    @Mixin
    private SettingsOptions options;

    @Override
    public Integer call() throws InterruptedException {
        Bridge bridge = new Bridge(options.settings());
        CountDownLatch asked = new CountDownLatch(1);
        Thread stop = new Thread(
                () -> {
                    asked.countDown();
                    bridge.close();
                },
                "stop");
        bridge.start();
        Runtime.getRuntime().addShutdownHook(stop);
        asked.await();
        stop.join();
        return 0;
    }
}
