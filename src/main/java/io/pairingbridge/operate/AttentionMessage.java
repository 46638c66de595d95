package io.pairingbridge.operate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.text.Text;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A message on one of the two queues of jobs that need a person.
 *
 * @param messageId JMSMessageID: names the message, also where a job has several
 * @param jobId empty if the broker put it there and nobody knows which job it was
 * @param httpStatus of the last answer, or 0
 * @param failedAt when the job ended so, ISO 8601; empty if it is not known
 * @param body as it lies in the queue, with whatever one-time password it holds; null if it is no text. Never shown
 * @param request the request without its one-time password, where the body is a sealed answer; else empty
 * @param problem why the message, or a part of it, cannot be read; empty if it can
 */
public record AttentionMessage(
        String messageId,
        String jobId,
        String batchId,
        String integrator,
        String outcome,
        String reason,
        String detail,
        int httpStatus,
        int attempts,
        String remedy,
        String failedAt,
        String body,
        String request,
        String problem) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> UNSPENT = Set.of("EXPIRED", "MISCONFIGURED");
    /** Of a request that the schema refused, anything may be there: what is shown has an end. */
    private static final int MOST_FIELDS = 16;

    private static final int LONGEST_VALUE = 200;
    private static final int LONGEST_SENTENCE = 4_000;

    /** The request that the message holds, or an empty one: the body may be what was no request at all. */
    ObjectNode pairing() {
        String text = request.isEmpty() ? body : request;
        try {
            JsonNode read = text == null ? null : JSON.readTree(text);
            return read instanceof ObjectNode object ? object : JSON.createObjectNode();
        } catch (JsonProcessingException e) {
            return JSON.createObjectNode();
        }
    }

    /** The same without the body and without anything that is not shown: small, whatever the message holds. */
    AttentionMessage shown() {
        ObjectNode kept = JSON.createObjectNode().put("name", name());
        kept.set("reference", JSON.valueToTree(reference()));
        return new AttentionMessage(
                messageId,
                shortened(jobId),
                shortened(batchId),
                shortened(integrator),
                shortened(outcome),
                shortened(reason),
                Text.line(detail, LONGEST_SENTENCE),
                httpStatus,
                attempts,
                Text.line(remedy, LONGEST_SENTENCE),
                shortened(failedAt),
                null,
                kept.toString(),
                Text.line(problem, LONGEST_VALUE));
    }

    /** Characters of what is shown. */
    int length() {
        return messageId.length()
                + jobId.length()
                + batchId.length()
                + integrator.length()
                + outcome.length()
                + reason.length()
                + detail.length()
                + remedy.length()
                + failedAt.length()
                + request.length()
                + problem.length();
    }

    /** The terminal's name; empty if the message does not hold the request. */
    public String name() {
        return shortened(pairing().path("name").asText(""));
    }

    /** What the sender said of the terminal. */
    public Map<String, String> reference() {
        Map<String, String> reference = new TreeMap<>();
        pairing().path("reference").properties().stream()
                .limit(MOST_FIELDS)
                .forEach(field -> reference.put(
                        shortened(field.getKey()), shortened(field.getValue().asText())));
        return reference;
    }

    /** True if its job id, its till's name or what was said of the till has this word in it. */
    public boolean mentions(String word) {
        String wanted = word.toLowerCase(Locale.ROOT);
        return Stream.concat(
                        Stream.of(jobId, name()),
                        reference().entrySet().stream().flatMap(said -> Stream.of(said.getKey(), said.getValue())))
                .anyMatch(text -> text.toLowerCase(Locale.ROOT).contains(wanted));
    }

    /** True if the message holds a one-time password that certainly was not used. */
    public boolean otpUnspent() {
        return UNSPENT.contains(outcome);
    }

    /** Whoever wrote it may have put the one-time password where a name belongs. */
    private String shortened(String text) {
        String otp = pairing().path("otp").asText("").strip();
        String masked = otp.length() < 3 ? text : text.replace(otp, "***");
        return Text.line(masked, LONGEST_VALUE);
    }

    @Override
    public String toString() {
        return "AttentionMessage[" + jobId + ", " + outcome + "]";
    }
}
