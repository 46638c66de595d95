package io.pairingbridge.intake;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonNodePath;
import com.networknt.schema.ValidationMessage;
import io.pairingbridge.text.Text;
import java.util.Comparator;

/**
 * What is wrong with one field of a request, in words of a person. The published schema finds it; this says it.
 *
 * @param field the field's name, with a dot before that of a field in it; empty where the request as a whole is meant
 * @param problem the rest of the sentence that begins with the field; never quotes a value
 */
public record Violation(String field, String problem) implements Comparable<Violation> {
    private static final Comparator<Violation> ORDER =
            Comparator.comparing(Violation::field).thenComparing(Violation::problem);
    private static final int LONGEST_FIELD = 100;
    private static final String NO_ADDRESS = "is not an https address";

    static Violation empty(String field) {
        return new Violation(field, "is empty");
    }

    static Violation noAddress(String field) {
        return new Violation(field, NO_ADDRESS);
    }

    static Violation of(ValidationMessage found) {
        String at = path(found.getInstanceLocation());
        return switch (found.getType()) {
            case "required" -> new Violation(inside(at, found.getProperty()), "is missing");
            case "additionalProperties" ->
                new Violation(
                        inside(at, found.getProperty()),
                        "is no field of a request; known are name, otp," + " webhook_url and reference");
            case "type" -> type(at, found);
            case "pattern", "format" -> "webhook_url".equals(at) ? noAddress(at) : empty(at);
            case "maxProperties" ->
                new Violation(
                        at,
                        "has " + found.getInstanceNode().size() + " values; "
                                + found.getSchemaNode().asText() + " are allowed");
            default -> new Violation(at, "is not as the schema wants it (" + found.getType() + ")");
        };
    }

    private static Violation type(String at, ValidationMessage found) {
        String wanted = found.getSchemaNode().asText();
        String here = kind(found.getInstanceNode());
        if (at.isEmpty()) {
            return new Violation("", "the body is " + here + ", and must be one JSON object");
        }
        return new Violation(
                at,
                "object".equals(wanted)
                        ? "is " + here + ", and must be an object of texts"
                        : "is " + here + ", and must be text"
                                + (found.getInstanceNode().isNumber()
                                        ? " in quotes: a number loses its leading zeros"
                                        : ""));
    }

    private static String kind(JsonNode node) {
        return switch (node.getNodeType()) {
            case NUMBER -> "a number";
            case STRING -> "a text";
            case BOOLEAN -> "true or false";
            case ARRAY -> "a list";
            case OBJECT -> "an object";
            default -> "null";
        };
    }

    private static String path(JsonNodePath at) {
        StringBuilder field = new StringBuilder();
        for (int i = 0; i < at.getNameCount(); i++) {
            field.append(i == 0 ? "" : ".").append(at.getElement(i));
        }
        return Text.line(field.toString(), LONGEST_FIELD);
    }

    private static String inside(String at, String property) {
        return Text.line(at.isEmpty() ? property : at + "." + property, LONGEST_FIELD);
    }

    @Override
    public int compareTo(Violation other) {
        return ORDER.compare(this, other);
    }

    /** The sentence, without its full stop. */
    @Override
    public String toString() {
        return field.isEmpty() ? problem : field + " " + problem;
    }
}
