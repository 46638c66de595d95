package io.pairingbridge.routes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * Camel's own schema of its YAML over {@code routes/}, in the canonical form only. Camel 4.18 ships the schema that
 * also takes the short forms; what makes it the canonical one is taken out of it here.
 */
class RouteSchemaTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static JsonSchema canonical;

    @BeforeAll
    static void loadSchema() throws IOException {
        try (InputStream shipped = RouteSchemaTest.class.getResourceAsStream("/schema/camelYamlDsl.json")) {
            JsonNode schema = JSON.readTree(shipped);
            withoutShortForms(schema);
            canonical = JsonSchemaFactory.getInstance(VersionFlag.V4).getSchema(schema);
        }
    }

    /**
     * Short forms are a text in place of an object ({@code - to: direct:a}), and the name of a language in place of
     * {@code expression}.
     */
    private static void withoutShortForms(JsonNode node) {
        if (node.path("oneOf") instanceof ArrayNode choices) {
            remove(choices, choice -> "string".equals(choice.path("type").asText()));
            for (JsonNode choice : choices) {
                if (requiresExpression(choice)) {
                    remove(choices, other -> !requiresExpression(other));
                    break;
                }
            }
        }
        node.forEach(RouteSchemaTest::withoutShortForms);
    }

    private static boolean requiresExpression(JsonNode schema) {
        for (JsonNode name : schema.path("required")) {
            if (name.asText().equals("expression")) {
                return true;
            }
        }
        return false;
    }

    /** Never all of them. */
    private static void remove(ArrayNode choices, Predicate<JsonNode> which) {
        boolean othersLeft = false;
        for (JsonNode choice : choices) {
            othersLeft |= !which.test(choice);
        }
        for (Iterator<JsonNode> each = choices.iterator(); othersLeft && each.hasNext(); ) {
            if (which.test(each.next())) {
                each.remove();
            }
        }
    }

    private static List<String> violations(String yaml) {
        Object read = new Load(LoadSettings.builder().build()).loadFromString(yaml);
        return canonical.validate(JSON.valueToTree(read)).stream()
                .map(violation -> violation.getInstanceLocation() + " " + violation.getMessage())
                .toList();
    }

    @Test
    void followCamelsCanonicalSchema() throws IOException {
        List<String> all = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of("routes"))) {
            for (Path file : files.sorted().toList()) {
                violations(Files.readString(file)).forEach(violation -> all.add(file.getFileName() + " " + violation));
            }
        }
        assertThat(all).isEmpty();
    }

    /** That the schema refuses what it is there to refuse. */
    @Test
    void refusesShortFormsAndUnknownKeys() {
        String good = """
                - route:
                    id: a
                    from:
                      uri: direct
                      parameters:
                        name: a
                      steps:
                        - setVariable:
                            name: x
                            expression:
                              constant:
                                expression: "1"
                        - to:
                            uri: direct
                            parameters:
                              name: b
                """;
        assertThat(violations(good)).isEmpty();
        String shortTo = good.replaceAll("(?s)- to:.*", "- to: direct:b\n");
        String shortExpression =
                good.replaceAll("(?s)expression:\\s+constant:\\s+expression: \"1\"", "constant: \"1\"");
        String shortLanguage = good.replaceAll("(?s)constant:\\s+expression: \"1\"", "constant: \"1\"");
        String unknown = good.replace("name: x", "nam: x");
        for (String bad : List.of(shortTo, shortExpression, shortLanguage, unknown)) {
            assertThat(bad).isNotEqualTo(good);
            assertThat(violations(bad)).as(bad).isNotEmpty();
        }
    }
}
