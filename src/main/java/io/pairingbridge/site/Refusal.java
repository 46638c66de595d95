package io.pairingbridge.site;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.pairingbridge.text.Text;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The answer to a request that is not served: a status, and why, in a line of plain text. */
final class Refusal {
    private static final Logger LOG = LoggerFactory.getLogger(Refusal.class);

    private Refusal() {}

    /** Answers, unless an answer has been given. */
    static void send(RoutingContext context, HttpResponseStatus status, String why) {
        HttpServerResponse response = context.response();
        if (!response.ended()) {
            response.setStatusCode(status.code())
                    .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; charset=utf-8")
                    .end(why + "\n");
        }
    }

    /** As a failure handler: what went wrong here is in the log, and the client learns no more than the status. */
    static void failed(RoutingContext context) {
        int status = context.statusCode() > 0 ? context.statusCode() : HttpResponseStatus.INTERNAL_SERVER_ERROR.code();
        if (context.failure() != null && status >= 500) {
            LOG.warn(
                    "A management request failed: {}",
                    Text.line(context.failure().toString(), 500));
        }
        send(
                context,
                HttpResponseStatus.valueOf(status),
                status == 413 ? "the request is too large" : "the request cannot be answered");
    }
}
