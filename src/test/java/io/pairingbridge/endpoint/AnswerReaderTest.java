package io.pairingbridge.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.SealedAnswer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerReaderTest {
    private static final SealedAnswer SEALED =
            new SealedAnswer("sealed-text", "key-1", "application/jose", "glass-text");
    private static final String WHOLE = """
      {"pay_connect_id": "pc-1", "pay_connect_name": "Till 3", "terminal_id": "T-3", "client_id": "c-1",
       "client_secret": "canary", "webhook_secret_key": null}""";

    private static Answer read(String body) {
        return AnswerReader.read(200, body.getBytes(StandardCharsets.UTF_8), SEALED, null);
    }

    @Test
    void takesAnAnswerWithAllRequiredFields() {
        assertThat(read(WHOLE))
                .isEqualTo(new Answer(200, SEALED, null, new PairedTerminal("pc-1", "Till 3", "T-3"), null));
        assertThat(read(WHOLE).complete()).isTrue();
    }

    @Test
    void takesFieldsThatTheVendorMayAdd() {
        assertThat(read(WHOLE.replaceFirst("\\{", "{\"region\": {\"code\": 7}, "))
                        .complete())
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"pay_connect_id", "pay_connect_name", "terminal_id", "client_id", "client_secret"})
    void namesARequiredFieldThatIsMissingEmptyOrNoText(String field) {
        for (String value : new String[] {null, "null", "\"\"", "\" \"", "7", "{}"}) {
            String body = value == null
                    ? WHOLE.replace('"' + field + '"', "\"other\"")
                    : WHOLE.replaceFirst('"' + field + "\": \"[^\"]*\"", '"' + field + "\": " + value);
            Answer answer = read(body);
            assertThat(answer.complete()).as(body).isFalse();
            assertThat(answer.problem()).isEqualTo("the answer lacks " + field);
            assertThat(answer.sealed()).as("what came is kept").isEqualTo(SEALED);
        }
    }

    @Test
    void tellsWhatItCouldReadOfAnAnswerWithGaps() {
        Answer answer = read("{\"pay_connect_id\": \"pc-1\", \"terminal_id\": 4}");
        assertThat(answer.problem())
                .isEqualTo("the answer lacks pay_connect_name, terminal_id, client_id, client_secret");
        assertThat(answer.terminal().payConnectId()).isEqualTo("pc-1");
        assertThat(answer.terminal().terminalId()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "null", "[]", "\"canary\"", "42"})
    void refusesWhatIsNoObject(String body) {
        assertThat(read(body).problem()).isEqualTo("the answer is no JSON object");
        assertThat(read(body).complete()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html>canary</html>", "{\"client_secret\": \"canary", "{'client_secret': 'canary'}"})
    void refusesWhatIsNoJsonWithoutQuotingIt(String body) {
        assertThat(read(body).problem()).isEqualTo("the answer is not JSON");
        assertThat(read(body).toString()).doesNotContain("canary");
    }

    @Test
    void refusesAnAnswerThatSaysTwoThings() {
        assertThat(read(WHOLE + WHOLE).problem()).as("two objects").isEqualTo("the answer is not JSON");
        assertThat(read(WHOLE.replaceFirst("\\{", "{\"client_secret\": \"another\", "))
                        .problem())
                .as("one field twice")
                .isEqualTo("the answer is not JSON");
    }

    @Test
    void refusesAnAnswerCutShortEvenIfItReadsAsWhole() {
        Answer answer =
                AnswerReader.read(200, WHOLE.getBytes(StandardCharsets.UTF_8), SEALED, "the answer was cut short");
        assertThat(answer.complete()).isFalse();
        assertThat(answer.problem()).isEqualTo("the answer was cut short");
    }

    @Test
    void tellsOnlyWhatIsFitForAJournalAnEventAndAProperty() {
        Answer half = read(WHOLE.replace("Till 3", "Till \\ud83d")
                .replace("T-3", "T\\u0000\\u001b[2J-3")
                .replace("pc-1", "pc\\r\\nPairingJobId:x"));
        assertThat(half.complete()).isTrue();
        assertThat(half.terminal().payConnectName()).isEqualTo("Till \ufffd");
        assertThat(half.terminal().terminalId()).isEqualTo("T\ufffd\ufffd[2J-3");
        assertThat(half.terminal().payConnectId()).isEqualTo("pc  PairingJobId:x");

        Answer endless = read(WHOLE.replace("Till 3", "x".repeat(3_996) + "\ud83d\ude00y".repeat(100)));
        assertThat(endless.complete()).isTrue();
        assertThat(endless.terminal().payConnectName())
                .hasSizeLessThanOrEqualTo(4_000)
                .endsWith("x...");
        assertThat(StandardCharsets.UTF_8
                        .newEncoder()
                        .canEncode(endless.terminal().payConnectName()))
                .isTrue();
    }

    /** Each value takes many times its bytes in memory. */
    @Test
    void refusesMoreValuesThanAnyAnswerHas() {
        assertThat(read(WHOLE.replaceFirst("\\{", "{\"more\": [" + "{},".repeat(30_000) + "1], "))
                        .problem())
                .isEqualTo("the answer is not JSON");
        assertThat(read(WHOLE.replaceFirst("\\{", "{\"deep\": " + "[".repeat(500) + "]".repeat(500) + ", "))
                        .problem())
                .isEqualTo("the answer is not JSON");
        assertThat(read(WHOLE.replaceFirst("\\{", "{\"more\": [" + "1,".repeat(5_000) + "1], "))
                        .complete())
                .isTrue();
    }
}
