package io.pairingbridge.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileNameTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Till 3|Till-3",
                "T\u00f6pfer|T\u00f6pfer",
                "../../etc/passwd|etc-passwd",
                ".hidden|hidden",
                "-rf|rf",
                "\u5e97\u8217 1|\u5e97\u8217-1",
                "Till.|Till",
                "a\u202eb|a-b",
                "Caf\u0065\u0301|Caf\u0065\u0301",
                "\ud83d\ude00|''"
            })
    void keepsWhatAFileMayBeCalled(String text, String name) {
        assertThat(Text.fileName(text, 60)).isEqualTo(name);
    }

    @Test
    void cutsNoCharacter() {
        assertThat(Text.fileName("a\u0000\nb", 60)).isEqualTo("a-b");
        assertThat(Text.fileName("a\ud83db", 60)).isEqualTo("a-b");
        String cut = Text.fileName("\u00f6".repeat(40), 61);
        assertThat(cut).isEqualTo("\u00f6".repeat(30));
        assertThat(cut.getBytes(StandardCharsets.UTF_8)).hasSize(60);
        assertThat(Text.fileName(null, 60)).isNull();
    }
}
