package io.pairingbridge.endpoint;

import io.pairingbridge.job.Attempt;
import io.pairingbridge.sealing.Sealer;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.apache.camel.component.http.HttpClientConfigurer;
import org.apache.hc.client5.http.HttpRoute;
import org.apache.hc.client5.http.auth.AuthScope;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.auth.BasicCredentialsProvider;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.impl.io.HttpRequestExecutor;
import org.apache.hc.core5.http.io.HttpClientConnection;
import org.apache.hc.core5.http.io.HttpResponseInformationCallback;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.pool.ConnPoolControl;
import org.apache.hc.core5.ssl.SSLContexts;
import org.apache.hc.core5.util.Timeout;

/**
 * Makes camel-http's client keep the promises of one attempt: exactly one request on the wire, nothing but our headers,
 * knowledge of the first byte, a deadline that ends the call, and sealing before anybody sees the answer.
 */
public final class EndpointClient implements HttpClientConfigurer, AutoCloseable {
    private final Settings.Endpoint endpoint;
    private final String userAgent;
    private final ScheduledThreadPoolExecutor deadlines;
    private final SealingExchange sealing;
    private final PoolingHttpClientConnectionManager connections;

    /**
     * @param endpoint where and how to call
     * @param concurrency calls at once
     * @param userAgent product and version, RFC 9110 section 10.1.5
     * @throws SettingsException naming the trust store that cannot be read
     */
    public EndpointClient(Settings.Endpoint endpoint, int concurrency, String userAgent, Sealer sealer, Clock clock) {
        this.endpoint = endpoint;
        this.userAgent = userAgent;
        this.connections = PoolingHttpClientConnectionManagerBuilder.create()
                .setMaxConnTotal(concurrency + 1)
                .setMaxConnPerRoute(concurrency + 1)
                .setTlsSocketStrategy(new DefaultClientTlsStrategy(sslContext(endpoint)))
                .setConnectionFactory(socket -> new AnswerConnection())
                .setDefaultConnectionConfig(ConnectionConfig.custom()
                        .setConnectTimeout(Timeout.of(endpoint.connectTimeout()))
                        .setSocketTimeout(Timeout.of(endpoint.deadline().plusSeconds(1)))
                        .build())
                .build();
        this.deadlines = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "call-deadline");
            thread.setDaemon(true);
            return thread;
        });
        deadlines.setRemoveOnCancelPolicy(true);
        this.sealing = new SealingExchange(sealer, deadlines, clock);
    }

    /** The connections to the endpoint, to be counted. */
    public ConnPoolControl<HttpRoute> connections() {
        return connections;
    }

    @Override
    public void configureHttpClient(HttpClientBuilder client) {
        client
                // camel-http and HttpClient would post again by themselves on 429, 503 and some I/O errors.
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableContentCompression()
                .disableAuthCaching()
                .setUserAgent(userAgent)
                // A kept connection that the peer has closed fails after the POST was written: doubt of our own making.
                .setConnectionReuseStrategy((request, response, context) -> false)
                .setDefaultRequestConfig(RequestConfig.custom()
                        .setProtocolUpgradeEnabled(false)
                        .setExpectContinueEnabled(false)
                        .setConnectionRequestTimeout(Timeout.of(endpoint.connectTimeout()))
                        // Only a second line: the attempt's deadline comes first.
                        .setResponseTimeout(Timeout.of(endpoint.deadline().plusSeconds(1)))
                        .build())
                .setConnectionManagerShared(false)
                .setConnectionManager(connections)
                .setRequestExecutor(new FirstByte())
                .addExecInterceptorFirst("seal", sealing);
        Settings.Proxy proxy = endpoint.proxy();
        if (proxy != null) {
            HttpHost host = new HttpHost(proxy.host(), proxy.port());
            client.setProxy(host);
            if (!proxy.username().isEmpty()) {
                BasicCredentialsProvider login = new BasicCredentialsProvider();
                login.setCredentials(
                        new AuthScope(host),
                        new UsernamePasswordCredentials(
                                proxy.username(), proxy.password().toCharArray()));
                client.setDefaultCredentialsProvider(login);
            }
        }
    }

    /**
     * Trusts what the JDK trusts or, if one is given, the own trust store instead; host names are verified.
     *
     * @throws SettingsException naming the trust store that cannot be read
     */
    public static SSLContext sslContext(Settings.Endpoint endpoint) {
        Path truststore = endpoint.truststore();
        try {
            if (truststore == null) {
                return SSLContexts.createSystemDefault();
            }
            return SSLContexts.custom()
                    .loadTrustMaterial(truststore, endpoint.truststorePassword().toCharArray())
                    .build();
        } catch (GeneralSecurityException | IOException e) {
            throw new SettingsException(
                    "pairing.endpoint.truststore " + truststore + " cannot be read: " + e.getMessage()
                            + "; it must be a PKCS12 or JKS file that pairing.endpoint.truststore-password opens");
        }
    }

    @Override
    public void close() {
        deadlines.shutdownNow();
        try {
            deadlines.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Knows when the first byte of the POST can leave, and lets none leave that others may no longer expect. */
    private static final class FirstByte extends HttpRequestExecutor {
        @Override
        public ClassicHttpResponse execute(
                ClassicHttpRequest request,
                HttpClientConnection connection,
                HttpResponseInformationCallback informationCallback,
                HttpContext context)
                throws IOException, HttpException {
            if ("POST".equals(request.getMethod())) { // a proxy's CONNECT carries nothing of the job
                Attempt attempt = EndpointCall.of(context).attempt();
                if (attempt.sent()) {
                    throw new CallFailed("a second request of one attempt was stopped before it left", null);
                }
                if (attempt.nanosLeft() <= 0) {
                    // This process was paused: past the deadline somebody else may hold the job.
                    throw new CallFailed(SealingExchange.TOO_LATE_TO_SEND, null);
                }
                attempt.markSent();
                RawAnswer raw = ((AnswerConnection) connection).raw();
                raw.begin();
                context.setAttribute(RawAnswer.ATTRIBUTE, raw);
                // Without the callback an answer 101, which nobody asked for, is an interim one like the others (RFC
                // 9110, section 15.2).
                ClassicHttpResponse response = super.execute(request, connection, null, context);
                if (response.getEntity() == null) {
                    raw.messageEnded(announcesBody(response)); // HttpClient is about to close the connection
                }
                return response;
            }
            return super.execute(request, connection, informationCallback, context);
        }

        private static boolean announcesBody(ClassicHttpResponse response) {
            Header length = response.getFirstHeader(HttpHeaders.CONTENT_LENGTH);
            return response.containsHeader(HttpHeaders.TRANSFER_ENCODING)
                    || length != null && !"0".equals(length.getValue());
        }
    }
}
