package io.pairingbridge.broker.plugin;

import io.netty.buffer.ByteBuf;

/** Core packets: a length of four bytes, then so many bytes. Larger messages come in many packets. */
final class CoreFrameLimit extends FrameLimit {
    private int lengthBytes;
    private int length;
    private long come;
    private long left;

    CoreFrameLimit(ConnectionLimits all) {
        super(all);
    }

    @Override
    String look(ByteBuf buffer) {
        for (int i = buffer.readerIndex(); i < buffer.writerIndex(); ) {
            if (left > 0) {
                long part = Math.min(left, buffer.writerIndex() - i);
                left -= part;
                come = left == 0 ? 0 : come + part;
                i += (int) part;
            } else {
                length = length << 8 | buffer.getByte(i++) & 0xff;
                if (++lengthBytes == 4) {
                    if (length < 0 || length > all.limits().frameBytes()) {
                        return "a Core packet of more than " + all.limits().frameBytes() + " bytes";
                    }
                    left = length;
                    lengthBytes = 0;
                    length = 0;
                }
            }
        }
        return null;
    }

    @Override
    long pending() {
        return come;
    }

    @Override
    byte[] farewell(String reason) {
        return null;
    }
}
