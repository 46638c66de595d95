package io.pairingbridge.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Bodies of requests and of batch documents, for every protocol. */
final class Bodies {
    private Bodies() {}

    /** A legal body for the draft's address. */
    static byte[] legal(BrokerDoor.Draft draft) {
        return (draft.batch() ? document(draft, 0) : BrokerDoor.body(draft.token)).getBytes(StandardCharsets.UTF_8);
    }

    /** A body that may be anything; the draft says what. */
    static byte[] drawn(BrokerDoor.Draft draft, Random random) {
        String legal = draft.batch() ? document(draft, random.nextInt(3)) : BrokerDoor.body(draft.token);
        byte[] utf8 = legal.getBytes(StandardCharsets.UTF_8);
        int kind = random.nextInt(20);
        switch (kind) {
            case 0:
                draft.odd("empty body");
                return new byte[0];
            case 1:
                draft.odd("body cut");
                return java.util.Arrays.copyOf(utf8, random.nextInt(utf8.length));
            case 2:
                draft.odd("body not UTF-8");
                utf8[random.nextInt(utf8.length)] = (byte) (0x80 + random.nextInt(128));
                return utf8;
            case 3:
                draft.odd("body UTF-16");
                return legal.getBytes(StandardCharsets.UTF_16);
            case 4:
                draft.odd("half a character");
                return AmqpBytes.utf8(legal.replace("Till", "Till \ud83d"));
            case 5:
                draft.odd("half a character, escaped");
                return legal.replace("Till", "Till \\ud83d").getBytes(StandardCharsets.UTF_8);
            case 6:
                draft.odd("NUL");
                return legal.replace("Till", "Ti\u0000ll").getBytes(StandardCharsets.UTF_8);
            case 7:
                draft.odd("NUL, escaped");
                return legal.replace("Till", "Ti\\u0000ll").getBytes(StandardCharsets.UTF_8);
            case 8:
                draft.odd("controls");
                return legal.replace("Till", "\u001b[2J\u202e\u0085\u0007").getBytes(StandardCharsets.UTF_8);
            case 9:
                draft.odd("deep");
                return "[".repeat(1 + random.nextInt(100_000)).getBytes(StandardCharsets.UTF_8);
            case 10:
                draft.odd("name twice");
                return legal.replace("name", "name\":\"x\",\"name").getBytes(StandardCharsets.UTF_8);
            case 11:
                int length = 65_536 - utf8.length + random.nextInt(3) - 1;
                draft.odd("about 64 KiB");
                return legal.replace("Till", "x".repeat(length)).getBytes(StandardCharsets.UTF_8);
            case 12:
                draft.odd("100 kB to 1 MB");
                return legal.replace("Till", "x".repeat(100_000 + random.nextInt(900_000)))
                        .getBytes(StandardCharsets.UTF_8);
            case 13:
                draft.odd("noise");
                return AmqpBytes.bytes(random, random.nextInt(300));
            case 14:
                draft.odd("number for a text");
                return legal.replaceFirst("\"otp\":\"[^\"]*\"", "\"otp\":1e400").getBytes(StandardCharsets.UTF_8);
            case 15:
                draft.odd("another field");
                return legal.replaceFirst("\"name\"", "\"nam\"").getBytes(StandardCharsets.UTF_8);
            case 16:
                draft.with("byte order mark");
                draft.expected = null;
                return ("\ufeff" + legal).getBytes(StandardCharsets.UTF_8);
            case 17:
                draft.odd("JSON null");
                return "null".getBytes(StandardCharsets.UTF_8);
            case 18:
                draft.odd("long digits");
                return ("9".repeat(1 + random.nextInt(200_000))).getBytes(StandardCharsets.UTF_8);
            default:
                draft.with("plain body");
                return utf8;
        }
    }

    private static String document(BrokerDoor.Draft draft, int form) {
        String otp = draft.otps.get(0);
        return switch (form) {
            case 1 -> "{\"name\":\"Till\",\"otp\":\"" + otp + "\",\"token\":\"" + draft.token + "\"}\n";
            case 2 -> "[{\"name\":\"Till\",\"otp\":\"" + otp + "\",\"token\":\"" + draft.token + "\"}]";
            default -> "name,otp,token\nTill," + otp + "," + draft.token + "\n";
        };
    }
}
