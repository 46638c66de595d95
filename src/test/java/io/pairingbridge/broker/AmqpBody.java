package io.pairingbridge.broker;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Encoded AMQP messages, section by section: right ones and others (AMQP 1.0, part 1 and 3.2). */
final class AmqpBody {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    static byte[] request(String json) {
        return new AmqpBody().header(0x41, 0x50, 4).value(string(json)).bytes();
    }

    /** A section's descriptor and its value, as it is. */
    AmqpBody section(int number, byte[] value) {
        bytes.writeBytes(new byte[] {0, 0x53, (byte) number});
        bytes.writeBytes(value);
        return this;
    }

    /** Durable and priority; further fields as they are. */
    AmqpBody header(int... fields) {
        byte[] all = new byte[fields.length];
        for (int i = 0; i < fields.length; i++) {
            all[i] = (byte) fields[i];
        }
        int count = fields.length == 0 ? 0 : fields.length == 3 ? 2 : 1;
        return section(0x70, list(count, all));
    }

    AmqpBody annotation(String name, byte[] value) {
        return section(0x72, map(symbol(name), value));
    }

    AmqpBody property(String name, byte[] value) {
        return section(0x74, map(string(name), value));
    }

    AmqpBody data(byte[] content) {
        return section(0x75, binary(content));
    }

    AmqpBody value(byte[] value) {
        return section(0x77, value);
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }

    static byte[] cut(byte[] message, int by) {
        return Arrays.copyOf(message, message.length - by);
    }

    static byte[] string(String text) {
        return sized(0xb1, text.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] symbol(String text) {
        return sized(0xb3, text.getBytes(StandardCharsets.US_ASCII));
    }

    static byte[] binary(byte[] content) {
        return sized(0xb0, content);
    }

    static byte[] list(int count, byte[]... items) {
        return sized(0xd0, join(ByteBuffer.allocate(4).putInt(count).array(), join(items)));
    }

    static byte[] map(byte[]... items) {
        return sized(0xd1, join(ByteBuffer.allocate(4).putInt(items.length).array(), join(items)));
    }

    static byte[] sized(int constructor, byte[] content) {
        return join(
                new byte[] {(byte) constructor},
                ByteBuffer.allocate(4).putInt(content.length).array(),
                content);
    }

    static byte[] uuid() {
        return join(new byte[] {(byte) 0x98}, new byte[16]);
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
