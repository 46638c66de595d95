package io.pairingbridge.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.JarFile;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The lists that the bundle brings along, held against its jars: what lies inside jars, and which published holes reach
 * it.
 */
class SupplyChainIT {
    /** Marks of other people's code in a jar: what a shading tool names so, licences by name, compiled code. */
    private static final Pattern MARK = Pattern.compile(
            "(?:META-INF/versions/\\d+/)?(.*/(?:shaded|external|repackaged|relocated|thirdparty|vendor)/.*\\.class"
                    + "|META-INF/licenses/[^/]+/[^/]+/.*|.*\\.(?:so|dll|dylib|jnilib)|org/springframework/(?:asm|cglib|javapoet|objenesis)/.*)");

    private static final Pattern FOREIGN_POM = Pattern.compile("META-INF/maven/([^/]+)/([^/]+)/pom\\.properties");
    private static final JsonNode SHADED = Vex.read(Path.of("src/main/supply-chain/shaded.json"));

    private static Path home;
    private static JsonNode sbom;
    /** Jar of lib/ by group and name. */
    private static final Map<String, Path> JARS = new TreeMap<>();

    private static final Set<String> PURLS = new TreeSet<>();

    @BeforeAll
    static void unpack(@TempDir Path folder) throws Exception {
        home = BundleIT.unpack(folder);
        sbom = Vex.read(home.resolve("sbom.cdx.json"));
        for (JsonNode component : sbom.path("components")) {
            JARS.put(
                    component.path("group").asText() + ":"
                            + component.path("name").asText(),
                    home.resolve("lib").resolve(BundleIT.jar(component)));
            PURLS.add(component.path("purl").asText());
        }
    }

    @Test
    void listsWhatLiesInsideJarsBelowThem() {
        Map<String, List<String>> nested = new TreeMap<>();
        for (JsonNode component : sbom.path("components")) {
            component.path("components").forEach(part -> {
                nested.computeIfAbsent(
                                component.path("group").asText() + ":"
                                        + component.path("name").asText(),
                                jar -> new ArrayList<>())
                        .add(part.path("purl").asText());
                assertThat(part.path("bom-ref").asText()).isNotBlank();
                assertThat(part.path("licenses")).as(part.path("purl").asText()).isNotEmpty();
            });
        }
        Map<String, List<String>> listed = new TreeMap<>();
        SHADED.path("shaded")
                .properties()
                .forEach(jar -> jar.getValue()
                        .forEach(part -> listed.computeIfAbsent(jar.getKey(), key -> new ArrayList<>())
                                .add(part.path("purl").asText())));
        assertThat(nested).isEqualTo(listed).isNotEmpty();
        Set<String> references = new TreeSet<>();
        sbom.findValuesAsText("bom-ref")
                .forEach(reference ->
                        assertThat(references.add(reference)).as(reference).isTrue());
    }

