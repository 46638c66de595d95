package io.pairingbridge.endpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import io.pairingbridge.sealing.Sealed;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.zip.GZIPInputStream;

/** Reads a 2xx body that is already sealed: is it what the vendor's page promises? Never quotes it. */
final class AnswerReader {
  /** {@code PayConnectPairResponse}: required, and text. */
  private static final List<String> REQUIRED =
      List.of("pay_connect_id", "pay_connect_name", "terminal_id", "client_id", "client_secret");

  /** The source is left out of error messages, because it is a secret. */
  private static final ObjectMapper JSON = JsonMapper.builder()
      .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
      .build();

  private AnswerReader() {}

  static Answer read(int status, byte[] body, Sealed sealed, String cutShort) {
    JsonNode json = null;
    String problem = cutShort;
    if (problem == null) {
      try {
        json = JSON.readTree(body);
        problem = missing(json);
      } catch (IOException e) {
        problem = "the answer is not JSON";
      }
    }
    return new Answer(status, sealed.body(), sealed.keyId(), sealed.contentType(), sealed.breakGlass(), problem == null,
        problem, text(json, "pay_connect_id"), text(json, "pay_connect_name"), text(json, "terminal_id"), null);
  }

  private static String missing(JsonNode json) {
    if (!json.isObject()) {
      return "the answer is no JSON object";
    }
    List<String> missing = REQUIRED.stream().filter(f -> text(json, f) == null).toList();
    return missing.isEmpty() ? null : "the answer lacks " + String.join(", ", missing);
  }

  private static String text(JsonNode json, String field) {
    JsonNode value = json == null ? null : json.get(field);
    return value == null || !value.isTextual() || value.textValue().isBlank() ? null : value.textValue();
  }

  /**
   * Undoes a gzip that nobody asked for.
   *
   * @throws IOException if it is none, is cut short, or grows beyond {@code limit} bytes
   */
  static byte[] gunzip(byte[] body, int limit) throws IOException {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(body))) {
      byte[] plain = in.readNBytes(limit + 1);
      if (plain.length > limit) {
        throw new IOException("the answer is larger than " + limit + " bytes");
      }
      return plain;
    }
  }
}
