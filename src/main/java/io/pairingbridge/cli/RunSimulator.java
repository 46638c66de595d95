package io.pairingbridge.cli;

import io.pairingbridge.simulator.Simulator;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code simulator}: a stand-in for the endpoint, until it is asked to stop. */
@Command(name = "simulator", mixinStandardHelpOptions = true,
    description = "Runs a stand-in for Pay-Connect's pair endpoint, for people without a terminal.",
    footer = {"", "Any one-time password pairs once and is refused with 400 afterwards, except these endings:",
        "  0400  400", "  0500  500 without pairing the first time, then 200", "  0599  pairs, but answers 500; 400 afterwards",
        "  0408  pairs, then never answers; 400 afterwards", "  0503  503 with Retry-After: 2 the first time, then 200",
        "  0200  200 without client_secret", "The integrator id 000000000000 is refused with 401."})
public final class RunSimulator implements Callable<Integer> {
  @Option(names = "--port", defaultValue = "8078", description = "0 for any free one; default ${DEFAULT-VALUE}")
  private int port;

  @Option(names = "--host", defaultValue = "127.0.0.1", description = "address to listen on; default ${DEFAULT-VALUE}")
  private String host;

  @Override
  public Integer call() throws InterruptedException {
    try (Simulator simulator = Simulator.start(host, port)) {
      System.out.println(simulator.url());
      new CountDownLatch(1).await();
    }
    return 0;
  }
}
