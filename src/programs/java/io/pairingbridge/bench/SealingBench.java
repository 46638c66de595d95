package io.pairingbridge.bench;

import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.sealing.JweSealer;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.RecipientKeys;
import io.pairingbridge.sealing.Sealer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The sealing of one answer of 400 bytes to an RSA key of 3072 bits, by one thread: microseconds. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class SealingBench {
    private static final byte[] ANSWER = """
      {"pay_connect_id":"pc-0815-3","pay_connect_name":"Till 3","terminal_id":"T-3","client_id":"c-1","client_secret":"%s"}""".formatted("s".repeat(400 - 115)).getBytes(StandardCharsets.US_ASCII);

    /** Whether the answer's content key is sealed to a break-glass key too. */
    @Param({"false", "true"})
    public boolean breakGlass;

    private Sealer sealer;

    @Setup
    public void makeKeys() {
        sealer = new JweSealer(keys("recipient"), breakGlass ? keys("break-glass") : null, Clock.systemUTC());
    }

    private static RecipientKeys keys(String name) {
        return new RecipientKeys(
                Path.of(name), List.of(KeyPairs.generate(KeyKind.RSA3072, name).publicKey()));
    }

    @Benchmark
    public SealedAnswer seal() {
        return sealer.seal(ANSWER, "estate.0123456789abcdef");
    }
}
