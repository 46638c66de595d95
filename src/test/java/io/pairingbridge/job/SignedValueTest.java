package io.pairingbridge.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.journal.OtpHash;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class SignedValueTest {
    private final SignedValue mark =
            new SignedValue("P", new OtpHash("key".repeat(11).getBytes(StandardCharsets.UTF_8))::of);

    @Test
    void readsWhatItWroteForThatJob() {
        assertThat(mark.read("job-1", mark.write("job-1", "4711"))).isEqualTo("4711");
    }

    @Test
    void ignoresWhatAnybodyElseWrote() {
        String written = mark.write("job-1", "4711");

        assertThat(mark.read("job-2", written)).as("for another job").isNull();
        assertThat(mark.read("job-1", written.replace("4711", "4712")))
                .as("of another message")
                .isNull();
        assertThat(mark.read(
                        "job-1",
                        new SignedValue("P", new OtpHash("kez".repeat(11).getBytes(StandardCharsets.UTF_8))::of)
                                .write("job-1", "4711")))
                .as("with another key")
                .isNull();
        assertThat(mark.read(
                        "job-1",
                        new SignedValue("Q", new OtpHash("key".repeat(11).getBytes(StandardCharsets.UTF_8))::of)
                                .write("job-1", "4711")))
                .as("of another property")
                .isNull();
        for (Object other : new Object[] {null, "4711", 4711L, "4711.", "4711." + "0".repeat(32), written + "0", ""}) {
            assertThat(mark.read("job-1", other)).as(String.valueOf(other)).isNull();
        }
    }
}
