package io.pairingbridge.intake;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.PathType;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.settings.SettingsException;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Reads the body of a pairing request by the published JSON Schema, and names everything that is wrong with it. */
public final class RequestBody {
    /** Bytes of UTF-8; the contract's 64 KiB. */
    public static final int LARGEST = 64 * 1024;

    /** How much of what is wrong is told: the ending must fit into a message's properties. */
    private static final int MOST_VIOLATIONS = 16;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .build();

    private final JsonSchema schema;

    /**
     * @param schemaFile {@code config/schema/pairing-request.schema.json}
     * @throws SettingsException naming the file if it is missing or no schema
     */
    public RequestBody(Path schemaFile) {
        try {
            SchemaValidatorsConfig config = SchemaValidatorsConfig.builder()
                    .formatAssertionsEnabled(true)
                    .pathType(PathType.JSON_PATH)
                    .build();
            this.schema = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                    .getSchema(
                            SchemaLocation.of("urn:pairing-bridge:schema:pairing-request"),
                            JSON.readTree(Files.readString(schemaFile)),
                            config);
            schema.initializeValidators();
        } catch (IOException | RuntimeException e) {
            throw new SettingsException("the request schema " + schemaFile + " cannot be read: " + e.getMessage()
                    + "; restore it from the bundle");
        }
    }

    /** Why a request is refused: a code for programs and a sentence that names each violation; never quotes a value. */
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        private final String reason;
        private final transient List<Violation> violations;

        Refused(String reason, String detail) {
            this(reason, detail, List.of());
        }

        Refused(String reason, String detail, List<Violation> violations) {
            super(detail);
            this.reason = reason;
            this.violations = violations;
        }

        public String reason() {
            return reason;
        }

        /** What is wrong, field by field; empty if it is not a matter of fields. */
        public List<Violation> violations() {
            return violations;
        }
    }

    /** As {@link #read(String)}, from bytes that must be UTF-8 (RFC 8259, section 8.1). */
    public PairingRequest read(byte[] utf8) throws Refused {
        if (utf8.length > LARGEST) {
            throw new Refused("TOO_LONG", tooLong(utf8.length));
        }
        try {
            return read(StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(utf8))
                    .toString());
        } catch (CharacterCodingException e) {
            throw new Refused("ENCODING", "the body is not UTF-8");
        }
    }

    /** @throws Refused if the text is too long, no JSON, or violates the schema */
    public PairingRequest read(String text) throws Refused {
        // A character takes at least one byte, so a text this long need not be measured.
        int length = text.length() > LARGEST ? text.length() : text.getBytes(StandardCharsets.UTF_8).length;
        if (length > LARGEST) {
            throw new Refused("TOO_LONG", tooLong(length));
        }
        JsonNode json;
        try {
            // A byte order mark, which some editors and libraries write, may be ignored (RFC 8259, section 8.1).
            json = JSON.readTree(text.startsWith("\ufeff") ? text.substring(1) : text);
        } catch (StreamConstraintsException e) {
            throw new Refused(
                    "NOT_JSON",
                    "the body is no request: it is nested too deeply, or holds a name or a number that is"
                            + " far too long");
        } catch (JsonProcessingException e) {
            if (e.getOriginalMessage().contains("surrogate")) {
                throw halfCharacter(); // in a field's name the parser finds it itself
            }
            throw new Refused(
                    "NOT_JSON",
                    "the body is no JSON: error at line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr());
        }
        if (json == null || json.isMissingNode()) {
            throw new Refused("NOT_JSON", "the body is empty");
        }
        refuseHalfCharacters(json.toString());
        refuseViolations(json);
        Map<String, String> reference = new LinkedHashMap<>();
        json.path("reference")
                .properties()
                .forEach(field -> reference.put(field.getKey(), field.getValue().textValue()));
        return new PairingRequest(
                json.get("name").textValue(), Text.trimmed(json.get("otp").textValue()), webhook(json), reference);
    }

    /**
     * As {@link #read(String)}, for a request that was never text.
     *
     * @return its text
     */
    public String write(ObjectNode request) throws Refused {
        String text = request.toString();
        int length = text.length() > LARGEST ? text.length() : text.getBytes(StandardCharsets.UTF_8).length;
        if (length > LARGEST) {
            throw new Refused("TOO_LONG", tooLong(length));
        }
        refuseHalfCharacters(text);
        refuseViolations(request);
        return text;
    }

    private static void refuseHalfCharacters(String text) throws Refused {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
            // No UTF-8 carries it: each database, endpoint and reader would make something else of it, or fail.
            throw halfCharacter();
        }
    }

    private static Refused halfCharacter() {
        return new Refused("ENCODING", "a text in the body holds half a character (a surrogate without its pair)");
    }

    private static String webhook(JsonNode json) {
        return json.path("webhook_url").isTextual() ? json.get("webhook_url").textValue() : null;
    }

    private void refuseViolations(JsonNode json) throws Refused {
        TreeSet<Violation> found = new TreeSet<>();
        schema.validate(json).forEach(v -> found.add(Violation.of(v)));
        String webhook = webhook(json);
        if (webhook != null && !isHttpsUrl(webhook)) {
            found.add(Violation.noAddress("webhook_url"));
        }
        for (String field : new String[] {"name", "otp"}) {
            // The schema's \S knows other white space than Unicode does.
            if (json.path(field).isTextual()
                    && Text.trimmed(json.get(field).textValue()).isEmpty()) {
                found.add(Violation.empty(field));
            }
        }
        if (!found.isEmpty()) {
            List<Violation> told = found.stream()
                    .limit(MOST_VIOLATIONS)
                    .map(v -> withoutOtp(v, json.path("otp")))
                    .toList();
            throw new Refused(
                    "SCHEMA",
                    told.stream().map(Violation::toString).collect(Collectors.joining("; "))
                            + (found.size() > told.size() ? "; and " + (found.size() - told.size()) + " more" : ""),
                    told);
        }
    }

    /** What is wrong with a body of at least so many bytes. */
    static String tooLong(long length) {
        return "the body has " + length + " bytes, more than the " + LARGEST + " allowed";
    }

    private static boolean isHttpsUrl(String text) {
        try {
            URI uri = new URI(text);
            return "https".equalsIgnoreCase(uri.getScheme()) && uri.getHost() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    /** A sender may have put the password where a name belongs; a message must not repeat it. */
    private static Violation withoutOtp(Violation violation, JsonNode otp) {
        String text = otp.isTextual() || otp.isNumber() ? Text.trimmed(otp.asText()) : "";
        return text.isEmpty() ? violation : new Violation(violation.field().replace(text, "***"), violation.problem());
    }
}
