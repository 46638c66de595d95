package io.pairingbridge.broker.plugin;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * AMQP (1.0, part 2, 2.3 and 2.7.5): a message comes in transfer frames, of which all but the last say that more will
 * come. The broker keeps its sections before the body in memory until they are whole. Of each frame the first bytes are
 * read, as far as they say which link it is for and whether more comes.
 */
final class AmqpFrameLimit extends FrameLimit {
    /** Enough for the longest beginning of a transfer that says all of it: its tag has 32 bytes at most. */
    private static final int HEAD = 96;

    private static final int FRAME_HEADER = 8;
    private static final int TRANSFER = 0x14;

    private final byte[] head = new byte[HEAD];
    private int held;
    private long size = -1;
    private long come;
    private boolean judged;
    private final Map<Long, Long> begun = new HashMap<>();
    private long total;

    AmqpFrameLimit(ConnectionLimits all) {
        super(all);
    }

    @Override
    String look(ByteBuf buffer) {
        for (int i = buffer.readerIndex(); i < buffer.writerIndex(); ) {
            int readable = buffer.writerIndex() - i;
            if (size < 0) {
                head[held++] = buffer.getByte(i++);
                come++;
                if (held == FRAME_HEADER) {
                    if (head[0] == 'A' && head[1] == 'M' && head[2] == 'Q' && head[3] == 'P') {
                        end();
                        continue;
                    }
                    size = number(0, 4);
                    if (size < FRAME_HEADER || size > all.limits().frameBytes()) {
                        return "an AMQP frame of " + size + " bytes";
                    }
                }
            } else {
                int part = (int) Math.min(size - come, readable);
                int copied = Math.min(part, HEAD - held);
                buffer.getBytes(i, head, held, copied);
                held += copied;
                come += part;
                i += part;
            }
            if (size >= 0 && !judged && (held == HEAD || come == size)) {
                judged = true;
                String reason = transfer();
                if (reason != null) {
                    return reason;
                }
            }
            if (size >= 0 && come == size) {
                end();
            }
        }
        return null;
    }

    private void end() {
        held = 0;
        size = -1;
        come = 0;
        judged = false;
    }

    /** Counts a transfer to its link. What is no transfer, or none that can be read, is the broker's own to judge. */
    private String transfer() {
        Fields fields = new Fields();
        if (!fields.isTransfer()) {
            return null;
        }
        long link = number(6, 2) << 32 | fields.integer(0);
        long format = fields.integer(3);
        if (format > 0) {
            return "a message of the format " + format + ", which is not AMQP's own: send it with the format 0";
        }
        if (fields.flag(5)) {
            total += size;
            long sum = begun.merge(link, size, Long::sum);
            if (sum > 2 * all.limits().amqpMessageBytes()) { // up to there the sender is answered, and the connection
                // stays
                return "an AMQP message of more than " + 2 * all.limits().amqpMessageBytes()
                        + " bytes: send the document in parts, over Core, or" + " put it into the inbox";
            }
        } else {
            Long was = begun.remove(link);
            total -= was == null ? 0 : was;
        }
        return null;
    }

    private long number(int from, int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value = value << 8 | head[from + i] & 0xff;
        }
        return value;
    }

    @Override
    long pending() {
        return total + come;
    }

    /** A close frame with the reason (2.7.9). */
    @Override
    byte[] farewell(String reason) {
        byte[] condition = "amqp:link:message-size-exceeded".getBytes(StandardCharsets.US_ASCII);
        byte[] text = reason.getBytes(StandardCharsets.US_ASCII);
        int error = 3 + 1 + 4 + 4 + 2 + condition.length + 5 + text.length;
        java.nio.ByteBuffer frame = java.nio.ByteBuffer.allocate(FRAME_HEADER + 3 + 9 + error);
        frame.putInt(frame.capacity()).put((byte) 2).put((byte) 0).putShort((short) 0);
        frame.put(new byte[] {0, 0x53, 0x18, (byte) 0xd0}).putInt(4 + error).putInt(1);
        frame.put(new byte[] {0, 0x53, 0x1d, (byte) 0xd0})
                .putInt(4 + 2 + condition.length + 5 + text.length)
                .putInt(2);
        frame.put((byte) 0xa3).put((byte) condition.length).put(condition);
        frame.put((byte) 0xb1).putInt(text.length).put(text);
        return frame.array();
    }

    /** The fields of a performative, as far as they are held. */
    private final class Fields {
        private int at = Math.max(FRAME_HEADER, (head[4] & 0xff) * 4);
        private final int count;

        Fields() {
            boolean transfer = next() == 0 && next() == 0x53 && next() == TRANSFER;
            int list = next();
            if (transfer && list == 0xc0) {
                next();
                count = next();
            } else if (transfer && list == 0xd0) {
                at += 4;
                count = next() << 24 | next() << 16 | next() << 8 | next();
            } else {
                count = -1;
            }
        }

        boolean isTransfer() {
            return count >= 0;
        }

        /** Unsigned; 0 where it is left out, null or cannot be read. */
        long integer(int field) {
            int[] content = content(field);
            long value = 0;
            for (int i = 0; content != null && i < content[1] && content[0] + i < held; i++) {
                value = value << 8 | head[content[0] + i] & 0xff;
            }
            return value;
        }

        boolean flag(int field) {
            int start = start(field);
            return start >= 0
                    && start < held
                    && ((head[start] & 0xff) == 0x41
                            || (head[start] & 0xff) == 0x56 && start + 1 < held && head[start + 1] != 0);
        }

        private int[] content(int field) {
            int start = start(field);
            if (start < 0 || start >= held) {
                return null;
            }
            return switch ((head[start] & 0xff) >> 4) {
                case 0x5 -> new int[] {start + 1, 1};
                case 0x7 -> new int[] {start + 1, 4};
                default -> null;
            };
        }

        private int start(int field) {
            if (field >= count) {
                return -1;
            }
            int position = at;
            for (int i = 0; i < field && position < held; i++) {
                int constructor = head[position] & 0xff;
                position += 1
                        + switch (constructor >> 4) {
                            case 0x5 -> 1;
                            case 0x6 -> 2;
                            case 0x7 -> 4;
                            case 0x8 -> 8;
                            case 0xa -> 1 + (position + 1 < held ? head[position + 1] & 0xff : 0);
                            case 0xb -> 4 + (position + 4 < held ? head[position + 4] & 0xff : 0);
                            default -> 0;
                        };
            }
            return position;
        }

        private int next() {
            return at < held ? head[at++] & 0xff : -1;
        }
    }
}
