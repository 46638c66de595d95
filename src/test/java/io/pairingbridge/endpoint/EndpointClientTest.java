package io.pairingbridge.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.sealing.PlainSealer;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.LedgerEndpoint;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What the client itself lets through, whatever asks it: one request of one attempt, and none past the deadline. */
class EndpointClientTest {
    private LedgerEndpoint ledger;
    private EndpointClient endpoint;

    @BeforeEach
    void open() throws IOException {
        ledger = new LedgerEndpoint();
        Settings.Endpoint settings =
                new Settings.Endpoint(ledger.url(), Duration.ofSeconds(2), Duration.ofSeconds(30), null, null, null);
        endpoint = new EndpointClient(settings, 1, "test", new PlainSealer(), Clock.systemUTC());
    }

    @AfterEach
    void close() throws IOException {
        endpoint.close();
        ledger.close();
    }

    private CloseableHttpClient client(HttpClientBuilder builder) {
        endpoint.configureHttpClient(builder);
        return builder.build();
    }

    /** A request whose deadline closes nothing: the thread that would do it is paused like every other one. */
    private HttpPost request(Attempt attempt) {
        HttpPost post = new HttpPost(ledger.url()) {
            private static final long serialVersionUID = 1L;

            @Override
            public boolean cancel() {
                return false;
            }
        };
        Job job = new Job(
                new Job.Origin("job-1", null, null, "1", Instant.now(), null, 4, false, false),
                new PairingRequest("Till", "otp-1", null, Map.of()),
                "{}");
        job.call(attempt);
        byte[] body = "{\"name\":\"Till\",\"otp\":\"otp-1\"}".getBytes(StandardCharsets.UTF_8);
        post.setEntity(new EndpointCall(body, job, () -> {}));
        return post;
    }

    @Test
    void postsNothingOnceTheDeadlineHasPassedOnTheWay() throws IOException {
        Attempt attempt = new Attempt("attempt-1", 1, Duration.ofMillis(200));
        HttpClientBuilder builder = HttpClientBuilder.create()
                .addExecInterceptorLast("pause", (request, scope, chain) -> {
                    Awaitility.await().until(() -> attempt.nanosLeft() <= 0); // connected, and nothing sent yet
                    return chain.proceed(request, scope);
                });
        try (CloseableHttpClient client = client(builder)) {
            assertThatThrownBy(() -> client.execute(request(attempt), response -> response.getCode()))
                    .isInstanceOf(CallFailed.class)
                    .hasMessageContaining("deadline");
        }
        assertThat(attempt.sent()).isFalse();
        assertThat(ledger.posts("otp-1")).isEmpty();
    }

    @Test
    void leavesItToTheJournalToTryAgain() throws IOException {
        ledger.otherwise(call -> call.status(503, "Retry-After: 0"));
        try (CloseableHttpClient client = client(HttpClientBuilder.create())) {
            assertThat(client.<Integer>execute(
                            request(new Attempt("attempt-1", 1, Duration.ofSeconds(30))),
                            response -> response.getCode()))
                    .isEqualTo(503);
        }
        assertThat(ledger.posts("otp-1")).hasSize(1);
    }

    @Test
    void postsOnceForOneAttempt() throws IOException {
        Attempt attempt = new Attempt("attempt-1", 1, Duration.ofSeconds(30));
        try (CloseableHttpClient client = client(HttpClientBuilder.create())) {
            client.execute(request(attempt), response -> response.getCode());
            assertThatThrownBy(() -> client.execute(request(attempt), response -> response.getCode()))
                    .isInstanceOf(CallFailed.class)
                    .hasMessageContaining("second request");
        }
        assertThat(ledger.posts("otp-1")).hasSize(1);
    }

    /** A layer of its own against every repetition inside HttpClient. */
    @Test
    void hasABodyThatCanBeSentOnceOnly() {
        Attempt attempt = new Attempt("attempt-1", 1, Duration.ofSeconds(30));
        assertThat(request(attempt).getEntity().isRepeatable()).isFalse();
    }
}
