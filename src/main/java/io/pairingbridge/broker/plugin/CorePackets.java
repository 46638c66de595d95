package io.pairingbridge.broker.plugin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;
import java.util.Set;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.core.protocol.core.impl.PacketImpl;
import org.apache.activemq.artemis.utils.DataConstants;

/**
 * Lets those Core packets pass that a client of a single broker sends, and no other, before the broker decodes them:
 * what belongs to clusters, replication and federation, and answers, which only a broker sends, are no client's. Before
 * the login only those that lead to one.
 *
 * <p>A session is never taken over by another connection: the request is answered with "not reattached", after which a
 * client makes a session of its own, with its own login. The broker would hand over the session to whoever knows its
 * name, without one (CVE-2026-57967). Nor are queues made on the channel that needs no login (CVE-2026-49362).
 */
final class CorePackets extends ChannelInboundHandlerAdapter {
    private static final long PING_CHANNEL = 0;
    private static final long SESSION_CHANNEL = 1;
    private static final long FIRST_USER_CHANNEL = 10;

    private static final Set<Byte> OF_CONNECTION =
            Set.of(PacketImpl.PING, PacketImpl.SUBSCRIBE_TOPOLOGY, PacketImpl.SUBSCRIBE_TOPOLOGY_V2);
    private static final Set<Byte> BEFORE_LOGIN =
            Set.of(PacketImpl.CREATESESSION, PacketImpl.CREATESESSION_V2, PacketImpl.CHECK_FOR_FAILOVER);
    private static final Set<Byte> OF_SESSION = Set.of(
            PacketImpl.PACKETS_CONFIRMED,
            PacketImpl.CREATE_QUEUE,
            PacketImpl.CREATE_QUEUE_V2,
            PacketImpl.DELETE_QUEUE,
            PacketImpl.CREATE_SHARED_QUEUE,
            PacketImpl.CREATE_SHARED_QUEUE_V2,
            PacketImpl.CREATE_ADDRESS,
            PacketImpl.CREATE_PRODUCER,
            PacketImpl.REMOVE_PRODUCER,
            PacketImpl.SESS_CREATECONSUMER,
            PacketImpl.SESS_ACKNOWLEDGE,
            PacketImpl.SESS_EXPIRED,
            PacketImpl.SESS_COMMIT,
            PacketImpl.SESS_ROLLBACK,
            PacketImpl.SESS_QUEUEQUERY,
            PacketImpl.SESS_BINDINGQUERY,
            PacketImpl.SESS_XA_FAILED,
            PacketImpl.SESS_XA_START,
            PacketImpl.SESS_XA_END,
            PacketImpl.SESS_XA_COMMIT,
            PacketImpl.SESS_XA_PREPARE,
            PacketImpl.SESS_XA_ROLLBACK,
            PacketImpl.SESS_XA_JOIN,
            PacketImpl.SESS_XA_SUSPEND,
            PacketImpl.SESS_XA_RESUME,
            PacketImpl.SESS_XA_FORGET,
            PacketImpl.SESS_XA_INDOUBT_XIDS,
            PacketImpl.SESS_XA_SET_TIMEOUT,
            PacketImpl.SESS_XA_GET_TIMEOUT,
            PacketImpl.SESS_START,
            PacketImpl.SESS_STOP,
            PacketImpl.SESS_CLOSE,
            PacketImpl.SESS_FLOWTOKEN,
            PacketImpl.SESS_SEND,
            PacketImpl.SESS_SEND_LARGE,
            PacketImpl.SESS_SEND_CONTINUATION,
            PacketImpl.SESS_CONSUMER_CLOSE,
            PacketImpl.SESS_FORCE_CONSUMER_DELIVERY,
            PacketImpl.SESS_PRODUCER_REQUEST_CREDITS,
            PacketImpl.SESS_INDIVIDUAL_ACKNOWLEDGE,
            PacketImpl.SESS_ADD_METADATA,
            PacketImpl.SESS_ADD_METADATA2,
            PacketImpl.SESS_UNIQUE_ADD_METADATA);

    /** A packet's type and channel. */
    private static final int HEAD = 1 + 8;
    /** The least that a property takes: the length of its name, a name of no character, and a type. */
    private static final int SMALLEST_PROPERTY = 5;

    private final ConnectionLimits all;

    CorePackets(ConnectionLimits all) {
        this.all = all;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        if (!(message instanceof ByteBuf frame)) {
            super.channelRead(ctx, message);
            return;
        }
        boolean reattach = false;
        String reason;
        try {
            byte type = frame.getByte(frame.readerIndex());
            long channel = frame.getLong(frame.readerIndex() + 1);
            reattach = type == PacketImpl.REATTACH_SESSION && channel == SESSION_CHANNEL;
            reason = reattach ? "to take over a session, which is not done here" : refusal(ctx, frame, type, channel);
        } catch (IndexOutOfBoundsException e) {
            reason = "a Core packet that is cut short";
        }
        if (reason == null) {
            super.channelRead(ctx, message);
            return;
        }
        ReferenceCountUtil.release(message);
        if (reattach) {
            all.log().packet(ConnectionLimits.from(ctx.channel()), reason);
            ctx.writeAndFlush(notReattached());
        } else {
            all.log().connection(ConnectionLimits.from(ctx.channel()), reason);
            ctx.close();
        }
    }

