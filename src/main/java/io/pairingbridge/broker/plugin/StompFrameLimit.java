package io.pairingbridge.broker.plugin;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;

/** STOMP: what has come since the broker's decoder had a whole frame. */
final class StompFrameLimit extends FrameLimit {
    private long come;

    StompFrameLimit(ConnectionLimits all) {
        super(all);
    }

    /** On the connection's own thread, as the bytes come. */
    void frameDecoded() {
        come = 0;
    }

    @Override
    String look(ByteBuf buffer) {
        come += buffer.readableBytes();
        return come > all.limits().frameBytes()
                ? "a STOMP frame of more than " + all.limits().frameBytes()
                        + " bytes: send the document in parts, over Core, or put it into the inbox"
                : null;
    }

    @Override
    long pending() {
        return come;
    }

    @Override
    byte[] farewell(String reason) {
        return ("ERROR\nmessage:" + reason.replace(':', ',') + "\ncontent-length:0\n\n\0")
                .getBytes(StandardCharsets.UTF_8);
    }
}
