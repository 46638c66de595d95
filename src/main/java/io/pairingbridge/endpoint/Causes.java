package io.pairingbridge.endpoint;

import io.pairingbridge.text.Text;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.MessageConstraintException;
import org.apache.hc.core5.http.NoHttpResponseException;

/** Says in words what a failed call failed of. Messages of the HTTP client may quote headers and are not passed on. */
final class Causes {
    static final String NOT_HTTP = "what the endpoint answered is not HTTP";
    private static final int LONGEST_QUOTE = 300;

    private Causes() {}

    /** @param sent the first byte of the request had left */
    static String of(Throwable e, boolean sent) {
        if (e instanceof UnknownHostException) {
            return "the endpoint's host name cannot be resolved";
        }
        if (e instanceof ConnectTimeoutException) {
            return "no connection to the endpoint within pairing.endpoint.connect-timeout";
        }
        if (e instanceof ConnectException) {
            return "the endpoint, or the proxy on the way, refuses connections";
        }
        if (e instanceof SSLException) {
            // It may quote the peer's certificate.
            String why = Text.line(String.valueOf(e.getMessage()), LONGEST_QUOTE);
            return (sent ? "the TLS connection to the endpoint broke: " : "no TLS connection to the endpoint: ") + why;
        }
        if (e instanceof NoHttpResponseException) {
            return "the endpoint closed the connection without an answer";
        }
        if (e instanceof MessageConstraintException || e instanceof RawAnswer.TooLargeException) {
            return "the head of what the endpoint answered is far too large";
        }
        if (e instanceof HttpException) {
            return NOT_HTTP;
        }
        if (e instanceof SocketTimeoutException) {
            return "the endpoint went silent";
        }
        return "the connection to the endpoint failed (" + e.getClass().getSimpleName() + ")";
    }
}
