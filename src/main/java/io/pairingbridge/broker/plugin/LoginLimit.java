package io.pairingbridge.broker.plugin;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.activemq.artemis.spi.core.protocol.RemotingConnection;

/**
 * The first handler of a connection that has not logged in: counts its bytes as they come from the network, whatever
 * protocol they are of (an HTTP request too), and closes it when they are too many or its time is over. It leaves after
 * the login.
 */
final class LoginLimit extends ChannelInboundHandlerAdapter {
    private final ConnectionLimits all;
    private volatile boolean passed;
    private volatile RemotingConnection connection;
    private volatile ChannelHandlerContext context;
    private volatile ScheduledFuture<?> deadline;
    private long bytes;

    LoginLimit(ConnectionLimits all) {
        this.all = all;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        if (ctx.channel().isActive()) {
            start(ctx);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
        start(ctx);
        super.channelActive(ctx);
    }

    private void start(ChannelHandlerContext ctx) {
        if (deadline == null) {
            deadline = ctx.executor().schedule(this::timeOver, all.limits().loginSeconds(), TimeUnit.SECONDS);
            all.waiting(this);
        }
    }

    private void timeOver() {
        if (!hasPassed()) {
            close("no login within " + all.limits().loginSeconds() + " s");
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (message instanceof ByteBuf buffer && !passed) {
            bytes += buffer.readableBytes();
            if (bytes > all.limits().bytesBeforeLogin() && !hasPassed()) {
                ReferenceCountUtil.release(message);
                close("more than " + all.limits().bytesBeforeLogin() + " bytes before the login");
                return;
            }
        }
        super.channelRead(ctx, message);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        end();
        super.channelInactive(ctx);
    }

    void connection(RemotingConnection created) {
        connection = created;
    }

    /** Also true between an AMQP login and its first session, for which a client may take its time. */
    boolean hasPassed() {
        RemotingConnection created = connection;
        if (!passed && created != null && created.getSubject() != null) {
            passed();
        }
        return passed;
    }

    void passed() {
        if (!passed) {
            passed = true;
            end();
        }
    }

    void close(String reason) {
        end();
        all.log().connection(ConnectionLimits.from(context.channel()), reason);
        context.close();
    }

    private void end() {
        ScheduledFuture<?> scheduled = deadline;
        if (scheduled != null) {
            scheduled.cancel(false);
        }
        all.waitsNoLonger(this);
    }
}
