package io.pairingbridge.endpoint;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.sealing.Sealer;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecChainHandler;
import org.apache.hc.core5.concurrent.Cancellable;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;

/**
 * The one place where credentials exist in the clear. As the outermost link of the HTTP client's chain it reads the
 * whole answer, seals a 2xx body before anything looks into it, and hands on a response without it, so that no route,
 * tracer or log ever sees the real one; what it made of the answer is with the {@link EndpointCall}. It also ends the
 * call at the attempt's deadline, whatever the peer does.
 */
final class SealingExchange implements ExecChainHandler {
    /** Bytes. An answer of the vendor is below 1 KiB; more than this is not one, and must not fill the memory. */
    static final int LARGEST_BODY = 1 << 20;

    /**
     * A deadline that is noticed this much too late was missed by a process that was paused, not by a peer that was
     * slow.
     */
    private static final long PAUSED = TimeUnit.MILLISECONDS.toNanos(20);
    /** How long such a process is given to read what came in the meantime. */
    private static final long CATCH_UP = TimeUnit.SECONDS.toNanos(1);

    private static final String TOO_LARGE =
            "the answer is larger than " + LARGEST_BODY + " bytes, or its head far larger than any";

    static final String TOO_LATE_TO_SEND = "the attempt's deadline passed before the request could be sent";

    private final Sealer sealer;
    private final ScheduledExecutorService deadlines;
    private final Clock clock;

    SealingExchange(Sealer sealer, ScheduledExecutorService deadlines, Clock clock) {
        this.sealer = sealer;
        this.deadlines = deadlines;
        this.clock = clock;
    }

