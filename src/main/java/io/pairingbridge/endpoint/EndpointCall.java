package io.pairingbridge.endpoint;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Job;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;
import org.apache.hc.core5.http.protocol.HttpContext;

/**
 * One call: the body of its POST, which takes the attempt with it into the HTTP client, and what the client made of the
 * answer. The answer in the clear never leaves the client.
 */
final class EndpointCall extends HttpEntityWrapper {
    private static final String ATTRIBUTE = EndpointCall.class.getName();

    private final Job job;
    private final Runnable ended;
    private Answer answer;

    /**
     * @param body JSON
     * @param job with the attempt that the journal knows of
     * @param ended told, once or more, as soon as the call is over and nobody waits for the endpoint any more
     */
    EndpointCall(byte[] body, Job job, Runnable ended) {
        super(new ByteArrayEntity(body, ContentType.create("application/json")));
        this.job = job;
        this.ended = ended;
    }

    /** The call that a request is made for; from then on an attribute of its context. */
    static EndpointCall of(ClassicHttpRequest request, HttpContext context) {
        if (!(request.getEntity() instanceof EndpointCall call) || call.job.attempt() == null) {
            throw new IllegalStateException("a request without an attempt that the journal knows of must not be sent");
        }
        context.setAttribute(ATTRIBUTE, call);
        return call;
    }

    /** As {@link #of(ClassicHttpRequest, HttpContext)} left it. */
    static EndpointCall of(HttpContext context) {
        return (EndpointCall) context.getAttribute(ATTRIBUTE);
    }

    /** No: nothing in the client may send it a second time. */
    @Override
    public boolean isRepeatable() {
        return false;
    }

    Job job() {
        return job;
    }

    Attempt attempt() {
        return job.attempt();
    }

    void ended() {
        ended.run();
    }

    void answered(Answer with) {
        answer = with;
    }

    /** Null until there is one. */
    Answer answer() {
        return answer;
    }

    /** Without the body, which holds the one-time password. */
    @Override
    public String toString() {
        return "EndpointCall[" + job.attempt() + "]";
    }
}
