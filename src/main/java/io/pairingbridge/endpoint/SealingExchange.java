package io.pairingbridge.endpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Job;
import io.pairingbridge.sealing.Sealed;
import io.pairingbridge.sealing.Sealer;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.apache.camel.Exchange;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecChainHandler;
import org.apache.hc.core5.concurrent.Cancellable;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.http.message.BasicClassicHttpResponse;

/**
 * The one place where credentials exist in the clear. As the outermost link of the HTTP client's chain it reads the whole
 * answer, seals a 2xx body before anything looks into it, and hands on an {@link Answer} as JSON in its place, so that no
 * route, tracer or log ever sees the real one. It also ends the call at the attempt's deadline, whatever the peer does.
 */
final class SealingExchange implements ExecChainHandler {
  /** An answer of the vendor is below 1 KiB; more than this is not one, and must not fill the memory. */
  static final int LARGEST_ANSWER = 1 << 20;

  /** Seconds; what is asked beyond that is cut anyway, and must not overflow when it is counted in smaller units. */
  private static final long LONGEST_WAIT = Duration.ofDays(1).toSeconds();

  /** A deadline that is noticed this much too late was missed by a process that was paused, not by a peer that was slow. */
  private static final long PAUSED = TimeUnit.MILLISECONDS.toNanos(20);
  /** How long such a process is given to read what came in the meantime. */
  private static final long CATCH_UP = TimeUnit.SECONDS.toNanos(1);

  static final String TOO_LATE_TO_SEND = "the attempt's deadline passed before the request could be sent";

  /** Where camel-http leaves the exchange that a request belongs to. */
  static final String EXCHANGE = "org.apache.camel.Exchange";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Sealer sealer;
  private final ScheduledExecutorService deadlines;
  private final Clock clock;
  private final Consumer<Exchange> callEnded;

  /** @param callEnded told once or more when the call is over: its answer is here as far as it comes, or there will be none */
  SealingExchange(Sealer sealer, ScheduledExecutorService deadlines, Clock clock, Consumer<Exchange> callEnded) {
    this.sealer = sealer;
    this.deadlines = deadlines;
    this.clock = clock;
    this.callEnded = callEnded;
  }

  static Job job(Object exchange) {
    Job job = exchange instanceof Exchange e ? e.getVariable("job", Job.class) : null;
    if (job == null || job.attempt() == null) {
      throw new IllegalStateException("a request without an attempt that the journal knows of must not be sent");
    }
    return job;
  }

  @Override
  public ClassicHttpResponse execute(ClassicHttpRequest request, ExecChain.Scope scope, ExecChain chain)
      throws IOException, HttpException {
    Exchange exchange = (Exchange) scope.clientContext.getAttribute(EXCHANGE);
    Job job = job(exchange);
    Attempt attempt = job.attempt();
    AtomicBoolean tooLate = new AtomicBoolean();
    AtomicBoolean done = new AtomicBoolean();
    Runnable cut = () -> {
      if (!done.get()) {
        tooLate.set(true);
        // Closes the socket whatever it is doing; a time-out between two bytes would let a dripping peer go on for ever.
        ((Cancellable) scope.originalRequest).cancel();
      }
    };
    Future<?> deadline = deadlines.schedule(() -> {
      if (attempt.sent() && attempt.nanosLeft() < -PAUSED) {
        // The answer may have come whole while this process stood still; closing now would throw it away unread.
        deadlines.schedule(cut, CATCH_UP, TimeUnit.NANOSECONDS);
      } else {
        cut.run();
      }
    }, Math.max(0, attempt.nanosLeft()), TimeUnit.NANOSECONDS);
    ClassicHttpResponse response = null;
    try {
      response = chain.proceed(request, scope);
      if (!attempt.sent()) {
        // A proxy refused the tunnel with a status of its own; the endpoint has heard nothing.
        throw new CallFailed("the proxy answered " + response.getCode() + " and let no connection to the endpoint through", null);
      }
      return answer(take(response, job, tooLate, exchange));
    } catch (CallFailed e) {
      throw e;
    } catch (IOException | HttpException | RuntimeException e) {
      String late = attempt.sent() ? "no complete answer within the deadline" : TOO_LATE_TO_SEND;
      throw new CallFailed(tooLate.get() ? late : Causes.of(e), e);
    } finally {
      done.set(true);
      deadline.cancel(false);
      closeQuietly(response);
      callEnded.accept(exchange);
    }
  }

