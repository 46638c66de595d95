package io.pairingbridge.bench;

import io.pairingbridge.simulator.Simulator;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * The simulator in a process of its own, which can be told to take its time: each line that it reads is its delay from
 * then on, in milliseconds. It goes on in the same virtual machine, whose code is compiled. {@code EndpointProcess
 * <port>}
 */
final class EndpointProcess {
    static final String READY = "the endpoint listens";
    static final String TAKES = "each answer takes ";

    private EndpointProcess() {}

    public static void main(String[] args) throws IOException {
        Simulator simulator = Simulator.start("127.0.0.1", Integer.parseInt(args[0]));
        System.out.println(READY);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String millis = lines.readLine(); millis != null; millis = lines.readLine()) {
            simulator.delay(Duration.ofMillis(Long.parseLong(millis)));
            System.out.println(TAKES + millis + " ms");
        }
        simulator.close();
    }
}
