package io.pairingbridge.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Map;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.client5.http.HttpHostConnectException;
import org.apache.hc.core5.http.NoHttpResponseException;
import org.apache.hc.core5.http.ProtocolException;
import org.junit.jupiter.api.Test;

class CausesTest {

    @Test
    void saysInWordsWhatACallFailedOf() {
        Map.of(
                        new UnknownHostException("canary"), "host name cannot be resolved",
                        new ConnectTimeoutException("canary"), "pairing.endpoint.connect-timeout",
                        new ConnectException("canary"), "refuses connections",
                        new HttpHostConnectException("canary"), "refuses connections",
                        new NoHttpResponseException("canary"), "closed the connection without an answer",
                        new SocketTimeoutException("canary"), "went silent",
                        new ProtocolException("canary"), "not HTTP",
                        new SocketException("canary"), "failed (SocketException)",
                        new IOException("canary"), "failed (IOException)")
                .forEach((failure, words) -> assertThat(Causes.of(failure, true))
                        .contains(words)
                        .as("messages of the client may quote headers")
                        .doesNotContain("canary"));
    }

    @Test
    void quotesWhyTlsFailedBecauseThatIsWhatHelps() {
        assertThat(Causes.of(new SSLHandshakeException("certificate expired"), false))
                .isEqualTo("no TLS connection to the endpoint: certificate expired");
        assertThat(Causes.of(new SSLException("bad record"), true))
                .isEqualTo("the TLS connection to the endpoint broke: bad record");
        assertThat(Causes.of(new SSLHandshakeException("no name for <evil\n\u001b[2J>"), false))
                .isEqualTo("no TLS connection to the endpoint: no name for <evil\\n\\u001b[2J>");
    }
}
