package io.pairingbridge.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Writes AMQP 1.0 values (OASIS AMQP 1.0, part 1), legal ones and others; a value is its constructor and its data. */
final class AmqpBytes {
    static final byte[] NULL = {0x40};
    private static final long[] LONGS = {
        0,
        1,
        -1,
        127,
        128,
        255,
        256,
        32_767,
        65_535,
        Integer.MAX_VALUE,
        Integer.MIN_VALUE,
        0xffffffffL,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        253_402_300_800_000L,
        1_800_000_000_000L
    };
    private static final String[] TEXTS = {
        "",
        "a",
        "text",
        "ID:x",
        "\u0000",
        "\ud800",
        "\ud83d\ude00",
        "\u202e",
        "{{env:HOME}}",
        "line\nline",
        "\u001b[2J",
        "1",
        "-1",
        "true",
        "9999999999999999999"
    };

    /** A drawn value and what it is called in a description. */
    record Value(String kind, byte[] bytes) {}

    private AmqpBytes() {}

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    static byte[] join(List<byte[]> parts) {
        return join(parts.toArray(byte[][]::new));
    }

    private static byte[] fixed(int constructor, int width, long value) {
        byte[] bytes = new byte[1 + width];
        bytes[0] = (byte) constructor;
        for (int i = 0; i < width; i++) {
            bytes[width - i] = (byte) (value >>> 8 * i);
        }
        return bytes;
    }

    private static byte[] variable(int shortConstructor, int longConstructor, byte[] data) {
        return data.length < 256
                ? join(new byte[] {(byte) shortConstructor, (byte) data.length}, data)
                : join(fixed(longConstructor, 4, data.length), data);
    }

    static byte[] bool(boolean value) {
        return new byte[] {(byte) (value ? 0x41 : 0x42)};
    }

    static byte[] ubyte(int value) {
        return fixed(0x50, 1, value);
    }

    static byte[] uint(long value) {
        return fixed(0x70, 4, value);
    }

    static byte[] ulong(long value) {
        return fixed(0x80, 8, value);
    }

    static byte[] longValue(long value) {
        return fixed(0x81, 8, value);
    }

    static byte[] timestamp(long millis) {
        return fixed(0x83, 8, millis);
    }

    static byte[] uuid(Random random) {
        return join(
                new byte[] {(byte) 0x98},
                ByteBuffer.allocate(16)
                        .putLong(random.nextLong())
                        .putLong(random.nextLong())
                        .array());
    }

    static byte[] binary(byte[] data) {
        return variable(0xa0, 0xb0, data);
    }

    static byte[] string(String text) {
        return variable(0xa1, 0xb1, utf8(text));
    }

    static byte[] symbol(String text) {
        return variable(0xa3, 0xb3, text.getBytes(StandardCharsets.US_ASCII));
    }

    /** UTF-8, and a surrogate without its pair in three bytes, which no UTF-8 has. */
    static byte[] utf8(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        text.codePoints().forEach(c -> {
            if (c >= 0xd800 && c <= 0xdfff) {
                bytes.write(0xe0 | c >> 12);
                bytes.write(0x80 | c >> 6 & 0x3f);
                bytes.write(0x80 | c & 0x3f);
            } else {
                bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
            }
        });
        return bytes.toByteArray();
    }

    private static byte[] compound(int constructor, int count, byte[] items) {
        return join(
                fixed(constructor, 4, items.length + 4L),
                ByteBuffer.allocate(4).putInt(count).array(),
                items);
    }

    static byte[] list(List<byte[]> items) {
        return items.isEmpty() ? new byte[] {0x45} : compound(0xd0, items.size(), join(items));
    }

    /** Keys and values in turn. */
    static byte[] map(List<byte[]> items) {
        return compound(0xd1, items.size(), join(items));
    }

    static byte[] described(byte[] descriptor, byte[] value) {
        return join(new byte[] {0}, descriptor, value);
    }

    /** A section of a message: 0x70 is the header's code, 0x78 the footer's. */
    static byte[] section(int code, byte[] value) {
        return described(fixed(0x53, 1, code), value);
    }

    static String text(Random random) {
        return TEXTS[random.nextInt(TEXTS.length)];
    }

    static long number(Random random) {
        return LONGS[random.nextInt(LONGS.length)];
    }

