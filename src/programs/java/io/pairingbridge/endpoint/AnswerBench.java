package io.pairingbridge.endpoint;

import io.pairingbridge.job.SealedAnswer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/** What is done with an answer once it is there, by one thread: nanoseconds. Here, because the reader is not public. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class AnswerBench {
    private static final int STATUSES = 8;

    /** One or more of each row of the table. Like the body no constant, so that the compiler cannot know it. */
    private int[] statuses = {200, 400, 429, 503, 302, 404, 500, 502};

    private byte[] body = """
      {"pay_connect_id":"pc-0815-3","pay_connect_name":"Till 3","terminal_id":"T-3","client_id":"c-1","client_secret":"%s"}""".formatted("s".repeat(400 - 115)).getBytes(StandardCharsets.US_ASCII);

    private final SealedAnswer sealed = new SealedAnswer("sealed-text", "key-1", "application/jose", "glass-text");

    /** What one status means, the mean of eight in turn. */
    @Benchmark
    @OperationsPerInvocation(STATUSES)
    public void classify(Blackhole results) {
        for (int status : statuses) {
            results.consume(AnswerTable.classify(status, true));
        }
    }

    /** Whether an answer of 400 bytes, already sealed, is whole, and what of it may be told. */
    @Benchmark
    public void read(Blackhole answers) {
        answers.consume(AnswerReader.read(200, body, sealed, null));
    }
}
