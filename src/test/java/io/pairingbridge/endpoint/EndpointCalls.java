package io.pairingbridge.endpoint;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.sealing.Sealer;
import io.pairingbridge.settings.Settings;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;

/** The bridge's calls of an endpoint without a broker, a journal or a route: what one answer comes to. */
public final class EndpointCalls implements AutoCloseable {
    /**
     * @param report what the journal would be told
     * @param sealed the bytes that were sealed last for this call, or null
     */
    public record Called(AttemptReport report, byte[] sealed) {}

    private static final PairCall PAIR_CALL = new PairCall("integrator", Map.of(), exchange -> {});

    private final ThreadLocal<byte[]> lastSealed = new ThreadLocal<>();
    private final EndpointClient endpoint;
    private final CloseableHttpClient client;

    /**
     * @param truststore with the certificate of the endpoint, or null
     * @param concurrency calls at once
     */
    public EndpointCalls(
            Path truststore, String truststorePassword, Duration longestDeadline, int concurrency, Clock clock) {
        Settings.Endpoint settings = new Settings.Endpoint(
                URI.create("http://localhost/"),
                Duration.ofSeconds(10),
                longestDeadline,
                truststore,
                truststorePassword,
                null);
        endpoint = new EndpointClient(settings, concurrency, "test", new Remembering(), clock);
        HttpClientBuilder builder = HttpClientBuilder.create();
        endpoint.configureHttpClient(builder);
        client = builder.build();
    }

    /** Calls once, and returns when the call is over. */
    public Called call(URI url, Duration deadline) throws IOException {
        Job job = new Job(
                new Job.Origin("job-1", null, null, "1", Instant.now(), null, 4, false, false),
                new PairingRequest("Till", "otp-1", null, Map.of()),
                "{}");
        job.call(new Attempt("attempt-1", 1, deadline));
        EndpointCall call = new EndpointCall(
                "{\"name\":\"Till\",\"otp\":\"otp-1\"}".getBytes(StandardCharsets.UTF_8), job, () -> {});
        HttpPost post = new HttpPost(url);
        post.setEntity(call);
        lastSealed.remove();
        try {
            client.execute(post, response -> response.getCode());
            return new Called(PAIR_CALL.answered(call), lastSealed.get());
        } catch (CallFailed e) {
            return new Called(PAIR_CALL.unanswered(job, e), lastSealed.get());
        }
    }

    @Override
    public void close() throws IOException {
        client.close();
        endpoint.close();
    }

    /** Keeps what it was to seal, in place of sealing it. */
    private final class Remembering implements Sealer {
        @Override
        public SealedAnswer seal(byte[] plaintext, String jobId) {
            lastSealed.set(plaintext.clone());
            return new SealedAnswer("sealed", "key-1", "application/jose");
        }

        @Override
        public String keyId() {
            return "key-1";
        }

        @Override
        public void verify() {}
    }
}