  /** An error while closing must not cost an answer that was read whole. */
  private static void closeQuietly(ClassicHttpResponse response) {
    try {
      if (response != null) {
        response.close();
      }
    } catch (IOException e) {
      // The connection is not used again.
    }
  }

  private Answer take(ClassicHttpResponse response, Job job, AtomicBoolean tooLate, Exchange exchange) throws IOException {
    int status = response.getCode();
    if (status < 200 || status > 299) {
      return Answer.of(status, retryAfter(response.getFirstHeader("Retry-After"))); // its body is not needed, and is not read
    }
    byte[] buffer = new byte[8 * 1024];
    int length = 0;
    String cutShort = null;
    try {
      HttpEntity entity = response.getEntity();
      if (entity != null) {
        InputStream in = entity.getContent();
        for (int n; (n = in.read(buffer, length, buffer.length - length)) >= 0;) {
          length += n;
          if (length == buffer.length) {
            if (length > LARGEST_ANSWER) {
              cutShort = "the answer is larger than " + LARGEST_ANSWER + " bytes";
              break;
            }
            byte[] larger = Arrays.copyOf(buffer, buffer.length * 2);
            Arrays.fill(buffer, (byte) 0);
            buffer = larger;
          }
        }
      }
    } catch (IOException e) {
      if (length == 0) {
        throw e; // success was announced and nothing of it came: as good as no answer
      }
      // The socket's own limit lies just behind the deadline, and may be felt first by a thread that a busy machine kept waiting.
      cutShort = tooLate.get() || e instanceof SocketTimeoutException ? "the answer was not complete within the deadline" : "the answer was cut short";
    }
    callEnded.accept(exchange); // the next call need not wait until this answer is sealed
    byte[] body = Arrays.copyOf(buffer, length);
    Arrays.fill(buffer, (byte) 0);
    Header encoding = response.getFirstHeader("Content-Encoding");
    if (cutShort == null && encoding != null && "gzip".equalsIgnoreCase(encoding.getValue().trim())) {
      try {
        byte[] plain = AnswerReader.gunzip(body, LARGEST_ANSWER);
        Arrays.fill(body, (byte) 0);
        body = plain;
      } catch (IOException e) {
        cutShort = "the answer's gzip encoding is broken";
      }
    }
    try {
      Sealed sealed = sealer.seal(body, job.id());
      return AnswerReader.read(status, body, sealed, cutShort);
    } finally {
      Arrays.fill(body, (byte) 0);
    }
  }

  private static ClassicHttpResponse answer(Answer answer) throws IOException {
    BasicClassicHttpResponse replaced = new BasicClassicHttpResponse(answer.status());
    replaced.setEntity(new ByteArrayEntity(JSON.writeValueAsBytes(answer), ContentType.APPLICATION_JSON));
    return replaced;
  }

  /** Delay seconds or an HTTP date (RFC 9110, section 10.2.3); anything else counts as not said. */
  private Long retryAfter(Header header) {
    if (header == null) {
      return null;
    }
    String value = header.getValue().trim();
    try {
      return Math.min(LONGEST_WAIT, Math.max(0, Long.parseLong(value)));
    } catch (NumberFormatException e) {
      try {
        Instant until = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
        return Math.min(LONGEST_WAIT, Math.max(0, Duration.between(clock.instant(), until).toSeconds()));
      } catch (DateTimeParseException none) {
        return null;
      }
    }
  }
}
