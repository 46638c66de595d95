package io.pairingbridge.broker.plugin;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.group.ChannelGroup;
import java.lang.reflect.Field;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyAcceptor;
import org.apache.activemq.artemis.core.server.cluster.ClusterConnection;
import org.apache.activemq.artemis.core.server.metrics.MetricsManager;
import org.apache.activemq.artemis.spi.core.protocol.ProtocolManager;
import org.apache.activemq.artemis.spi.core.remoting.Acceptor;
import org.apache.activemq.artemis.spi.core.remoting.AcceptorFactory;
import org.apache.activemq.artemis.spi.core.remoting.BufferHandler;
import org.apache.activemq.artemis.spi.core.remoting.ServerConnectionLifeCycleListener;
import org.apache.activemq.artemis.utils.actors.OrderedExecutor;

/**
 * Makes the broker's acceptors, with a limit on each connection from its first byte. The broker tells a plugin of a
 * connection only when it knows its protocol, and before that it gathers an HTTP request of any size.
 */
final class LimitedAcceptorFactory implements AcceptorFactory {
    private final ConnectionLimits connections;

    LimitedAcceptorFactory(ConnectionLimits connections) {
        this.connections = connections;
    }

    @Override
    @SuppressWarnings("rawtypes") // as the interface has it
    public Acceptor createAcceptor(
            String name,
            ClusterConnection cluster,
            Map<String, Object> configuration,
            BufferHandler handler,
            ServerConnectionLifeCycleListener listener,
            Executor threads,
            ScheduledExecutorService scheduled,
            Map<String, ProtocolManager> protocols,
            String threadGroup,
            MetricsManager metrics) {
        return new NettyAcceptor(
                name,
                cluster,
                configuration,
                handler,
                listener,
                scheduled,
                new OrderedExecutor(threads),
                protocols,
                threadGroup,
                metrics) {

            @Override
            public synchronized void start() throws Exception {
                super.start();
                limit(this);
            }

            @Override
            public void reload() {
                super.reload();
                limit(this);
            }
        };
    }

    private void limit(NettyAcceptor acceptor) {
        try {
            // The broker has no other way to the channels that listen.
            Field listening = NettyAcceptor.class.getDeclaredField("serverChannelGroup");
            listening.setAccessible(true);
            if (listening.get(acceptor) instanceof ChannelGroup channels) {
                for (Channel channel : channels) {
                    if (channel.pipeline().get(Accepted.class) == null) {
                        channel.pipeline().addFirst(new Accepted());
                    }
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(
                    "This version of Artemis does not let the plugin AdmissionPlugin limit what comes before the login:"
                            + " take one that the product was tested with, or a newer plugin",
                    e);
        }
    }

    @Sharable
    private final class Accepted extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
            if (message instanceof Channel child) {
                connections.accepted(child);
            }
            super.channelRead(ctx, message);
        }
    }
}