    /** So that a new version of a library cannot make the list untrue. */
    @Test
    void isRightAboutWhatLiesInsideJars() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Map.Entry<String, JsonNode> jar : SHADED.path("shaded").properties()) {
            try (JarFile file = new JarFile(JARS.get(jar.getKey()).toFile())) {
                for (JsonNode part : jar.getValue()) {
                    String entry = part.path("proof").path("entry").asText();
                    String text = part.path("proof").path("contains").asText("");
                    ZipEntry found = file.getEntry(entry);
                    if (found == null
                            || !new String(file.getInputStream(found).readAllBytes(), StandardCharsets.UTF_8)
                                    .contains(text)) {
                        wrong.add(jar.getKey() + " has no " + entry + " with \"" + text + "\": is it still "
                                + part.path("purl").asText() + "?");
                    }
                    String version = part.path("version").asText("");
                    if (!(entry + text + part.path("note").asText(""))
                            .replace('_', '.')
                            .contains(version)) {
                        wrong.add(part.path("purl").asText() + ": nothing shows its version");
                    }
                    part.path("inside").forEach(folder -> {
                        if (file.stream().noneMatch(e -> e.getName().startsWith(folder.asText()))) {
                            wrong.add(jar.getKey() + " has nothing in " + folder.asText());
                        }
                    });
                }
            }
        }
        assertThat(wrong).isEmpty();
    }

    @Test
    void missesNothingThatLiesInsideAJar() throws IOException {
        List<String> missed = new ArrayList<>();
        for (Map.Entry<String, Path> jar : JARS.entrySet()) {
            List<String> known = new ArrayList<>();
            SHADED.path("own").path(jar.getKey()).forEach(folder -> known.add(folder.asText()));
            SHADED.path("shaded").path(jar.getKey()).forEach(part -> {
                known.add(part.path("proof").path("entry").asText());
                part.path("inside").forEach(folder -> known.add(folder.asText()));
            });
            for (String mark : marks(jar.getKey(), jar.getValue())) {
                if (known.stream().noneMatch(mark::startsWith)) {
                    missed.add(jar.getKey() + ": " + mark);
                }
            }
        }
        assertThat(missed).isEmpty();
    }

    private static Set<String> marks(String jar, Path file) throws IOException {
        Set<String> marks = new TreeSet<>();
        Map<String, Integer> roots = new HashMap<>();
        Map<String, String> first = new HashMap<>();
        try (JarFile content = new JarFile(file.toFile())) {
            for (ZipEntry entry : Collections.list(content.entries())) {
                String name = entry.getName();
                Matcher mark = MARK.matcher(name);
                if (mark.matches()) {
                    marks.add(mark.group(1));
                }
                Matcher pom = FOREIGN_POM.matcher(name);
                if (pom.matches() && !jar.endsWith(":" + pom.group(2))) {
                    marks.add(name);
                }
                if (name.matches("[^/]+/[^/]+/.*\\.class") && !name.startsWith("META-INF/")) {
                    String root = name.replaceFirst("^([^/]+/[^/]+/).*", "$1");
                    roots.merge(root, 1, Integer::sum);
                    first.putIfAbsent(root, name);
                }
            }
        }
        // Classes below another domain than most of the jar's are somebody else's.
        int most = roots.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        roots.forEach((root, count) -> {
            if (count < most) {
                marks.add(first.get(root));
            }
        });
        return marks;
    }

    @Test
    void bringsTheStatementsAboutHolesAlong() {
        assertThat(home.resolve("pairing-bridge.openvex.json")).hasSameTextualContentAs(Vex.FILE);
    }

    /** Whoever builds with a newer library sees here which statements he must judge anew. */
    @Test
    void judgesHolesInTheVersionsOfThisBundle() {
        Map<String, List<String>> untrue = new LinkedHashMap<>();
        for (JsonNode statement : Vex.statements(Vex.read(Vex.FILE))) {
            List<String> others = Vex.packages(statement).stream()
                    .filter(purl -> !PURLS.contains(purl))
                    .toList();
            if (!others.isEmpty()) {
                untrue.put(Vex.name(statement) + " speaks of what is not in the bundle; judge it anew", others);
            }
        }
        assertThat(untrue).isEmpty();
    }

    /** What statements say is not there. */
    @Test
    void hasNoLibraryThatAStatementSaysIsAbsent() {
        assertThat(JARS.keySet())
                .doesNotContain(
                        "org.apache.camel:camel-vertx-websocket",
                        "org.apache.artemis:artemis-openwire-protocol",
                        "org.springframework:spring-web",
                        "org.springframework:spring-webmvc",
                        "org.springframework:spring-webflux",
                        "org.springframework:spring-websocket",
                        "org.springframework:spring-context-support",
                        "org.jline:jline-groovy",
                        "org.jline:jline")
                .noneMatch(jar -> jar.startsWith("io.rsocket:"));
    }
}
