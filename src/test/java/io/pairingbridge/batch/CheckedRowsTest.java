package io.pairingbridge.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.batch.document.BatchDocument;
import io.pairingbridge.batch.document.DocumentEntry;
import io.pairingbridge.batch.document.DocumentEntry.Flaw;
import io.pairingbridge.batch.document.DocumentEntry.Refused;
import io.pairingbridge.batch.document.DocumentEntry.Row;
import io.pairingbridge.batch.document.DocumentException;
import io.pairingbridge.intake.RequestBody;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckedRowsTest {
    private static final RequestBody REQUESTS = new RequestBody(Path.of("config/schema/pairing-request.schema.json"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "name,otp                   | Till,                             | otp",
                "name,otp                   | ,secret-1                         | name",
                "name,otp,webhook_url       | Till,secret-1,http://erp.example  | webhook_url",
                "name,otp,job_id            | Till,secret-1,a job               | job_id",
                "name,otp,integrator        | Till,secret-1,nobody              | integrator",
                "name,otp,otp_generated_at  | Till,secret-1,yesterday           | otp_generated_at",
                "name,otp,otp_generated_at  | Till,secret-1,2026-11-25T09:00    | otp_generated_at",
                "name,otp                   | =1+1,secret-1                     | name",
                "name,otp,Store             | Till,secret-1,@SUM(A1)            | Store",
                "name,otp,Store             | Till,secret-1,-2+cmd              | Store",
                "name,otp                   | Till,=secret-1                    | otp",
                "name,otp                   | Till,1.23457E+11                  | otp",
                "name,otp                   | Till,\"1,2E+11\"                  | otp"
            })
    void refusesARowAndNamesLineAndColumn(String header, String row, String column) throws Exception {
        List<DocumentEntry> entries =
                check(header + "\n" + row + "\nGood,secret-2" + ",".repeat(header.split(",").length - 2) + "\n");

        assertThat(entries.get(1)).isInstanceOf(Row.class);
        assertThat(entries.get(0)).isInstanceOf(Refused.class);
        Refused refused = (Refused) entries.get(0);
        assertThat(refused.line()).isEqualTo(2);
        assertThat(refused.flaws())
                .extracting(Flaw::column)
                .as(refused.toString())
                .containsOnly(column);
        assertThat(refused.flaws().toString()).contains("line 2").doesNotContain("secret-1", "E+11");
    }

    @ParameterizedTest
    @ValueSource(strings = {"+41 44 123-45", "-", "-7", "+49 (0)30 1"})
    void passesWhatOnlyBeginsLikeAFormula(String value) throws Exception {
        assertThat(check("name,otp,phone\nTill,1," + value + "\n"))
                .singleElement()
                .isInstanceOf(Row.class);
    }

    @Test
    void refusesTheSecondOfTwoAndNamesTheFirst() throws Exception {
        List<DocumentEntry> entries =
                check("name,otp,job_id\nA,otp-1,j-1\nB,otp-1,j-2\nC,otp-3,j-1\nD,,j-4\nE,otp-5,j-4\nF,otp-3,\n");

        assertThat(flaws(entries.get(1)))
                .contains("line 3, column otp")
                .contains("same as in line 2")
                .doesNotContain("otp-1");
        assertThat(flaws(entries.get(2))).contains("line 4, column job_id").contains("same as in line 2");
        assertThat(entries.get(4)).as("the good one of two with a job id").isInstanceOf(Row.class);
    }

    @Test
    void suspectsPasswordsThatHaveLostZeros() throws Exception {
        StringBuilder text = new StringBuilder("name,otp\nfirst,12345\n");
        for (int i = 0; i < 2 * CheckedRows.LOOK_AHEAD; i++) {
            text.append("Till,").append(100_000 + i).append('\n');
        }
        List<DocumentEntry> entries = check(text + "last,999\nlonger,1234567\nother,A12\n");

        assertThat(flaws(entries.get(0)))
                .contains("line 2, column otp")
                .contains("5 digits where most have 6")
                .contains("zeros");
        assertThat(flaws(entries.get(entries.size() - 3))).contains("3 digits where most have 6");
        assertThat(entries.stream().filter(Refused.class::isInstance)).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"12 34 56", "'639434", "639-434", "639\u00a0434", "63\u200b9434", "\u2019639434", "639.434"})
    void suspectsPasswordsWithMoreThanDigitsAmongDigits(String otp) throws Exception {
        List<DocumentEntry> entries = check("name,otp\nA,100001\nB,100002\nC,\"" + otp + "\"\nD,100004\n");

        assertThat(flaws(entries.get(2)))
                .contains("line 4, column otp")
                .contains("6 digits")
                .doesNotContain(otp);
        assertThat(entries.stream().filter(Refused.class::isInstance)).hasSize(1);
        assertThat(check("name,otp\nA,\"" + otp + "\"\nB,\"99 99 99\"\nC,100004\n"))
                .as("where that is how they are written")
                .allMatch(Row.class::isInstance);
        assertThat(check("name,otp\nA,\"" + otp + "\"\n")).allMatch(Row.class::isInstance);
    }

    @ParameterizedTest
    @ValueSource(strings = {"+999999999-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "-999999999-01-01T00:00:00Z"})
    void refusesATimeThatNobodyCanMean(String time) throws Exception {
        assertThat(flaws(check("name,otp,otp_generated_at\nA,100001," + time + "\n")
                        .get(0)))
                .contains("otp_generated_at");
    }

    @Test
    void takesAPasswordForTheSameWhateverCannotBeSeenAroundIt() throws Exception {
        List<DocumentEntry> entries = check("name,otp\nA,420004\nB,420004\u00a0\nC,\u200b420004\nD,420005\n");

        assertThat(flaws(entries.get(1))).contains("same as in line 2").contains("generate another one");
        assertThat(flaws(entries.get(2))).contains("same as in line 2");
        assertThat(entries.get(3)).isInstanceOf(Row.class);
    }

    @Test
    void saysOfARowWithAnotherMistakeTooThatItsPasswordIsAnothers() throws Exception {
        assertThat(flaws(check("name,otp,webhook_url\nA,420004,\nB,420004,http://erp\n")
                        .get(1)))
                .contains("webhook_url")
                .contains("same as in line 2");
    }

    @Test
    void doesNotTakeTheNamesOfTheColumnsForATerminal() throws Exception {
        for (String document : List.of(
                "{\"name\":\"Name\",\"otp\":\"OTP\"}\n{\"name\":\"A\",\"otp\":\"1\"}",
                "[{\"name\":\"name\",\"otp\":\"otp\"},{\"name\":\"A\",\"otp\":\"1\"}]")) {
            List<DocumentEntry> entries = check(document);
            assertThat(flaws(entries.get(0))).contains("names of the columns");
            assertThat(entries.get(1)).isInstanceOf(Row.class);
        }
    }

    /** 256 rows of a hundred thousand characters were in the memory at once. */
    @Test
    void looksAheadForNoMoreThanAMegabyteOfLongRows() throws Exception {
        String row = "{\"name\":\"" + "x".repeat(100_000) + "\",\"otp\":\"1\"}\n";
        int[] read = new int[1];
        try (CheckedRows batch = new CheckedRows(
                BatchDocument.open(new ByteArrayInputStream(row.repeat(300).getBytes(StandardCharsets.UTF_8)) {
                    @Override
                    public synchronized int read(byte[] into, int from, int length) {
                        int n = super.read(into, from, length);
                        read[0] += Math.max(0, n);
                        return n;
                    }
                }),
                REQUESTS,
                Set.of())) {
            batch.next();
            assertThat(read[0]).isBetween(1_000_000, 1_300_000);
        }
    }

    @Test
    void doesNotSuspectPasswordsOfManyLengths() throws Exception {
        assertThat(check("name,otp\nA,1\nB,12\nC,123\nD,1234\n")).allMatch(Row.class::isInstance);
    }

    @Test
    void returnsWhatStandsBeforeAPlaceThatCannotBeRead() throws IOException {
        CheckedRows batch = open("[{\"name\":\"A\",\"otp\":\"1\"},\n{\"name\"");

        assertThat(List.of(next(batch))).singleElement().isInstanceOf(Row.class);
        assertThatThrownBy(batch::next).isInstanceOf(DocumentException.class);
        assertThatThrownBy(batch::next).isInstanceOf(DocumentException.class);
    }

    private static DocumentEntry next(CheckedRows batch) throws IOException {
        try {
            return batch.next();
        } catch (DocumentException e) {
            throw new AssertionError(e);
        }
    }

    private static String flaws(DocumentEntry entry) {
        assertThat(entry).isInstanceOf(Refused.class);
        return ((Refused) entry).flaws().toString();
    }

    private static CheckedRows open(String text) throws IOException {
        try {
            return new CheckedRows(
                    BatchDocument.open(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))),
                    REQUESTS,
                    Set.of("east"));
        } catch (DocumentException e) {
            throw new AssertionError(e);
        }
    }

    private static List<DocumentEntry> check(String text) throws Exception {
        List<DocumentEntry> entries = new ArrayList<>();
        try (CheckedRows batch = open(text)) {
            for (DocumentEntry entry = batch.next(); entry != null; entry = batch.next()) {
                entries.add(entry);
            }
        }
        return entries;
    }
}
