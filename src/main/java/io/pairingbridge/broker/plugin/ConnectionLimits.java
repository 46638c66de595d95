package io.pairingbridge.broker.plugin;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.util.AttributeKey;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.activemq.artemis.spi.core.protocol.RemotingConnection;

/**
 * What the connections of all acceptors have in common: who has not logged in yet, and how much all of them have begun
 * to send.
 */
final class ConnectionLimits {
    static final AttributeKey<LoginLimit> LOGIN = AttributeKey.valueOf("pairing.login");
    static final AttributeKey<FrameLimit> FRAME = AttributeKey.valueOf("pairing.frame");
    /** Why the last message of a connection was refused, until its sender is told. */
    static final AttributeKey<String> REASON = AttributeKey.valueOf("pairing.reason");

    private static final String CORE_DECODER = "activemq-decoder";
    private static final String HANDLER = "handler";

    private final AdmissionLimits limits;
    private final RefusalLog log;
    private final Set<LoginLimit> notLoggedIn = new LinkedHashSet<>();
    private final AtomicLong unfinished = new AtomicLong();

    ConnectionLimits(AdmissionLimits limits, RefusalLog log) {
        this.limits = limits;
        this.log = log;
    }

    AdmissionLimits limits() {
        return limits;
    }

    RefusalLog log() {
        return log;
    }

    /** A channel was accepted; nothing has come over it yet. */
    void accepted(Channel channel) {
        LoginLimit limit = new LoginLimit(this);
        channel.attr(LOGIN).set(limit);
        channel.pipeline().addFirst("pairing-login", limit);
    }

    /** The protocol is known and its handlers are in place. */
    void created(RemotingConnection connection, Channel channel) {
        if (channel.attr(LOGIN).get() == null) {
            accepted(channel); // by an acceptor that is not ours
        }
        channel.attr(LOGIN).get().connection(connection);
        ChannelPipeline pipeline = channel.pipeline();
        FrameLimit frames = switch (connection.getProtocolName()) {
            case "CORE" -> new CoreFrameLimit(this);
            case "AMQP" -> new AmqpFrameLimit(this);
            case "STOMP" -> new StompFrameLimit(this);
            default -> null;
        };
        if (frames == null) {
            return;
        }
        channel.attr(FRAME).set(frames);
        boolean core = pipeline.get(CORE_DECODER) != null;
        pipeline.addBefore(core ? CORE_DECODER : HANDLER, "pairing-frames", frames);
        if (core) {
            pipeline.addAfter(CORE_DECODER, "pairing-packets", new CorePackets(this));
        }
    }

    /** A session was made, with a login that the broker knows. */
    void loggedIn(Channel channel) {
        LoginLimit limit = channel.attr(LOGIN).get();
        if (limit != null) {
            limit.passed();
        }
    }

    static boolean isLoggedIn(Channel channel) {
        LoginLimit limit = channel.attr(LOGIN).get();
        return limit == null || limit.hasPassed();
    }

    /** Of many that do not log in the oldest goes, so that they keep nobody out who does. */
    void waiting(LoginLimit added) {
        LoginLimit oldest = null;
        synchronized (notLoggedIn) {
            notLoggedIn.add(added);
            if (notLoggedIn.size() > limits.connectionsBeforeLogin()) {
                Iterator<LoginLimit> first = notLoggedIn.iterator();
                oldest = first.next();
                first.remove();
            }
        }
        if (oldest != null) {
            oldest.close("more than " + limits.connectionsBeforeLogin()
                    + " connections have not logged in, and this is the oldest");
        }
    }

    void waitsNoLonger(LoginLimit removed) {
        synchronized (notLoggedIn) {
            notLoggedIn.remove(removed);
        }
    }

    /** @return false if all connections together have begun more than they may */
    boolean unfinished(long more) {
        return unfinished.addAndGet(more) <= limits.unfinishedBytes() || more <= 0;
    }

    static String from(Channel channel) {
        return String.valueOf(channel.remoteAddress());
    }
}