    private static String refusal(ChannelHandlerContext ctx, ByteBuf frame, byte type, long channel) {
        if (channel == PING_CHANNEL && OF_CONNECTION.contains(type)
                || channel == SESSION_CHANNEL && BEFORE_LOGIN.contains(type)) {
            return null;
        }
        if (channel < FIRST_USER_CHANNEL || !OF_SESSION.contains(type)) {
            return "a Core packet of type " + type + " on channel " + channel
                    + ", which no client of this broker sends";
        }
        if (!ConnectionLimits.isLoggedIn(ctx.channel())) {
            return "a Core packet of type " + type + " before the login";
        }
        if (type == PacketImpl.SESS_SEND || type == PacketImpl.SESS_SEND_LARGE) {
            return message(frame, type == PacketImpl.SESS_SEND);
        }
        if (type == PacketImpl.SESS_SEND_CONTINUATION) {
            return part(frame);
        }
        return null;
    }

    /** A part of a large message's body: the broker makes room for as many bytes as it says it has. */
    private static String part(ByteBuf frame) {
        int at = frame.readerIndex() + HEAD;
        int length = frame.getInt(at);
        return length < 0 || length > frame.writerIndex() - at - 4
                ? "a part of a Core message that says it has " + length + " bytes"
                : null;
    }

    /**
     * A message's headers (as CoreMessage.decode reads them): the broker makes room for as many properties as it says
     * it has, and takes one that holds another one's encoding for that of a broker. Texts it reads without asking
     * whether their length can be: one below 0 makes it read memory that is not its own, which ends the process.
     */
    private static String message(ByteBuf frame, boolean withBody) {
        int at = frame.readerIndex() + HEAD;
        if (withBody) {
            int endOfBody = frame.getInt(at);
            if (endOfBody < PacketImpl.PACKET_HEADERS_SIZE
                    || endOfBody > frame.readableBytes() + PacketImpl.PACKET_HEADERS_SIZE) {
                return "a Core message whose body has no possible length";
            }
            at += 4 + endOfBody - PacketImpl.PACKET_HEADERS_SIZE;
        }
        at += 8; // its number
        if (frame.getByte(at++) != 0) { // its address
            int length = frame.getInt(at);
            if (length < 0 || length > frame.writerIndex() - at) {
                return "a Core message whose address has no possible length";
            }
            at += 4 + length;
        }
        switch (frame.getByte(at)) { // its id
            case DataConstants.NULL -> at += 1;
            case DataConstants.NOT_NULL -> at += 17;
            default -> { // the broker reads no id, and goes on at once
                return "a Core message that neither has an id nor has none";
            }
        }
        byte type = frame.getByte(at);
        if (type == Message.EMBEDDED_TYPE || type == Message.LARGE_EMBEDDED_TYPE) {
            return "a Core message that holds one of another protocol, as only brokers send";
        }
        at += 1 + 1 + 8 + 8 + 1; // type, durable, expiration, time, priority
        if (frame.getByte(at++) != 0) {
            int properties = frame.getInt(at);
            if (properties < 0 || properties > (frame.writerIndex() - at) / SMALLEST_PROPERTY) {
                return "a Core message that says it has " + properties + " properties";
            }
            return properties(frame, at + 4, properties);
        }
        return null;
    }

    /** As TypedProperties.decode reads them. */
    private static String properties(ByteBuf frame, int start, int count) {
        int at = start;
        for (int i = 0; i < count; i++) {
            int name = frame.getInt(at);
            if (!isText(frame, at + 4, name)) {
                return "a Core message with a property whose name has no possible length";
            }
            at += 4 + name;
            byte type = frame.getByte(at++);
            switch (type) {
                case DataConstants.NULL -> {}
                case DataConstants.BOOLEAN, DataConstants.BYTE -> at += 1;
                case DataConstants.SHORT, DataConstants.CHAR -> at += 2;
                case DataConstants.INT, DataConstants.FLOAT -> at += 4;
                case DataConstants.LONG, DataConstants.DOUBLE -> at += 8;
                case DataConstants.BYTES, DataConstants.STRING -> {
                    int value = frame.getInt(at);
                    if (value < 0
                            || value > frame.writerIndex() - at - 4
                            || type == DataConstants.STRING && value % 2 != 0) {
                        return "a Core message with a property whose value has no possible length";
                    }
                    at += 4 + value;
                }
                default -> {
                    return "a Core message with a property of type " + type + ", which there is not";
                }
            }
            if (at > frame.writerIndex()) {
                return "a Core message whose properties are cut short";
            }
        }
        return null;
    }

    /** Two bytes a character. */
    private static boolean isText(ByteBuf frame, int from, int length) {
        return length >= 0 && length % 2 == 0 && length <= frame.writerIndex() - from;
    }

    /** ReattachSessionResponseMessage: the length of what follows, type, channel, no last command, false. */
    private static ByteBuf notReattached() {
        return Unpooled.buffer(18)
                .writeInt(14)
                .writeByte(PacketImpl.REATTACH_SESSION_RESP)
                .writeLong(SESSION_CHANNEL)
                .writeInt(-1)
                .writeBoolean(false);
    }
}
