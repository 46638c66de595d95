package io.pairingbridge.broker.plugin;

import java.util.ArrayList;
import java.util.List;

/**
 * Walks over the sections of an encoded AMQP message (AMQP 1.0, part 3, 3.2) by the sizes that they say, without
 * decoding what they hold: what cannot be walked is refused, be it cut short, of other sections, or more than one body.
 */
final class AmqpSections {
    private static final int PROPERTIES_END =
            0x74; // header 0x70, annotations 0x71 and 0x72, properties 0x73, application's 0x74
    private static final int DATA = 0x75;
    private static final int VALUE = 0x77;
    private static final int FOOTER = 0x78;

    /** Where the body's bytes are. */
    record Body(boolean text, List<int[]> parts) {

        int length() {
            return parts.stream().mapToInt(part -> part[1]).sum();
        }

        byte[] joined(byte[] message) {
            byte[] all = new byte[length()];
            int at = 0;
            for (int[] part : parts) {
                System.arraycopy(message, part[0], all, at, part[1]);
                at += part[1];
            }
            return all;
        }
    }

    private final byte[] bytes;
    private int at;

    private AmqpSections(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Data sections, which are one body together, or one value that is a string or binary. */
    static Body body(byte[] message) throws RefusedException {
        AmqpSections sections = new AmqpSections(message);
        List<int[]> parts = new ArrayList<>();
        int last = 0;
        int type = 0;
        while (sections.at < message.length) {
            int section = sections.descriptor();
            boolean again = section == DATA && last == DATA;
            if (section <= last && !again
                    || section > PROPERTIES_END && section < FOOTER && last > PROPERTIES_END && !again) {
                throw malformed();
            }
            last = section;
            int constructor = sections.next();
            int[] content = sections.content(constructor);
            if (section == DATA || section == VALUE) {
                type = constructor;
                boolean binary = constructor == 0xa0 || constructor == 0xb0;
                boolean string = constructor == 0xa1 || constructor == 0xb1;
                if (!binary && !(section == VALUE && string)) {
                    throw neither();
                }
                parts.add(content);
            } else if (section > PROPERTIES_END && section != FOOTER) {
                throw neither();
            }
        }
        if (parts.isEmpty()) {
            throw new RefusedException("the message has no body: send the document as a string or as data");
        }
        return new Body(type == 0xa1 || type == 0xb1, parts);
    }

    static boolean hasFooter(byte[] message) throws RefusedException {
        AmqpSections sections = new AmqpSections(message);
        int section = 0;
        while (sections.at < message.length) {
            section = sections.descriptor();
            sections.content(sections.next());
        }
        return section == FOOTER;
    }

    /** A described type's mark, then the section's number as a ulong of one byte, or of eight. */
    private int descriptor() throws RefusedException {
        if (next() != 0) {
            throw malformed();
        }
        int encoding = next();
        if (encoding == 0x53) {
            return known(next());
        }
        if (encoding == 0x80) {
            for (int i = 0; i < 7; i++) {
                if (next() != 0) {
                    throw malformed();
                }
            }
            return known(next());
        }
        throw malformed();
    }

    private static int known(int section) throws RefusedException {
        if (section < 0x70 || section > FOOTER) {
            throw malformed();
        }
        return section;
    }

    /** AMQP 1.0, 1.2: the high half of a constructor says how long its value is, or how long the length of it. */
    private int[] content(int constructor) throws RefusedException {
        int length = switch (constructor >> 4) {
            case 0x4 -> 0;
            case 0x5 -> 1;
            case 0x6 -> 2;
            case 0x7 -> 4;
            case 0x8 -> 8;
            case 0x9 -> 16;
            case 0xa, 0xc, 0xe -> next();
            case 0xb, 0xd, 0xf -> next() << 24 | next() << 16 | next() << 8 | next();
            default -> -1; // a described value as a body, or no type at all
        };
        if (length < 0 || length > bytes.length - at) {
            throw malformed();
        }
        int[] content = {at, length};
        at += length;
        return content;
    }

    private int next() throws RefusedException {
        if (at >= bytes.length) {
            throw malformed();
        }
        return bytes[at++] & 0xff;
    }

    private static RefusedException malformed() {
        return new RefusedException(
                "the message is not encoded as AMQP 1.0 has it, or has more than one body: send the document as one"
                        + " string or as data");
    }

    private static RefusedException neither() {
        return new RefusedException("the body is neither a string nor binary data: send the document as one of them");
    }
}
