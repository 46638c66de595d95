package io.pairingbridge.broker.plugin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.concurrent.TimeUnit;

/** Limits what a connection may send of one frame before it is whole: the broker's decoders hold all of it. */
abstract class FrameLimit extends ChannelInboundHandlerAdapter {
    /** For which a client that was told why its connection ends may go on sending, to nobody. */
    private static final int LINGER_SECONDS = 5;

    final ConnectionLimits all;
    private long counted;
    private boolean cut;

    FrameLimit(ConnectionLimits all) {
        this.all = all;
    }

    /** Takes note of bytes, without moving the buffer's indices; null, or why the connection must end. */
    abstract String look(ByteBuf buffer);

    /** Bytes that have come of what is not yet whole. */
    abstract long pending();

    /** What the client is told in its protocol before the connection is closed; null for nothing. */
    abstract byte[] farewell(String reason);

    @Override
    public final void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (cut) {
            ReferenceCountUtil.release(message);
            return;
        }
        if (message instanceof ByteBuf buffer) {
            String reason = look(buffer);
            if (reason == null && !count()) {
                reason = "all connections together have begun more than "
                        + all.limits().unfinishedBytes() + " bytes of frames that are not whole";
            }
            if (reason != null) {
                ReferenceCountUtil.release(message);
                cut(ctx, reason);
                return;
            }
        }
        super.channelRead(ctx, message);
        count();
    }

    private boolean count() {
        long now = pending();
        boolean within = all.unfinished(now - counted);
        counted = now;
        return within;
    }

    private void cut(ChannelHandlerContext ctx, String reason) {
        cut = true;
        all.unfinished(-counted);
        counted = 0;
        all.log().connection(ConnectionLimits.from(ctx.channel()), reason);
        byte[] farewell = farewell(reason);
        if (farewell == null) {
            ctx.close();
        } else {
            // Closed at once, with bytes of the client's unread, the connection would be reset, and the client would
            // not see the reason.
            ctx.writeAndFlush(Unpooled.wrappedBuffer(farewell));
            ctx.executor().schedule(() -> ctx.close(), LINGER_SECONDS, TimeUnit.SECONDS);
        }
    }

    @Override
    public final void channelInactive(ChannelHandlerContext ctx) throws Exception {
        all.unfinished(-counted);
        counted = 0;
        super.channelInactive(ctx);
    }
}