    /** A value of any type of AMQP 1.0, at the ends of its range or within. */
    static Value any(Random random, int depth) {
        long n = random.nextInt(4) == 0 ? random.nextLong() : number(random);
        return switch (random.nextInt(depth > 0 ? 31 : 26)) {
            case 0 -> new Value("null", NULL);
            case 1 -> new Value("boolean", random.nextBoolean() ? bool(n > 0) : fixed(0x56, 1, n & 1));
            case 2 -> new Value("ubyte", ubyte((int) n));
            case 3 -> new Value("ushort", fixed(0x60, 2, n));
            case 4 -> new Value("uint", uint(n));
            case 5 -> new Value("smalluint", fixed(0x52, 1, n));
            case 6 -> new Value("uint0", new byte[] {0x43});
            case 7 -> new Value("ulong", ulong(n));
            case 8 -> new Value("smallulong", fixed(0x53, 1, n));
            case 9 -> new Value("ulong0", new byte[] {0x44});
            case 10 -> new Value("byte", fixed(0x51, 1, n));
            case 11 -> new Value("short", fixed(0x61, 2, n));
            case 12 -> new Value("int", random.nextBoolean() ? fixed(0x71, 4, n) : fixed(0x54, 1, n));
            case 13 -> new Value("long", random.nextBoolean() ? longValue(n) : fixed(0x55, 1, n));
            case 14 -> new Value("float", fixed(0x72, 4, Float.floatToRawIntBits(n == 0 ? Float.NaN : n)));
            case 15 ->
                new Value("double", fixed(0x82, 8, Double.doubleToRawLongBits(n == 0 ? Double.NEGATIVE_INFINITY : n)));
            case 16 -> new Value("decimal32", fixed(0x74, 4, n));
            case 17 -> new Value("decimal64", fixed(0x84, 8, n));
            case 18 -> new Value("decimal128", join(fixed(0x94, 8, n), new byte[8]));
            case 19 -> new Value("char", fixed(0x73, 4, n));
            case 20 -> new Value("timestamp", timestamp(n));
            case 21 -> new Value("uuid", uuid(random));
            case 22 -> new Value("binary", binary(bytes(random, random.nextInt(40))));
            case 23 -> new Value("string", string(text(random)));
            case 24 -> new Value("string", string("x".repeat(random.nextInt(5) == 0 ? 40_000 : 300)));
            case 25 -> new Value("symbol", symbol(random.nextBoolean() ? "sym" : text(random)));
            case 26 -> new Value("list", list(several(random, depth - 1, random.nextInt(4))));
            case 27 -> new Value("map", map(several(random, depth - 1, 2 * random.nextInt(3))));
            case 28 -> new Value("array", array(random));
            case 29 ->
                new Value(
                        "described",
                        described(any(random, 0).bytes(), any(random, depth - 1).bytes()));
            default -> new Value("list-of-list", list(List.of(list(several(random, 0, 2)))));
        };
    }

    private static List<byte[]> several(Random random, int depth, int count) {
        List<byte[]> items = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            items.add(any(random, depth).bytes());
        }
        return items;
    }

    private static byte[] array(Random random) {
        int count = random.nextInt(4);
        byte[] items = new byte[] {0x71};
        for (int i = 0; i < count; i++) {
            items = join(items, ByteBuffer.allocate(4).putInt(random.nextInt()).array());
        }
        return compound(0xf0, count, items);
    }

    static byte[] bytes(Random random, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** The encoding with something wrong in it; the description says what. */
    static Value spoilt(Random random, byte[] bytes) {
        byte[] copy = bytes.clone();
        int at = copy.length == 0 ? 0 : random.nextInt(copy.length);
        switch (random.nextInt(7)) {
            case 0:
                return new Value("cut@" + at, java.util.Arrays.copyOf(copy, at));
            case 1:
                if (copy.length > 0) {
                    copy[at] ^= (byte) (1 << random.nextInt(8));
                }
                return new Value("bit@" + at, copy);
            case 2:
                if (copy.length > 0) {
                    copy[at] = (byte) random.nextInt(256);
                }
                return new Value("byte@" + at, copy);
            case 3:
                return new Value(
                        "inserted@" + at,
                        join(
                                java.util.Arrays.copyOf(copy, at),
                                bytes(random, 1 + random.nextInt(4)),
                                java.util.Arrays.copyOfRange(copy, at, copy.length)));
            case 4:
                int to = Math.min(copy.length, at + 1 + random.nextInt(8));
                return new Value(
                        "removed@" + at,
                        join(java.util.Arrays.copyOf(copy, at), java.util.Arrays.copyOfRange(copy, to, copy.length)));
            case 5:
                for (int i = 0; i < 4 && at + i < copy.length; i++) {
                    copy[at + i] = (byte) 0xff;
                }
                return new Value("ff@" + at, copy);
            default:
                return new Value("appended", join(copy, bytes(random, 1 + random.nextInt(9))));
        }
    }
}
