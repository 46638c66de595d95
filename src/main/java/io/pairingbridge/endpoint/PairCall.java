package io.pairingbridge.endpoint;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Journal.AttemptReport;
import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.camel.Body;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangeException;
import org.apache.camel.Variable;
import org.apache.hc.core5.http.HttpEntity;

/** The route's steps around the call: what is posted, and what came of it. */
public final class PairCall {
    /** {@code PayConnectPairBody} of the vendor's page. */
    public record PairBody(
            @JsonProperty("name") String name,
            @JsonProperty("otp") String otp,

            @JsonInclude(JsonInclude.Include.NON_NULL) @JsonProperty("webhook_url")
            String webhookUrl) {
        @Override
        public String toString() {
            return "PairBody[name=" + name + "]";
        }
    }

    private static final String CALL = "call";
    private static final String INTEGRATOR_HEADER = "X-Pay-Connect-Integrator-Id";

    private final String integratorId;
    private final Map<String, String> integrators;

    private final Consumer<Exchange> callEnded;

    /**
     * @param integratorId for jobs without an alias
     * @param integrators id by alias
     * @param callEnded told, once or more, as soon as a delivery's call is over and nobody waits for the endpoint any
     *     more
     */
    public PairCall(String integratorId, Map<String, String> integrators, Consumer<Exchange> callEnded) {
        this.integratorId = integratorId;
        this.integrators = integrators;
        this.callEnded = callEnded;
    }

    /** The body to post; sets the message's headers to exactly those that go on the wire. */
    public PairBody request(@Variable("job") Job job, Exchange exchange) {
        String alias = job.origin().integrator();
        Map<String, Object> headers = exchange.getMessage().getHeaders();
        headers.clear();
        headers.put(INTEGRATOR_HEADER, alias == null ? integratorId : integrators.get(alias));
        headers.put("Content-Type", "application/json");
        headers.put("Accept", "application/json");
        PairingRequest request = job.request();
        return new PairBody(request.name(), request.otp(), request.webhookUrl());
    }

    /** Binds the body to the attempt, so that the HTTP client sends nothing that the journal does not know of. */
    public HttpEntity bind(@Variable("job") Job job, @Body byte[] body, Exchange exchange) {
        EndpointCall call = new EndpointCall(body, job, () -> callEnded.accept(exchange));
        exchange.setVariable(CALL, call);
        return call;
    }

    /** What an answer means. */
    public AttemptReport answered(@Variable(CALL) EndpointCall call) {
        Answer answer = call.answer();
        Result result = answer.sealed() == null
                ? AnswerTable.classify(answer.status(), false)
                : answer.complete() ? Result.PAIRED : Result.UNREADABLE;
        Integer status = answer.status() == 0 ? null : answer.status();
        String detail = "the endpoint answered " + (status == null ? "without a status that HTTP knows" : status)
                + (answer.problem() == null ? "" : "; " + answer.problem());
        Duration retryAfter =
                answer.retryAfterSeconds() == null ? null : Duration.ofSeconds(answer.retryAfterSeconds());
        return new AttemptReport(result, status, detail, answer.sealed(), answer.terminal(), retryAfter);
    }

    /**
     * What a call without an answer means. Asked for any other type, Camel would hand over the root cause and its
     * words.
     */
    public AttemptReport unanswered(@Variable("job") Job job, @ExchangeException CallFailed failure) {
        return new AttemptReport(AnswerTable.unanswered(job.attempt().sent()), null, failure.getMessage(), null, null);
    }
}
