package io.pairingbridge.endpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.sealing.Sealed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerReaderTest {
  private static final Sealed SEALED = new Sealed("sealed-text", "key-1", "application/jose", "glass-text");
  private static final String WHOLE = """
      {"pay_connect_id": "pc-1", "pay_connect_name": "Till 3", "terminal_id": "T-3", "client_id": "c-1",
       "client_secret": "canary", "webhook_secret_key": null}""";

  private static Answer read(String body) {
    return AnswerReader.read(200, body.getBytes(StandardCharsets.UTF_8), SEALED, null);
  }

  @Test
  void takesAnAnswerWithAllRequiredFields() {
    assertThat(read(WHOLE)).isEqualTo(
        new Answer(200, "sealed-text", "key-1", "application/jose", "glass-text", true, null, "pc-1", "Till 3", "T-3", null));
  }

  @Test
  void takesFieldsThatTheVendorMayAdd() {
    assertThat(read(WHOLE.replaceFirst("\\{", "{\"region\": {\"code\": 7}, ")).complete()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pay_connect_id", "pay_connect_name", "terminal_id", "client_id", "client_secret"})
  void namesARequiredFieldThatIsMissingEmptyOrNoText(String field) {
    for (String value : new String[] {null, "null", "\"\"", "\" \"", "7", "{}"}) {
      String body = value == null ? WHOLE.replace('"' + field + '"', "\"other\"")
          : WHOLE.replaceFirst('"' + field + "\": \"[^\"]*\"", '"' + field + "\": " + value);
      Answer answer = read(body);
      assertThat(answer.complete()).as(body).isFalse();
      assertThat(answer.problem()).isEqualTo("the answer lacks " + field);
      assertThat(answer.sealed()).as("what came is kept").isEqualTo("sealed-text");
    }
  }

  @Test
  void tellsWhatItCouldReadOfAnAnswerWithGaps() {
    Answer answer = read("{\"pay_connect_id\": \"pc-1\", \"terminal_id\": 4}");
    assertThat(answer.problem())
        .isEqualTo("the answer lacks pay_connect_name, terminal_id, client_id, client_secret");
    assertThat(answer.payConnectId()).isEqualTo("pc-1");
    assertThat(answer.terminalId()).isNull();
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
    assertThat(read(WHOLE.replaceFirst("\\{", "{\"client_secret\": \"another\", ")).problem()).as("one field twice")
        .isEqualTo("the answer is not JSON");
  }

  @Test
  void refusesAnAnswerCutShortEvenIfItReadsAsWhole() {
    Answer answer = AnswerReader.read(200, WHOLE.getBytes(StandardCharsets.UTF_8), SEALED, "the answer was cut short");
    assertThat(answer.complete()).isFalse();
    assertThat(answer.problem()).isEqualTo("the answer was cut short");
  }

  @Test
  void undoesAGzipUpToTheLimit() throws IOException {
    byte[] plain = new byte[1000];
    Arrays.fill(plain, (byte) 'x');
    assertThat(AnswerReader.gunzip(gzip(plain), 1000)).isEqualTo(plain);
    assertThatThrownBy(() -> AnswerReader.gunzip(gzip(plain), 999)).isInstanceOf(IOException.class)
        .hasMessage("the answer is larger than 999 bytes");
  }

  @Test
  void refusesAGzipThatIsNoneOrIsCutShort() throws IOException {
    byte[] zipped = gzip("canary".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> AnswerReader.gunzip(Arrays.copyOf(zipped, zipped.length - 9), 1000))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> AnswerReader.gunzip("canary".getBytes(StandardCharsets.UTF_8), 1000))
        .isInstanceOf(IOException.class);
  }

  private static byte[] gzip(byte[] plain) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(plain);
    }
    return bytes.toByteArray();
  }
}
