package io.pairingbridge.monitor;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.pairingbridge.Version;
import io.pairingbridge.settings.Settings;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.opentelemetry2.OpenTelemetryTracer;
import org.slf4j.MDC;

/**
 * Spans of what Camel does with a job, sent as OTLP over HTTP. The trace context (W3C, {@code traceparent} and
 * {@code tracestate}) is taken from the request's properties and passed on with everything that is sent to the broker:
 * credentials, outcome, dead letter, and the request itself while it waits. It is not sent to the endpoint, which gets
 * the headers of its page and no others.
 *
 * <p>Sending is done beside the jobs: a collector that is away or slow costs them nothing, and spans that find the
 * buffer full are dropped. Credentials that the reconciler publishes after a crash begin a trace of their own: the
 * journal keeps no context.
 */
public final class Tracing implements AutoCloseable {
    /** The headers of the context, lower case; what goes to the endpoint must not have them. */
    public static final List<String> CONTEXT = List.of("traceparent", "tracestate");

    private static final AttributeKey<String> JOB = AttributeKey.stringKey("pairing.job_id");
    private static final AttributeKey<String> ATTEMPT = AttributeKey.stringKey("pairing.attempt_id");
    /** Clocks of the routes that look whether there is something to do: a span a tick would bury the jobs'. */
    private static final String UNTRACED = "timer*";

    private final SdkTracerProvider provider;

    /** @param settings with a URL */
    public Tracing(Settings.Tracing settings, String instance) {
        Resource bridge = Resource.getDefault()
                .merge(Resource.create(Attributes.of(
                        AttributeKey.stringKey("service.name"),
                        "pairing-bridge",
                        AttributeKey.stringKey("service.version"),
                        Version.get(),
                        AttributeKey.stringKey("service.instance.id"),
                        instance)));
        provider = SdkTracerProvider.builder()
                .setResource(bridge)
                .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(settings.share())))
                .addSpanProcessor(new JobIds())
                .addSpanProcessor(BatchSpanProcessor.builder(OtlpHttpSpanExporter.builder()
                                .setEndpoint(settings.url().toString())
                                .build())
                        .build())
                .build();
    }

    /** Makes Camel trace its routes; before they are added. */
    public void follow(CamelContext camel) {
        camel.getRegistry().bind("tracer", provider.get("io.pairingbridge"));
        camel.getRegistry()
                .bind("tracePropagators", ContextPropagators.create(W3CTraceContextPropagator.getInstance()));
        OpenTelemetryTracer tracer = new OpenTelemetryTracer();
        tracer.setExcludePatterns(UNTRACED);
        tracer.init(camel);
    }

    /** Sends what is left, for a few seconds at most. */
    @Override
    public void close() {
        provider.shutdown().join(5, TimeUnit.SECONDS);
    }

    /** Which job a span is about, as far as its thread knows: the same ids as in the log. */
    private static final class JobIds implements SpanProcessor {
        @Override
        public void onStart(Context parent, ReadWriteSpan span) {
            set(span, JOB, MDC.get("job"));
            set(span, ATTEMPT, MDC.get("attempt"));
        }

        private static void set(ReadWriteSpan span, AttributeKey<String> key, String value) {
            if (value != null) {
                span.setAttribute(key, value);
            }
        }

        @Override
        public boolean isStartRequired() {
            return true;
        }

        @Override
        public void onEnd(ReadableSpan span) {}

        @Override
        public boolean isEndRequired() {
            return false;
        }
    }
}
