package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Set;

/** JSON as the commands write it: every name in snake_case, as in events and requests, whatever the MBean calls it. */
final class Json {
    static final ObjectMapper MAPPER = new ObjectMapper();

    /**
     * Objects whose names are somebody's data: what a sender calls a shop, why letters were left, outcomes and queues.
     */
    private static final Set<String> DATA = Set.of("reference", "refused", "outcomes", "queues", "jobs", "journal");

    private Json() {}

    static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    static ArrayNode array() {
        return MAPPER.createArrayNode();
    }

    /** The same with other names. */
    static JsonNode snake(JsonNode node) {
        if (node.isArray()) {
            ArrayNode all = array();
            node.forEach(one -> all.add(snake(one)));
            return all;
        }
        if (!node.isObject()) {
            return node;
        }
        ObjectNode object = object();
        node.properties()
                .forEach(field -> object.set(
                        snake(field.getKey()),
                        DATA.contains(field.getKey()) ? field.getValue() : snake(field.getValue())));
        return object;
    }

    static String snake(String name) {
        return name.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }
}
