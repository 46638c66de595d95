package io.pairingbridge.site;

import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets a request pass that brings a user and the password (Basic, RFC 7617), and answers any other.
 *
 * <p>Not Vert.x' {@code BasicAuthHandler}: what judges a login there sees neither the address that it comes from nor
 * the header, both of which {@link LoginThrottle} goes by, and it makes the browser open its dialog over a page that
 * asks for the login itself.
 */
final class Login implements Handler<RoutingContext> {
    /** Where the context of a request that has passed holds the user's name. */
    static final String USER = "login";

    private static final Logger LOG = LoggerFactory.getLogger(Login.class);
    /** Milliseconds before a wrong login is answered: enough to make guessing hopeless, and nobody notices. */
    private static final long WRONG_LOGIN_DELAY = 400;

    private final Supplier<Map<String, String>> logins;
    private final LoginThrottle throttle;

    /** @param logins passwords by user, asked at each login; may throw, and then nobody gets in */
    Login(Supplier<Map<String, String>> logins, MeterRegistry meters) {
        this.logins = logins;
        this.throttle = new LoginThrottle(meters, System::nanoTime);
    }

    @Override
    public void handle(RoutingContext context) {
        String authorization = context.request().getHeader(HttpHeaders.AUTHORIZATION);
        if (authorization == null) {
            unauthorized(context, 1);
            return;
        }
        String[] given = given(authorization);
        Map<String, String> users;
        try {
            users = logins.get();
        } catch (RuntimeException e) {
            LOG.warn("Nobody can log in: {}", e.getMessage());
            Refusal.send(
                    context,
                    HttpResponseStatus.INTERNAL_SERVER_ERROR,
                    "the logins cannot be read; the bridge's log says why");
            return;
        }
        boolean known = given != null && users.containsKey(given[0]);
        LoginThrottle.Attempt attempt = new LoginThrottle.Attempt(
                context.request().remoteAddress().hostAddress(), known ? given[0] : null, authorization);
        long wait = throttle.secondsToWait(attempt);
        if (wait > 0) {
            context.response().putHeader(HttpHeaders.RETRY_AFTER, Long.toString(wait));
            Refusal.send(
                    context,
                    HttpResponseStatus.TOO_MANY_REQUESTS,
                    "too many wrong logins from this address, or of this user: try again in " + wait + " s");
        } else if (known
                && MessageDigest.isEqual(
                        users.get(given[0]).getBytes(StandardCharsets.UTF_8),
                        given[1].getBytes(StandardCharsets.UTF_8))) {
            throttle.right(attempt);
            context.put(USER, given[0]);
            context.next();
        } else {
            throttle.wrong(attempt);
            unauthorized(context, WRONG_LOGIN_DELAY);
        }
    }

    private static void unauthorized(RoutingContext context, long delayMillis) {
        context.request().pause();
        context.vertx().setTimer(delayMillis, timer -> {
            if (context.response().closed()) {
                return;
            }
            context.request().resume();
            if (!askedByAPage(context.request())) {
                context.response().putHeader("WWW-Authenticate", "Basic realm=\"pairing-bridge\", charset=\"UTF-8\"");
            }
            Refusal.send(
                    context,
                    HttpResponseStatus.UNAUTHORIZED,
                    "a login is needed: user operator, with the password in management-users.properties"
                            + " of the data directory");
        });
    }

    /**
     * A page that asks for the login itself, whether it says so or the browser does; else that would open its own
     * dialog over it.
     */
    private static boolean askedByAPage(HttpServerRequest request) {
        String mode = request.getHeader("Sec-Fetch-Mode");
        return "XMLHttpRequest".equals(request.getHeader("X-Requested-With"))
                || mode != null && !"navigate".equals(mode);
    }

    /** The user and the password of this header; null if it has none. */
    private static String[] given(String authorization) {
        if (!authorization.regionMatches(true, 0, "Basic ", 0, 6)) {
            return null;
        }
        String login;
        try {
            login = new String(
                    Base64.getDecoder().decode(authorization.substring(6).strip()), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return null;
        }
        int colon = login.indexOf(':');
        return colon < 0 ? null : new String[] {login.substring(0, colon), login.substring(colon + 1)};
    }
}
