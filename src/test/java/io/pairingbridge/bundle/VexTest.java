package io.pairingbridge.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The statements about published holes are valid, and what those say that no other test looks at is so. That they speak
 * of the versions in the bundle is for {@link SupplyChainIT}.
 */
class VexTest {
    private static final Set<String> JUSTIFICATIONS = Set.of(
            "component_not_present",
            "vulnerable_code_not_present",
            "vulnerable_code_not_in_execute_path",
            "vulnerable_code_cannot_be_controlled_by_adversary",
            "inline_mitigations_already_exist");
    /** What a statement of a status must have, and what it must not. */
    private static final Map<String, List<List<String>>> TEXTS = Map.of(
            "fixed", List.of(List.of(), List.of("justification", "impact_statement", "action_statement")),
            "not_affected", List.of(List.of("justification", "impact_statement"), List.of("action_statement")),
            "affected", List.of(List.of("action_statement"), List.of("justification", "impact_statement")),
            "under_investigation",
                    List.of(List.of("status_notes"), List.of("justification", "impact_statement", "action_statement")));

    private static final JsonNode DOCUMENT = Vex.read(Vex.FILE);

    @Test
    void isADocumentOfTheSpecification() throws IOException {
        assertThat(names(DOCUMENT))
                .isSubsetOf(
                        "@context",
                        "@id",
                        "author",
                        "role",
                        "timestamp",
                        "last_updated",
                        "version",
                        "tooling",
                        "statements");
        assertThat(DOCUMENT.path("@context").asText()).isEqualTo("https://openvex.dev/ns/v0.2.0");
        assertThat(java.net.URI.create(DOCUMENT.path("@id").asText()).isAbsolute())
                .isTrue();
        assertThat(DOCUMENT.path("author").asText()).isNotBlank();
        assertThat(OffsetDateTime.parse(DOCUMENT.path("timestamp").asText())).isNotNull();
        assertThat(DOCUMENT.path("version").isInt() && DOCUMENT.path("version").asInt() > 0)
                .as("version")
                .isTrue();
        assertThat(Vex.statements(DOCUMENT)).isNotEmpty();
        assertThat(Files.readString(Vex.FILE, StandardCharsets.UTF_8)).endsWith("}\n");
    }

    @Test
    void saysOfEachHoleWhatItsStatusNeeds() throws IOException {
        Set<String> seen = new HashSet<>();
        for (JsonNode statement : Vex.statements(DOCUMENT)) {
            String name = Vex.name(statement);
            assertThat(seen.add(name)).as("%s once", name).isTrue();
            assertThat(name).matches("(CVE|GHSA)-[\\w-]+");
            assertThat(names(statement))
                    .as(name)
                    .isSubsetOf(
                            "vulnerability",
                            "products",
                            "status",
                            "status_notes",
                            "justification",
                            "impact_statement",
                            "action_statement",
                            "timestamp",
                            "last_updated",
                            "action_statement_timestamp");
            String status = statement.path("status").asText();
            assertThat(TEXTS).as(name).containsKey(status);
            TEXTS.get(status)
                    .get(0)
                    .forEach(field -> assertThat(statement.path(field).asText())
                            .as("%s: %s", name, field)
                            .isNotBlank());
            TEXTS.get(status)
                    .get(1)
                    .forEach(field -> assertThat(statement.has(field))
                            .as("%s: %s", name, field)
                            .isFalse());
            if (statement.has("justification")) {
                assertThat(JUSTIFICATIONS)
                        .as(name)
                        .contains(statement.path("justification").asText());
            }
            assertThat(statement.path("products")).as(name).hasSize(1);
            assertThat(statement.path("products").path(0).path("@id").asText())
                    .as(name)
                    .isEqualTo("pkg:maven/io.pairingbridge/pairing-bridge@" + version() + "?type=jar");
            assertThat(Vex.packages(statement))
                    .as(name)
                    .allMatch(purl -> purl.matches("pkg:maven/[\\w.-]+/[\\w.-]+@[^?]+\\?.*type=jar"));
            assertThat(Vex.packages(statement).isEmpty())
                    .as("%s names what it speaks of unless that is not in the bundle", name)
                    .isEqualTo("component_not_present"
                            .equals(statement.path("justification").asText()));
        }
    }

    @Test
    void namesTheTestOfWhatKeepsAHoleAway() {
        for (JsonNode statement : Vex.statements(DOCUMENT)) {
            if ("not_affected".equals(statement.path("status").asText())) {
                assertThat(Vex.tests(statement)).as(Vex.name(statement)).isNotEmpty();
            }
            assertThat(Vex.tests(statement)).as(Vex.name(statement)).allSatisfy(test -> {
                assertThat(test).matches(".*(Test|IT)");
                assertThat(Path.of("src/test/java", test.replace('.', '/') + ".java"))
                        .isRegularFile();
            });
        }
    }

    /** CVE-2026-49363, -49364, -67593: no cluster to tell of, nobody to send a password to, and no OpenWire. */
    @Test
    void theBrokersConfigurationHasNoClusterAndThreeProtocols() throws IOException {
        String broker = Files.readString(Path.of("docker/artemis/broker.xml")).replaceAll("(?s)<!--.*?-->", "");
        assertThat(broker)
                .doesNotContain(
                        "<cluster-",
                        "<broadcast-",
                        "<discovery-",
                        "<ha-policy",
                        "<federation",
                        "<broker-connection",
                        "<bridge ",
                        "<bridges");
        List<String> acceptors =
                broker.lines().filter(line -> line.contains("<acceptor ")).toList();
        assertThat(acceptors)
                .isNotEmpty()
                .allMatch(line -> line.matches(".*[?;]protocols=(CORE|AMQP|STOMP)(,(CORE|AMQP|STOMP))*[;&<].*"));
    }

    /** CVE-2026-59283, -47886, -59282: no SpEL, no data binding, in no class and in no route. */
    @Test
    void evaluatesNoSpringExpressionAndBindsNoPropertyPaths() throws IOException {
        List<String> using = new ArrayList<>();
        try (Stream<Path> classes = Files.walk(Path.of("target/classes"))) {
            for (Path file :
                    classes.filter(path -> path.toString().endsWith(".class")).toList()) {
                String code = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                if (Stream.of(
                                "org/springframework/expression/",
                                "org/springframework/beans/",
                                "org/springframework/validation/",
                                "org/springframework/util/AutoPopulatingList")
                        .anyMatch(code::contains)) {
                    using.add(file.toString());
                }
            }
        }
        assertThat(using).isEmpty();
        try (Stream<Path> routes = Files.list(Path.of("routes"))) {
            for (Path route : routes.toList()) {
                assertThat(Files.readString(route)).as(route.toString()).doesNotContainPattern("\\bspel\\b");
            }
        }
    }

    private static String version() throws IOException {
        Properties properties = new Properties();
        try (java.io.InputStream in = VexTest.class.getResourceAsStream("/pairing-bridge.properties")) {
            properties.load(in);
        }
        return properties.getProperty("version");
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
