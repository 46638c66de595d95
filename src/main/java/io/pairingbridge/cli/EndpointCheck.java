package io.pairingbridge.cli;

import io.pairingbridge.endpoint.EndpointClient;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * Goes as far towards the endpoint as one can without a request: name, connection, TLS. It never sends one, since there
 * is none that is known to do nothing. A proxy on the way is asked for a connection (CONNECT, RFC 9110 section 9.3.6).
 */
final class EndpointCheck {
    private static final Duration EXPIRES_SOON = Duration.ofDays(14);
    private static final int LONGEST_HEAD = 16 * 1024;

    private final Settings.Endpoint endpoint;
    private final Clock clock;
    private final String host;
    private final int port;
    private final boolean tls;
    private final List<CheckResult> results = new ArrayList<>();

    EndpointCheck(Settings.Endpoint endpoint, Clock clock) {
        this.endpoint = endpoint;
        this.clock = clock;
        this.tls = "https".equals(endpoint.url().getScheme());
        // An address of IPv6 stands in brackets in a URL and nowhere else.
        this.host = endpoint.url().getHost().replaceAll("^\\[|]$", "");
        this.port = endpoint.url().getPort() > 0 ? endpoint.url().getPort() : tls ? 443 : 80;
    }

    List<CheckResult> check() {
        Settings.Proxy proxy = endpoint.proxy();
        String nextHost = proxy == null ? host : proxy.host();
        int nextPort = proxy == null ? port : proxy.port();
        String where = (proxy == null ? "" : "the proxy ") + nextHost + ":" + nextPort;
        if (!resolve(nextHost, proxy == null ? "pairing.endpoint.url" : "pairing.endpoint.proxy.host")) {
            return results;
        }
        try (Socket socket = new Socket()) {
            socket.setSoTimeout((int) endpoint.connectTimeout().toMillis());
            socket.connect(new InetSocketAddress(nextHost, nextPort), (int)
                    endpoint.connectTimeout().toMillis());
            results.add(CheckResult.ok("endpoint connection", where + " takes connections"));
            if (tls && (proxy == null || throughProxy(socket, proxy))) {
                handshake(socket);
            } else if (!tls) {
                results.add(CheckResult.warn("endpoint TLS", "none: the URL is http", "for the simulator only"));
            }
        } catch (IOException e) {
            results.add(CheckResult.fail(
                    "endpoint connection",
                    where + " cannot be reached: " + Failures.root(e),
                    proxy == null && !tls
                            ? "start it with 'pairing-bridge simulator'"
                            : "let the firewall pass it, or set pairing.endpoint.proxy.host and .port"));
        }
        return results;
    }

    private boolean resolve(String name, String setting) {
        try {
            results.add(CheckResult.ok(
                    "endpoint name",
                    name + " is "
                            + Arrays.stream(InetAddress.getAllByName(name))
                                    .map(InetAddress::getHostAddress)
                                    .collect(Collectors.joining(", "))));
            return true;
        } catch (UnknownHostException e) {
            results.add(
                    CheckResult.fail(
                            "endpoint name",
                            name + " cannot be found",
                            "correct " + setting
                                    + ", or this machine's name service; where only a proxy finds it, set pairing.endpoint.proxy.host"));
            return false;
        }
    }

    private boolean throughProxy(Socket socket, Settings.Proxy proxy) throws IOException {
        String target = (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
        StringBuilder head = new StringBuilder("CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n");
        if (!proxy.username().isEmpty()) {
            head.append("Proxy-Authorization: Basic ")
                    .append(Base64.getEncoder()
                            .encodeToString(
                                    (proxy.username() + ":" + proxy.password()).getBytes(StandardCharsets.UTF_8)))
                    .append("\r\n");
        }
        socket.getOutputStream().write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        String status = head(socket.getInputStream()).lines().findFirst().orElse("");
        if (status.matches("HTTP/1\\.[01] 2\\d\\d( .*)?")) {
            results.add(CheckResult.ok("endpoint proxy", proxy + " leads to " + target));
            return true;
        }
        results.add(CheckResult.fail(
                "endpoint proxy",
                proxy + " does not lead to " + target + ": "
                        + (status.startsWith("HTTP/") ? status.replaceAll("\\p{Cntrl}", "?") : "it answered no HTTP"),
                status.contains(" 407")
                        ? "set pairing.endpoint.proxy.username and .password"
                        : "have the proxy allow it"));
        return false;
    }

    /** The answer's head and not a byte more: what follows belongs to TLS. */
    private static String head(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0 && head.length() < LONGEST_HEAD) {
            int next = in.read();
            if (next < 0) {
                break;
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private void handshake(Socket plain) throws IOException {
        try (SSLSocket socket = (SSLSocket)
                EndpointClient.sslContext(endpoint).getSocketFactory().createSocket(plain, host, port, true)) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            X509Certificate certificate = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            Instant end = certificate.getNotAfter().toInstant();
            String text = socket.getSession().getProtocol() + " with " + host + ", certificate valid until " + end;
            results.add(
                    clock.instant().plus(EXPIRES_SOON).isAfter(end)
                            ? CheckResult.warn(
                                    "endpoint TLS", text, "if it is not renewed in time, no job can be called")
                            : CheckResult.ok("endpoint TLS", text));
        } catch (SSLException e) {
            results.add(CheckResult.fail(
                    "endpoint TLS",
                    "no trusted connection to " + host + ": " + Failures.root(e),
                    "if something on the way opens TLS, have the endpoint exempted, or name its authority in"
                            + " pairing.endpoint.truststore"));
        } catch (SettingsException e) {
            results.add(CheckResult.fail("endpoint TLS", e.getMessage(), "correct pairing.endpoint.truststore"));
        }
    }
}
