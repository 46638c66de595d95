package io.pairingbridge.batch.document;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A row written as a JSON object: the fields of a request, {@code job_id}, {@code integrator} and
 * {@code otp_generated_at}, and any other text or number, which becomes part of the reference as a column of a CSV
 * document does.
 */
final class JsonRow {
    private static final String REFERENCE = "reference";
    private static final int MOST_FIELDS = 64;

    private final long line;
    private final Map<String, String> values = new LinkedHashMap<>();
    private final List<DocumentEntry.Flaw> flaws = new ArrayList<>();
    private int fields;
    private int characters;
    private boolean tooLong;

    private JsonRow(long line) {
        this.line = line;
    }

    /** Parsers that refuse what no row needs, before it fills the memory. */
    static JsonFactory parsers() {
        return JsonFactory.builder()
                .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxStringLength(BatchDocument.LONGEST_ROW)
                        .maxNameLength(1_000)
                        .maxNestingDepth(100)
                        .maxNumberLength(100)
                        .build())
                .build();
    }

    /** Reads the value that the parser stands on, to its end. Holds no more than {@value #MOST_FIELDS} fields of it. */
    static DocumentEntry read(JsonParser parser, long line) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return DocumentEntry.Refused.of(line, null, "the row is no JSON object");
        }
        JsonRow row = new JsonRow(line);
        row.object(parser, false);
        DocumentEntry.Row content = DocumentEntry.Row.of(line, row.values);
        return row.flaws.isEmpty() ? content : new DocumentEntry.Refused(line, List.copyOf(row.flaws), content);
    }

    private void object(JsonParser parser, boolean inReference) throws IOException {
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = inReference ? parser.currentName() : Columns.meant(parser.currentName());
            JsonToken token = parser.nextToken();
            if (fields++ >= MOST_FIELDS) {
                parser.skipChildren();
                if (fields == MOST_FIELDS + 1) {
                    flaw(null, "the row has more than " + MOST_FIELDS + " fields");
                }
            } else if (!inReference && name.equals(REFERENCE) && token == JsonToken.START_OBJECT) {
                object(parser, true);
            } else if (inReference && Columns.KNOWN.contains(Columns.meant(name))) {
                parser.skipChildren();
                flaw(name, "stands inside of the reference: it belongs beside it");
            } else {
                value(parser, name, token, inReference);
            }
        }
    }

    private void value(JsonParser parser, String name, JsonToken token, boolean inReference) throws IOException {
        boolean known = Columns.KNOWN.contains(name) && !inReference;
        String meant = inReference ? null : Columns.mistyped(name);
        if (meant != null) {
            flaw(name, "looks like " + meant + " and is not: write it so");
        }
        switch (token) {
            case VALUE_STRING -> put(name, Text.trimmed(parser.getText()));
            case VALUE_NULL -> {}
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE -> {
                if (known) {
                    flaw(
                            name,
                            "must be text, in double quotes"
                                    + (name.equals(Columns.OTP) ? ": a number loses its leading zeros" : ""));
                } else {
                    put(name, parser.getText());
                }
            }
            default -> {
                parser.skipChildren();
                flaw(name, "is an object or an array; only text is possible here");
            }
        }
    }

    private void put(String name, String value) {
        characters += name.length() + value.length();
        if (characters > BatchDocument.LONGEST_ROW) {
            if (!tooLong) {
                flaw(null, "the row has more than " + BatchDocument.LONGEST_ROW + " characters");
            }
            tooLong = true;
        } else if (!value.isEmpty() && values.putIfAbsent(name, value) != null) {
            flaw(name, "is there twice");
        }
    }

    private void flaw(String column, String problem) {
        flaws.add(new DocumentEntry.Flaw(line, column, problem));
    }
}
