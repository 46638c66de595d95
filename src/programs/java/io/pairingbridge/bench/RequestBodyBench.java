package io.pairingbridge.bench;

import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.job.PairingRequest;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** The reading of one valid request: JSON, schema and what is checked besides, by one thread: microseconds. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class RequestBodyBench {
    private final RequestBody body = new RequestBody(Path.of("config/schema/pairing-request.schema.json"));

    /** No constant, so that the compiler cannot know it. */
    private String text = """
      {"name":"Till 3","otp":"031337","webhook_url":"https://erp.example.com/hooks","reference":{"store":"0815","till":"3"}}""";

    @Benchmark
    public PairingRequest read() throws RequestBody.Refused {
        return body.read(text);
    }
}
