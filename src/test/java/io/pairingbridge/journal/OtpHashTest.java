package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class OtpHashTest {

    @Test
    void isTheHmacThatAnotherProgramWouldCompute() {
        OtpHash hash = new OtpHash("Jefe".getBytes(StandardCharsets.US_ASCII)); // RFC 4231, test case 2
        assertThat(hash.of("what do ya want for nothing?"))
                .isEqualTo("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    @Test
    void tellsNothingWithoutTheKey() {
        OtpHash one = new OtpHash("0123456789abcdef0123456789abcdef".getBytes(StandardCharsets.US_ASCII));
        OtpHash other = new OtpHash("0123456789abcdef0123456789abcdeg".getBytes(StandardCharsets.US_ASCII));
        assertThat(one.of("031337"))
                .isEqualTo(one.of("031337"))
                .isNotEqualTo(other.of("031337"))
                .isNotEqualTo(one.of("031338"));
    }
}
