package io.pairingbridge.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TextTest {
    private static final String TILL = "\ud83d\udecd"; // one emoji, two units

    @Test
    void cutsAPropertyBeforeACharacterThatWouldBeSplit() {
        String cut = Text.property("x".repeat(3_996) + TILL + "yyyy", 4_000);

        assertThat(cut).isEqualTo("x".repeat(3_996) + "...");
    }

    @Test
    void cutsBeforeALetterWhoseAccentWouldBeLost() {
        assertThat(Text.cut("xxxe\u0301yyy", 7)).isEqualTo("xxx...");
        assertThat(Text.cut("xxxxxxxx", 7)).isEqualTo("xxxx...");
        assertThat(Text.cut("xxxxxxx", 7)).isEqualTo("xxxxxxx");
    }

    @Test
    void replacesHalfAnEmoji() {
        assertThat(Text.wellFormed("Till \ud83d")).isEqualTo("Till \ufffd");
        assertThat(Text.property("\udc00a", 100)).isEqualTo("\ufffda");
        assertThat(Text.wellFormed("Till " + TILL)).isEqualTo("Till " + TILL);
    }

    @Test
    void keepsAPropertyOnOneLine() {
        assertThat(Text.property("Till\nPairingTerminalId:T-1\r\n\n{}\u0000\u2028\u0085\u001b", 100))
                .isEqualTo("Till PairingTerminalId:T-1   {}\ufffd  \ufffd");
    }

    @Test
    void showsWhatWouldActOnATerminal() {
        assertThat(Text.line("a\nb\r\t\b\u001b[2J\u009b\u202eb\u200b\ufeff\ud83d\u2028"))
                .isEqualTo("a\\nb\\r\\t\\u0008\\u001b[2J\\u009b\\u202eb\\u200b\\ufeff\\ud83d\\u2028");
        assertThat(Text.line("T\u00f6pfer \u05d0\u05d1 " + TILL + "\u200d" + TILL))
                .isEqualTo("T\u00f6pfer \u05d0\u05d1 " + TILL + "\u200d" + TILL);
    }

    @Test
    void takesTheTeethOutOfFormulas() {
        for (String formula : List.of(
                "=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\u00a0=1", "\u200b=1", "\uff1d1", "|x", "%x")) {
            assertThat(Text.cell(formula)).startsWith("'").endsWith(formula);
        }
        assertThat(Text.cell("Till 1-2 = 3")).isEqualTo("Till 1-2 = 3");
        assertThat(Text.cell("a\u0000\ud83db")).isEqualTo("a\ufffd\ufffdb");
    }

    @Test
    void trimsWhatNobodySees() {
        assertThat(Text.trimmed("\ufeff\u200b\u200e\u202a\u2060\u0085\u00a0 \t420001\u00a0\u200f\n"))
                .isEqualTo("420001");
        assertThat(Text.trimmed("\u200b")).isEmpty();
        assertThat(Text.trimmed("4 2")).isEqualTo("4 2");
    }

    @Test
    void leavesNothingAsNothing() {
        assertThat(Text.wellFormed(null)).isNull();
        assertThat(Text.property(null, 10)).isNull();
        assertThat(Text.line(null)).isNull();
        assertThat(Text.cell(null)).isNull();
        assertThat(Text.cut(null, 10)).isNull();
        assertThat(Text.trimmed(null)).isNull();
    }

    @Property
    void whateverComesInCanBeWrittenAndDoesNotGrowPastItsLimit(
            @ForAll("anything") String text, @ForAll @IntRange(min = 4, max = 80) int longest) {
        String property = Text.property(text, longest);

        assertThat(property.length()).isLessThanOrEqualTo(longest);
        assertThat(property).doesNotMatch("(?s).*[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029].*");
        for (String out : List.of(property, Text.line(text), Text.cell(text), Text.wellFormed(text))) {
            assertThat(StandardCharsets.UTF_8.newEncoder().canEncode(out)).isTrue();
        }
        assertThat(Text.line(text)).doesNotMatch("(?s).*[\\p{Cntrl}\\u0080-\\u009f\\u2028\\u2029\\u202a-\\u202e].*");
    }

    @Provide
    Arbitrary<String> anything() {
        return Arbitraries.chars()
                .with('\ud83d', '\udecd', '\u0301', '\u200d', '\n', '\u001b', '\u202e', 'a', '=')
                .range('\u0000', '\uffff')
                .array(char[].class)
                .ofMaxSize(120)
                .map(String::new);
    }
}
