package io.pairingbridge.journal;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Keyed hash of a one-time password (HMAC-SHA256, RFC 2104). Keyed, because a password of a few digits could be found
 * from a plain hash by trying them all.
 */
public final class OtpHash {
    /** One for each thread: it is not thread-safe, and making one costs more than the hash. */
    private final ThreadLocal<Mac> macs;

    /** @param key at least 32 random bytes, the same for all instances on one journal */
    public OtpHash(byte[] key) {
        SecretKeySpec spec = new SecretKeySpec(key, "HmacSHA256");
        this.macs = ThreadLocal.withInitial(() -> mac(spec));
    }

    public String of(String otp) {
        return HexFormat.of().formatHex(macs.get().doFinal(otp.getBytes(StandardCharsets.UTF_8)));
    }

    private static Mac mac(SecretKeySpec key) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            return mac;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this Java cannot compute HmacSHA256", e);
        }
    }
}
