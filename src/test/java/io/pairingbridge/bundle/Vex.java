package io.pairingbridge.bundle;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The statements about published holes, as an OpenVEX document holds them (specification 0.2.0). */
final class Vex {
    static final Path FILE = Path.of("src/main/supply-chain/pairing-bridge.openvex.json");
    private static final Pattern TEST = Pattern.compile("io\\.pairingbridge\\.[a-z.]+\\.[A-Z]\\w*");

    private Vex() {}

    static JsonNode read(Path file) {
        try {
            return new ObjectMapper().readTree(file.toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<JsonNode> statements(JsonNode document) {
        List<JsonNode> statements = new ArrayList<>();
        document.path("statements").forEach(statements::add);
        return statements;
    }

    static String name(JsonNode statement) {
        return statement.path("vulnerability").path("name").asText();
    }

    /** The packages of the bundle that a statement speaks of; none for one about something that is not in it. */
    static List<String> packages(JsonNode statement) {
        List<String> purls = new ArrayList<>();
        statement
                .path("products")
                .forEach(product -> product.path("subcomponents")
                        .forEach(part -> purls.add(part.path("@id").asText())));
        return purls;
    }

    /** The classes that its notes name. */
    static Set<String> tests(JsonNode statement) {
        Set<String> names = new TreeSet<>();
        Matcher matcher = TEST.matcher(statement.path("status_notes").asText());
        while (matcher.find()) {
            names.add(matcher.group());
        }
        return names;
    }
}
