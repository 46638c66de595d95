package io.pairingbridge.simulator;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How often each OTP was posted, for as many OTPs as there is room for; the ones longest not seen are forgotten first,
 * and would pair again. OTPs are kept as hashes with a key of this process: a heap dump of the simulator names none.
 */
final class PostCounts {

    /** 16 bytes of a hash: two OTPs that share them would take more OTPs than anybody will post. */
    private record Hash(long high, long low) {}

    private final byte[] hashKey = new byte[32];
    private final Map<Hash, Byte> counts;

    PostCounts(int capacity) {
        new SecureRandom().nextBytes(hashKey);
        counts = new LinkedHashMap<>(64, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Hash, Byte> eldest) {
                return size() > capacity;
            }
        };
    }

    /** How many OTPs were posted more than once, of those that are remembered. */
    long repeated() {
        synchronized (counts) {
            return counts.values().stream().filter(count -> count > 1).count();
        }
    }

    /** Counts a post, and returns how many there were before it; {@link Script#LONGEST} stands for that and more. */
    int next(String otp) {
        Hash hash = hash(otp);
        // The one lock of the simulator: of two posts with one OTP at the same moment, one is the first.
        synchronized (counts) {
            int earlier = counts.getOrDefault(hash, (byte) 0);
            counts.put(hash, (byte) Math.min(earlier + 1, Script.LONGEST));
            return earlier;
        }
    }

    int size() {
        synchronized (counts) {
            return counts.size();
        }
    }

    private Hash hash(String otp) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(hashKey);
            ByteBuffer bytes = ByteBuffer.wrap(digest.digest(otp.getBytes(StandardCharsets.UTF_8)));
            return new Hash(bytes.getLong(), bytes.getLong());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256.", e);
        }
    }
}
