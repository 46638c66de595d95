package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void standsBesideEachOtherWhatFits() {
        Table table = new Table("JOB", "OUTCOME").wide("HTTP").below("REMEDY");
        table.row("till-1", "PAIRED", 200, "");
        table.row("till-12", "REJECTED", 400, "A new password.");
        assertThat(table.lines(false, 40))
                .containsExactly("JOB      OUTCOME", "till-1   PAIRED", "till-12  REJECTED", "  A new password.");
        assertThat(table.lines(true, 40))
                .containsExactly(
                        "JOB      OUTCOME   HTTP  REMEDY",
                        "till-1   PAIRED    200",
                        "till-12  REJECTED  400   A new password.");
    }

    @Test
    void goesOnBelowWhatDoesNotFit() {
        Table table = new Table("JOB", "OUTCOME").below("REMEDY");
        table.row("a-very-long-id-of-a-job", "IN_DOUBT", "Look at the terminal: unpair it.");
        assertThat(table.lines(false, 24))
                .containsExactly(
                        "JOB             OUTCOME",
                        "a-very-long-id  IN_DOUBT",
                        "-of-a-job",
                        "  Look at the terminal:",
                        "  unpair it.");
    }

    @Test
    void anIdIsBrokenOnlyWhereNothingElseCanBe() {
        String id = "a05919ce-cc2c-4ddb-b36f-fb79ec0d7364";
        Table table = new Table("JOB", "NAME", "OUTCOME", "FAILED");
        table.row(id, "Terminal with a rather long name", "MISCONFIGURED", "2026-11-29 21:30");
        assertThat(table.lines(false, 87).get(1)).startsWith(id).endsWith("2026-11-29 21:30");
        assertThat(table.lines(false, 80)).allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
    }

    @Test
    void aCharacterOfEastAsiaTakesTwoColumnsAndNoneIsCutInHalf() {
        Table table = new Table("NAME", "N");
        table.row("\u6771\u4eac \ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00", 1);
        List<String> lines = table.lines(false, 12);
        assertThat(lines).allSatisfy(line -> assertThat(Screen.width(line)).isLessThanOrEqualTo(12));
        assertThat(String.join("", lines))
                .contains("\u6771\u4eac")
                .doesNotContain("?")
                .doesNotContain("\ufffd");
    }

    @Property(tries = 300)
    void noLineIsLongerAndNothingIsLeftOut(
            @ForAll @Size(3) List<String> cells, @ForAll @IntRange(min = 30, max = 120) int width) {
        Table table = new Table("A", "B").below("C");
        table.row(cells.toArray());
        List<String> lines = table.lines(false, width);
        assertThat(lines).allSatisfy(line -> assertThat(Screen.width(line)).isLessThanOrEqualTo(width));
        String all = letters(String.join("", lines));
        for (String cell : cells) {
            letters(cell).chars().forEach(letter -> assertThat(all.chars()).contains(letter));
        }
    }

    private static String letters(String text) {
        return text.replaceAll("[^A-Za-z0-9]", "");
    }
}
