package io.pairingbridge.cli;

import io.pairingbridge.settings.Settings;
import io.pairingbridge.simulator.Simulator;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code simulator}: a stand-in for the endpoint, until it is asked to stop. */
@Command(
        name = "simulator",
        mixinStandardHelpOptions = true,
        description = "Runs a stand-in for Pay-Connect's pair endpoint, for people without a terminal.",
        footer = {
            "",
            "Any one-time password pairs once and is refused with 400 afterwards, except these endings:",
            "  0400  400",
            "  0500  500 without pairing the first time, then 200",
            "  0599  pairs, but answers 500; 400 afterwards",
            "  0408  pairs, then never answers; 400 afterwards",
            "  0503  503 with Retry-After: 2 the first time, then 200",
            "  0200  200 without client_secret",
            "The integrator id 000000000000 is refused with 401.",
            "GET /counts answers with what was counted so far, as JSON.",
            "",
            "Examples:",
            "  pairing-bridge simulator",
            "  pairing-bridge simulator --port 0 --delay 150ms",
            "",
            "Exit code: 0 it was stopped, 1 it could not start, 2 wrong usage."
        })
public final class RunSimulator implements Callable<Integer> {
    @Option(names = "--port", defaultValue = "8078", description = "0 for any free one; default ${DEFAULT-VALUE}")
    private int port;

    @Option(
            names = "--host",
            defaultValue = "127.0.0.1",
            description = "address to listen on; default ${DEFAULT-VALUE}")
    private String host;

    @Option(
            names = "--delay",
            paramLabel = "DURATION",
            defaultValue = "0ms",
            description = "how long each answer takes, e.g. 150ms; default ${DEFAULT-VALUE}")
    private String delay;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() throws InterruptedException {
        try (Simulator simulator = Simulator.start(host, port, delay())) {
            System.out.println(simulator.url());
            new CountDownLatch(1).await();
        }
        return 0;
    }

    private Duration delay() {
        try {
            return Settings.duration(delay);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command.commandLine(), "--delay " + e.getMessage(), e);
        }
    }
}