    @Override
    public ClassicHttpResponse execute(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
            throws IOException, HttpException {
        EndpointCall call = EndpointCall.of(scope.originalRequest, scope.clientContext);
        Job job = call.job();
        Attempt attempt = call.attempt();
        AtomicBoolean tooLate = new AtomicBoolean();
        AtomicBoolean done = new AtomicBoolean();
        Runnable cut = () -> {
            if (!done.get()) {
                tooLate.set(true);
                // Closes the socket whatever it is doing; a time-out between two bytes would let a dripping peer go on
                // for ever.
                ((Cancellable) scope.originalRequest).cancel();
            }
        };
        Future<?> deadline = deadlines.schedule(
                () -> {
                    if (attempt.sent() && attempt.nanosLeft() < -PAUSED) {
                        // The answer may have come whole while this process stood still; closing now would throw it
                        // away unread.
                        deadlines.schedule(cut, CATCH_UP, TimeUnit.NANOSECONDS);
                    } else {
                        cut.run();
                    }
                },
                Math.max(0, attempt.nanosLeft()),
                TimeUnit.NANOSECONDS);
        try {
            ClassicHttpResponse response = chain.proceed(request, scope);
            if (!attempt.sent()) {
                // A proxy refused the tunnel with a status of its own; the endpoint has heard nothing.
                throw new CallFailed(
                        "the proxy answered " + response.getCode() + " and let no connection to the endpoint through",
                        null);
            }
            return answered(call, take(response, raw(scope), job, tooLate, call));
        } catch (CallFailed e) {
            throw e;
        } catch (IOException | HttpException | RuntimeException e) {
            RawAnswer raw = raw(scope);
            Answer success = raw == null ? null : announcedSuccess(raw, job, tooLate.get(), call);
            if (success != null) {
                return answered(call, success);
            }
            throw new CallFailed(
                    tooLate.get()
                            ? attempt.sent() ? "no complete answer within the deadline" : TOO_LATE_TO_SEND
                            : e instanceof NoHttpResponseException && raw != null && raw.any()
                                    ? Causes.NOT_HTTP
                                    : Causes.of(e, attempt.sent()),
                    e);
        } finally {
            done.set(true);
            deadline.cancel(false);
            // Closing the response instead would first read the rest of a body that nobody needs, for as long as the
            // peer likes.
            scope.execRuntime.discardEndpoint();
            if (raw(scope) != null) {
                raw(scope).wipe();
            }
            call.ended();
        }
    }

    /** What came off the wire; null if the POST did not leave. */
    private static RawAnswer raw(ExecChain.Scope scope) {
        return (RawAnswer) scope.clientContext.getAttribute(RawAnswer.ATTRIBUTE);
    }

    /**
     * What there is to keep of an answer that could not be read: all that came, if it announced success or holds
     * credentials as far as can be seen. Then the one-time password is spent, and another call could only be refused.
     *
     * @return null if it is no such answer
     */
    private Answer announcedSuccess(RawAnswer raw, Job job, boolean tooLate, EndpointCall call) throws CallFailed {
        int status = raw.announced();
        if (!raw.any() || status != 0 && !RawAnswer.isSuccess(status)) {
            return null;
        }
        call.ended();
        Answer answer = sealRaw(raw, status, job, problem(raw, tooLate));
        return status == 0 && !raw.namesSecret() ? null : answer;
    }

    private static String problem(RawAnswer raw, boolean tooLate) {
        if (raw.full()) {
            return TOO_LARGE;
        }
        if (raw.malformed()) {
            return "its head or framing is malformed, so all that came is sealed as it came, head included";
        }
        return tooLate ? "the answer was not complete within the deadline" : "the answer was cut short";
    }

    /** All that came, head included, as the body of an answer that cannot be understood. */
    private Answer sealRaw(RawAnswer raw, int status, Job job, String problem) throws CallFailed {
        byte[] bytes = raw.bytes();
        try {
            return AnswerReader.unreadable(status, sealer.seal(bytes, job.id()), problem);
        } catch (RuntimeException e) {
            throw new CallFailed(
                    "the answer could not be sealed and is lost ("
                            + e.getClass().getSimpleName() + ")",
                    e);
        } finally {
            Arrays.fill(bytes, (byte) 0);
        }
    }

    private Answer take(ClassicHttpResponse response, RawAnswer raw, Job job, AtomicBoolean tooLate, EndpointCall call)
            throws IOException {
        int status = response.getCode();
        if (!RawAnswer.isSuccess(status)) {
            return Answer.of(
                    status,
                    RetryAfter.seconds(values(response, "Retry-After"), clock.instant())); // its body is not needed
        }
        byte[] buffer = new byte[8 * 1024];
        int length = 0;
        String cutShort = null;
        try {
            HttpEntity entity = response.getEntity();
            if (entity != null) {
                InputStream in = entity.getContent();
                for (int n; (n = in.read(buffer, length, buffer.length - length)) >= 0; ) {
                    length += n;
                    if (length == buffer.length) {
                        if (length > LARGEST_BODY) {
                            cutShort = TOO_LARGE;
                            break;
                        }
                        byte[] larger = Arrays.copyOf(buffer, Math.min(buffer.length * 2, LARGEST_BODY + 1));
                        Arrays.fill(buffer, (byte) 0);
                        buffer = larger;
                    }
                }
            }
        } catch (IOException e) {
            // The socket's own limit lies just behind the deadline, and may be felt first by a thread that a busy
            // machine kept waiting.
            cutShort = problem(raw, tooLate.get() || e instanceof SocketTimeoutException);
            if (length == 0 || raw.malformed()) {
                call.ended();
                Arrays.fill(buffer, (byte) 0);
                return sealRaw(raw, status, job, cutShort);
            }
        }
        call.ended(); // the next call need not wait until this answer is sealed
        byte[] body = Arrays.copyOf(buffer, length);
        Arrays.fill(buffer, (byte) 0);
        Answer answer = understand(status, body, values(response, "Content-Encoding"), cutShort, job);
        if (!answer.complete() && raw.more()) {
            return sealRaw(
                    raw,
                    status,
                    job,
                    answer.problem()
                            + ", and more bytes came than its head says; all of them are sealed, head included");
        }
        return answer;
    }

    /** Seals a body, and only then looks into it; overwrites it. */
    private Answer understand(int status, byte[] body, List<String> codings, String cutShort, Job job) {
        byte[] plain = body;
        try {
            String broken = null;
            if (cutShort == null) {
                try {
                    plain = ContentCodings.undo(codings, body, LARGEST_BODY);
                } catch (ContentCodings.BrokenCodingException e) {
                    broken = e.getMessage();
                }
            }
            SealedAnswer sealed = sealer.seal(plain, job.id());
            Answer answer = AnswerReader.read(status, plain, sealed, cutShort);
            // Somebody on the way may have undone a coding and left its name.
            return broken == null || answer.complete() ? answer : AnswerReader.unreadable(status, sealed, broken);
        } finally {
            Arrays.fill(body, (byte) 0);
            Arrays.fill(plain, (byte) 0);
        }
    }

    private static List<String> values(ClassicHttpResponse response, String field) {
        return Arrays.stream(response.getHeaders(field)).map(Header::getValue).toList();
    }

    /** Leaves the answer with the call, and hands on a response of which only the status is the endpoint's. */
    private static ClassicHttpResponse answered(EndpointCall call, Answer answer) {
        call.answered(answer);
        // Camel and HttpClient know no other status; RFC 9110, section 15, has one outside of this range taken for a
        // 5xx. The call has the true one.
        boolean known = answer.status() >= 100 && answer.status() <= 599;
        return new BasicClassicHttpResponse(known ? answer.status() : 500);
    }
}
