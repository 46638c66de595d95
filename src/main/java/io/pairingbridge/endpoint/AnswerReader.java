package io.pairingbridge.endpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.util.List;

/** Reads a 2xx body that is already sealed: is it what the vendor's page promises? Never quotes it. */
final class AnswerReader {
    /** {@code PayConnectPairResponse}: required, and text. */
    private static final List<String> REQUIRED =
            List.of("pay_connect_id", "pay_connect_name", "terminal_id", "client_id", "client_secret");

    /** Characters of a field that is told in the clear; whole it stands in what is sealed. */
    private static final int LONGEST_TOLD = 4_000;
    /** An answer of the vendor has 12. Each takes memory, far more than its bytes. */
    private static final long MOST_TOKENS = 20_000;

    private static final int DEEPEST = 100;

    /**
     * The source is left out of error messages, because it is a secret; names of strangers are not kept for the life of
     * the process.
     */
    private static final ObjectMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxTokenCount(MOST_TOKENS)
                            .maxNestingDepth(DEEPEST)
                            .build())
                    .build())
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private AnswerReader() {}

    static Answer read(int status, byte[] body, SealedAnswer sealed, String cutShort) {
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
        return new Answer(status, sealed, problem, terminal(json), null);
    }

    /** A success of which nothing can be told but that it came. */
    static Answer unreadable(int status, SealedAnswer sealed, String problem) {
        return new Answer(status, sealed, problem, PairedTerminal.UNKNOWN, null);
    }

    private static PairedTerminal terminal(JsonNode json) {
        return new PairedTerminal(
                told(json, "pay_connect_id"), told(json, "pay_connect_name"), told(json, "terminal_id"));
    }

    private static String missing(JsonNode json) {
        if (!json.isObject()) {
            return "the answer is no JSON object";
        }
        List<String> missing =
                REQUIRED.stream().filter(f -> text(json, f) == null).toList();
        return missing.isEmpty() ? null : "the answer lacks " + String.join(", ", missing);
    }

    /** As it may stand in the journal, an event and a message's property. */
    private static String told(JsonNode json, String field) {
        return Text.property(text(json, field), LONGEST_TOLD);
    }

    private static String text(JsonNode json, String field) {
        JsonNode value = json == null ? null : json.get(field);
        return value == null || !value.isTextual() || value.textValue().isBlank() ? null : value.textValue();
    }
}
