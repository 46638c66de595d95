package io.pairingbridge.broker.plugin;

import java.nio.charset.StandardCharsets;
import org.apache.activemq.artemis.core.protocol.stomp.StompConnection;
import org.apache.activemq.artemis.core.protocol.stomp.StompFrame;
import org.apache.activemq.artemis.core.protocol.stomp.StompFrameInterceptor;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyConnection;
import org.apache.activemq.artemis.spi.core.protocol.RemotingConnection;

/**
 * What the plugin has to do with STOMP's frames: an incoming one tells its connection's limit that it was whole; an
 * ERROR frame says why a message was refused, in place of the message's headers, which are all that the broker would
 * say.
 */
final class StompFrames implements StompFrameInterceptor {
    private static final String ERROR = "ERROR";
    private static final String MESSAGE = "message";
    private static final String RECEIPT = "receipt-id";

    @Override
    public boolean intercept(StompFrame frame, RemotingConnection connection) {
        if (!(connection.getTransportConnection() instanceof NettyConnection netty)) {
            return true;
        }
        if (!ERROR.equals(frame.getCommand())) {
            if (netty.getNettyChannel().attr(ConnectionLimits.FRAME).get() instanceof StompFrameLimit limit) {
                limit.frameDecoded();
            }
            return true;
        }
        String reason = netty.getNettyChannel().attr(ConnectionLimits.REASON).getAndSet(null);
        if (reason == null || !(connection instanceof StompConnection stomp)) {
            return true;
        }
        // A frame's header cannot be replaced, and of one that is there twice the first counts.
        StompFrame answer = stomp.getFrameHandler().createStompFrame(ERROR);
        answer.addHeader(MESSAGE, reason);
        if (frame.hasHeader(RECEIPT)) {
            answer.addHeader(RECEIPT, frame.getHeader(RECEIPT));
        }
        answer.setByteBody(reason.getBytes(StandardCharsets.UTF_8));
        stomp.sendFrame(answer, null);
        return false;
    }
}
