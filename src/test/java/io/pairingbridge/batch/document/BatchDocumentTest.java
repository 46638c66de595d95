package io.pairingbridge.batch.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.batch.document.DocumentEntry.Refused;
import io.pairingbridge.batch.document.DocumentEntry.Row;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BatchDocumentTest {
    @ParameterizedTest
    @ValueSource(strings = {",", ";", "\t"})
    void readsCsvWithAnySeparatorAnyOrderAndAnyLineEnd(String separator) throws Exception {
        for (String end : List.of("\n", "\r\n", "\r")) {
            for (String mark : List.of("", "\ufeff", "sep=" + separator + end)) {
                String text = mark
                        + String.join(separator, "Store", " OTP ", "name", "webhook_url", "job_id", "integrator")
                        + end
                        + String.join(separator, "S-1", "000123", " Till 1 ", "https://a/b", "j-1", "east")
                        + end
                        + String.join(
                                separator,
                                "S-2",
                                "000124",
                                "\"Till" + separator + " \"\"2\"\"" + end + "upstairs\"",
                                "",
                                "",
                                "")
                        + end
                        + String.join(separator, "", " ", "", "", "", "")
                        + end
                        + String.join(separator, "", "000125", "T\u00f6pfer", "", "", "");

                List<DocumentEntry> rows = all(text);

                int first = mark.startsWith("sep") ? 3 : 2;
                assertThat(rows)
                        .as("separator %s, line end %s, begins %s", separator, end.length(), mark)
                        .containsExactly(
                                new Row(
                                        first,
                                        "Till 1",
                                        "000123",
                                        "https://a/b",
                                        "j-1",
                                        "east",
                                        null,
                                        Map.of("Store", "S-1")),
                                new Row(
                                        first + 1,
                                        "Till" + separator + " \"2\"" + end + "upstairs",
                                        "000124",
                                        null,
                                        null,
                                        null,
                                        null,
                                        Map.of("Store", "S-2")),
                                new Row(first + 4, "T\u00f6pfer", "000125", null, null, null, null, Map.of()));
            }
        }
    }

    @Test
    void readsNdjsonAndArraysAlike() throws Exception {
        String one =
                "{\"name\":\"Till 1\",\"otp\":\"0001\",\"reference\":{\"store\":\"S-1\"},\"till\":4,\"job_id\":null,\"open\":true}";
        String two = "{\"otp\":\"0002\",\"Name\":\" Till 2 \",\"otp_generated_at\":\"2026-11-25T09:00:00Z\"}";

        assertThat(all(one + "\n\n  " + two + "\r\n"))
                .containsExactly(
                        new Row(
                                1,
                                "Till 1",
                                "0001",
                                null,
                                null,
                                null,
                                null,
                                Map.of("store", "S-1", "till", "4", "open", "true")),
                        new Row(3, "Till 2", "0002", null, null, null, "2026-11-25T09:00:00Z", Map.of()));
        assertThat(all(" \n[" + one + "," + two + "]\n"))
                .extracting(DocumentEntry::line)
                .containsExactly(2L, 2L);
        assertThat(all("[]")).isEmpty();
    }

    @Test
    void goesOnAfterARowThatCannotBeUsed() throws Exception {
        assertRefused(all("name,otp\nTill,1,2\nTill\nTill,3\n"), "2", "3 fields", "3", "1 fields", "4", null);
        assertRefused(all("name,otp,\nTill,1,x\nTill,3,\n"), "2", "no name", "3", null);
        assertRefused(
                all(
                        "{\"name\":\"Till\"\n{\"name\":\"Till\",\"otp\":\"1\"} x\n[1]\n{\"otp\":12}\n{\"otp\":\"1\",\"otp\":\"2\"}\n"
                                + "{\"otp\":{\"a\":1}}\n{\"name\":\"Till\",\"otp\":\"3\"}"),
                "1",
                "no JSON",
                "2",
                "",
                "3",
                "no JSON object",
                "4",
                "leading zeros",
                "5",
                "twice",
                "6",
                "only text",
                "7",
                null);
        assertRefused(
                all("{\"name\":\"" + "x".repeat(BatchDocument.LONGEST_ROW) + "\"}\n{\"otp\":\"3\"}"),
                "1",
                "more than",
                "2",
                null);
        assertRefused(
                all("[1, {\"otp\":\"3\"}, [{}], {\"webhok_url\":\"x\"}, {\"reference\":{\"otp\":\"1\"}}]"),
                "1",
                "no JSON object",
                "1",
                null,
                "1",
                "no JSON object",
                "1",
                "looks like webhook_url",
                "1",
                "beside it");
        assertRefused(
                all("[{" + "\"a\":1,".repeat(100_000) + "\"b\":1},{\"otp\":\"3\"}]"),
                "1",
                "more than 64 fields",
                "1",
                null);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "otp,Store\n1,2",
                "name;otp;OTP\n",
                "name,otp,webhook-url\n",
                "name,otp,webhok_url\n",
                "name,otp,JobId\n",
                "name,otp,integratr\n",
                "name,otp,a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q\n",
                "Till 1;000123\n"
            })
    void refusesAHeaderThatDoesNotNameTheColumns(String text) {
        assertThatThrownBy(() -> all(text))
                .isInstanceOf(DocumentException.class)
                .hasMessageContaining("the header")
                .hasMessageContaining("name and otp are needed")
                .hasMessageNotContaining("000123 ");
    }

    @Test
    void tellsWhatADocumentIsThatItCannotRead() {
        assertProblem("", StandardCharsets.UTF_8, "empty");
        assertProblem(" \n\t\r\n", StandardCharsets.UTF_8, "empty");
        assertProblem("\ufeff", StandardCharsets.UTF_8, "empty");
        assertProblem("name,otp\nCaf\u00e9,1\n", StandardCharsets.ISO_8859_1, "not UTF-8");
        assertProblem(
                "name,otp\n" + "Till,1\n".repeat(30_000) + "Caf\u00e9,1\n",
                StandardCharsets.ISO_8859_1,
                "line 30002 holds bytes");
        assertProblem("{\"name\":\"Caf\u00e9\"}\n", StandardCharsets.ISO_8859_1, "not UTF-8");
        assertProblem("[{\"name\":\"Caf\u00e9\"}]\n", StandardCharsets.ISO_8859_1, "not UTF-8");
        assertProblem("\ufeffname,otp\n", StandardCharsets.UTF_16LE, "UTF-16");
        assertProblem("PK\u0003\u0004xl/workbook.xml", StandardCharsets.UTF_8, "workbook");
        assertProblem("\u001f\u008b\b", StandardCharsets.ISO_8859_1, "gzip");
        assertProblem("%PDF-1.7", StandardCharsets.UTF_8, "CSV UTF-8");
        assertProblem("[{\"otp\":\"1\"}", StandardCharsets.UTF_8, "line 1");
        assertProblem("[{\"otp\":\"1\"},\n{\"otp\"]", StandardCharsets.UTF_8, "line 2");
        assertProblem("[] []", StandardCharsets.UTF_8, "follows the end");
        assertProblem(
                "name,otp\n\"Till,1\nTill,2\n" + "x".repeat(2 * BatchDocument.LONGEST_ROW),
                StandardCharsets.UTF_8,
                "never closed");
    }

    /** What Excel saves as "CSV" in Western Europe. */
    @Test
    void returnsEveryRowBeforeBytesThatAreNotUtf8AndNamesTheirLine() throws Exception {
        for (String end : List.of("\n", "\r\n", "\r")) {
            byte[] text = String.join(end, "name;otp", "A;420001", "B;420002", "Caf\u00e9;420003", "D;420004", "")
                    .getBytes(Charset.forName("windows-1252"));
            List<DocumentEntry> before = new ArrayList<>();
            try (BatchDocument document = BatchDocument.open(new ByteArrayInputStream(text))) {
                assertThatThrownBy(() -> {
                            for (DocumentEntry entry = document.next(); entry != null; entry = document.next()) {
                                before.add(entry);
                            }
                        })
                        .isInstanceOf(DocumentException.class)
                        .hasMessageContaining("line 4 holds bytes that are not UTF-8");
            }
            assertThat(before).extracting(entry -> ((Row) entry).otp()).containsExactly("420001", "420002");
        }
        assertProblem(
                "{\"name\":\"A\",\"otp\":\"1\"}\n\n{\"name\":\"Caf\u00e9\"", StandardCharsets.ISO_8859_1, "line 3");
        assertProblem(
                "[{\"name\":\"A\",\"otp\":\"1\"},\n{\"name\":\"Caf\u00e9\"", StandardCharsets.ISO_8859_1, "line 2");
    }

    @Test
    void doesNotTakeAHeaderThatComesAgainForARow() throws Exception {
        for (String again : List.of(
                "name,otp,Store",
                " NAME,OTP,Store",
                "\ufeffname,otp,Store",
                "\ufeff\"name\",\"otp\",Store",
                "?name,otp,Store",
                "\u00ef\u00bb\u00bfname,otp,Store",
                "\ufffd\ufffdname,otp,Store")) {
            assertRefused(
                    all("name,otp,Store\nTill,1,S\n" + again + "\nTill,2,S\n"),
                    "2",
                    null,
                    "3",
                    "header once more",
                    "4",
                    null);
        }
        assertThatThrownBy(() -> all("name,otp\nTill,1\notp,name\n2,Till\n"))
                .isInstanceOf(DocumentException.class)
                .hasMessageContaining("line 3 is a header again");
        assertThatThrownBy(() -> all("name,otp\nTill,1\nname,otp,Store\nTill,2,S\n"))
                .isInstanceOf(DocumentException.class)
                .hasMessageContaining("line 3 is a header again");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\r\r\r", "\r\n\r\n\r\n", "\n\n\n", " \r\t\r\u00a0\r", "\ufeff\r\u200b\r\r", ";;\r; ;\r;;\r"})
    void findsTheHeaderBehindLinesOfNothing(String before) throws Exception {
        assertThat(all(before + "name;otp\rTill;000123\r"))
                .containsExactly(new Row(5, "Till", "000123", null, null, null, null, Map.of()));
        if (before.indexOf(';') < 0) {
            assertThat(all(before + "{\"name\":\"Till\",\"otp\":\"1\"}\r{\"name\":\"Till\",\"otp\":\"2\"}\r\n"))
                    .extracting(DocumentEntry::line)
                    .containsExactly(4L, 5L);
            assertThat(all(before + "[{\"name\":\"Till\",\"otp\":\"1\"}]"))
                    .extracting(DocumentEntry::line)
                    .containsExactly(4L);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\u00a0", "\ufeff", "\u200b", "\u200e", "\u202a", "\u2060", "\u0085", "\u3000", "\t"})
    void removesWhatCannotBeSeenAroundAValueInEveryKindOfDocument(String around) throws Exception {
        Row row = new Row(2, "Till", "420001", null, null, null, null, Map.of());
        String value = around + "420001" + around;
        assertThat(all("name," + around + "otp\nTill," + value + "\n" + around + "," + around + "\n"))
                .containsExactly(row);
        assertThat(all("\n{\"name\":\"Till\",\"" + around.replace("\t", "") + "otp\":\"" + value.replace("\t", "\\t")
                        + "\"}\n"))
                .containsExactly(row);
        assertThat(all("\n[{\"name\":\"Till\",\"otp\":\"" + value.replace("\t", "\\t") + "\"}]"))
                .containsExactly(row);
        assertThat(((Row) all("name,otp\nTill," + around + "\n").get(0)).otp()).isNull();
    }

    @Test
    void saysWithoutControlCharactersWhatIsWrongWithAColumn() {
        for (String column : List.of("St\u001bore", "a\u0000b", "a\u009bb", "\u202eeros")) {
            assertThatThrownBy(() -> all("name,otp,\"" + column + "\",\"" + column + "\"\n"))
                    .isInstanceOf(DocumentException.class)
                    .hasMessageContaining("is there twice")
                    .message()
                    .matches("[\\x20-\\x7e]*");
        }
        assertThatThrownBy(() -> all("name,otp" + ",\u0007x".repeat(10_000) + "\n"))
                .isInstanceOf(DocumentException.class)
                .hasMessageContaining("64 are allowed")
                .message()
                .hasSizeLessThan(2_001);
    }

    @Test
    void refusesARowOfJsonThatIsTooLong() throws Exception {
        String text = "x".repeat(BatchDocument.LONGEST_ROW / 2);
        assertRefused(
                all("[{\"a\":\"" + text + "\",\"b\":\"" + text + "\",\"c\":\"" + text + "\"},{\"otp\":\"3\"}]"),
                "1",
                "characters",
                "1",
                null);
    }

    @Test
    void refusesALineOfAHundredMegabytes() throws Exception {
        long size = 100L << 20;
        for (String start : List.of("name,otp\n\"", "name,otp\nTill,", "name", "[{\"name\":\"", "   ")) {
            assertThatThrownBy(() -> drain(new Endless(start, size))).as(start).isInstanceOf(DocumentException.class);
        }
        assertThat(drain(new Endless("{\"name\":\"", size))).singleElement().isInstanceOf(Refused.class);
    }

    @Test
    void readsAHeaderWithoutRows() throws Exception {
        assertThat(all("name,otp")).isEmpty();
        assertThat(all("name,otp\r\n\r\n")).isEmpty();
    }

    private static void assertProblem(String text, Charset charset, String problem) {
        assertThatThrownBy(() -> drain(new ByteArrayInputStream(text.getBytes(charset))))
                .as(problem)
                .isInstanceOf(DocumentException.class)
                .hasMessageContaining(problem);
    }

    /** @param expected line and a part of the problem, or null for a row without one, in turns */
    private static void assertRefused(List<DocumentEntry> entries, String... expected) {
        assertThat(entries).hasSize(expected.length / 2);
        for (int i = 0; i < entries.size(); i++) {
            DocumentEntry entry = entries.get(i);
            assertThat(Long.toString(entry.line())).isEqualTo(expected[2 * i]);
            if (expected[2 * i + 1] == null) {
                assertThat(entry).isInstanceOf(Row.class);
            } else {
                assertThat(entry).as("entry %d", i).isInstanceOf(Refused.class);
                assertThat(((Refused) entry).flaws().toString()).contains(expected[2 * i + 1]);
            }
        }
    }

    private static List<DocumentEntry> all(String text) throws DocumentException, IOException {
        return drain(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    static List<DocumentEntry> drain(InputStream in) throws DocumentException, IOException {
        List<DocumentEntry> entries = new ArrayList<>();
        try (BatchDocument document = BatchDocument.open(in)) {
            for (DocumentEntry entry = document.next(); entry != null; entry = document.next()) {
                entries.add(entry);
            }
        }
        return entries;
    }

    /** A beginning, and then one letter over and over. */
    private static final class Endless extends InputStream {
        private final byte[] start;
        private final long size;
        private long at;

        Endless(String start, long size) {
            this.start = start.getBytes(StandardCharsets.UTF_8);
            this.size = size;
        }

        @Override
        public int read() {
            return at == size ? -1 : at < start.length ? start[(int) at++] : next();
        }

        private int next() {
            at++;
            return start.length == 3 ? ' ' : 'x';
        }

        @Override
        public int read(byte[] into, int from, int length) {
            int n = 0;
            for (int c = 0; n < length && (c = read()) != -1; n++) {
                into[from + n] = (byte) c;
            }
            return n == 0 ? -1 : n;
        }
    }
}
