package io.pairingbridge.sealing;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.SealedAnswer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class PlainSealerTest {

    private final Sealer sealer = new PlainSealer();

    @Test
    void keepsJsonAsItIs() {
        String json = "\uFEFF{ \"client_secret\" : \"é\uD83D\uDD11\\u0000\" }\r\n";
        assertThat(sealer.seal(json.getBytes(StandardCharsets.UTF_8), "job-1"))
                .isEqualTo(new SealedAnswer(json, "none", "application/json"));
        assertThat(sealer.keyId()).isEqualTo("none");
        sealer.verify();
    }

    @Test
    void writesWhatIsNoTextInBase64() {
        byte[] cutInACharacter = {'{', '"', (byte) 0xC3};
        assertThat(sealer.seal(cutInACharacter, "job-1"))
                .isEqualTo(new SealedAnswer("eyLD", "none", "application/octet-stream;base64"));
    }

    @Property
    void givesEveryByteBack(@ForAll byte[] bytes) {
        SealedAnswer sealed = sealer.seal(bytes, "job-1");
        byte[] back = sealed.contentType().equals(PlainSealer.BINARY)
                ? Base64.getDecoder().decode(sealed.body())
                : sealed.body().getBytes(StandardCharsets.UTF_8);
        assertThat(back).isEqualTo(bytes);
    }

    @Property
    void keepsEveryTextAsItIs(@ForAll String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        assertThat(sealer.seal(bytes, "job-1").body()).isEqualTo(new String(bytes, StandardCharsets.UTF_8));
    }
}
