package io.pairingbridge.routes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The house rules of {@code routes/} that a machine can check; all violations at once. */
class RouteFilesTest {
    private static final Pattern STEP_ID = Pattern.compile("[a-z]+(-[a-z0-9]+)*");
    private static final Set<String> LEAVES =
            Set.of("bean", "to", "marshal", "unmarshal", "setVariable", "removeHeaders");
    private static final Set<String> BRANCHES = Set.of("choice", "split", "filter", "doTry");
    private static final int MOST_STEPS = 13;

    private final List<String> broken = new ArrayList<>();
    private final Map<String, String> idOwners = new LinkedHashMap<>();

    /** Every step id in the route files, with its file. */
    static Map<String, String> stepIds() {
        RouteFilesTest files = new RouteFilesTest();
        files.read();
        return files.idOwners;
    }

    @Test
    void followTheHouseRules() {
        read();
        assertThat(broken).isEmpty();
    }

    private void read() {
        try (Stream<Path> files = Files.list(Path.of("routes"))) {
            files.sorted().forEach(this::file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void file(Path file) {
        String name = file.getFileName().toString();
        String text;
        try {
            text = Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!name.endsWith(".camel.yaml")) {
            broken.add(name + ": not named *.camel.yaml");
        }
        for (String forbidden :
                List.of("toD", "groovy", "script:", "beans:", "password", "client_secret", "127.0.0.1", "localhost")) {
            if (text.lines().filter(line -> !line.startsWith("#")).anyMatch(line -> line.contains(forbidden))) {
                broken.add(name + ": holds " + forbidden);
            }
        }
        Object root = new Load(LoadSettings.builder().build()).loadFromString(text);
        for (Object item : (List<?>) root) {
            Map<?, ?> entry = (Map<?, ?>) item;
            if (entry.containsKey("routeConfiguration")) {
                if (!name.equals("errors.camel.yaml")) {
                    broken.add(name + ": a route configuration belongs in errors.camel.yaml");
                }
                handlers((Map<?, ?>) entry.get("routeConfiguration"), name);
            } else {
                route((Map<?, ?>) entry.get("route"), name, text);
            }
        }
    }

    private void handlers(Map<?, ?> configuration, String file) {
        for (Object handler : (List<?>) configuration.get("onException")) {
            Map<?, ?> on = (Map<?, ?>) ((Map<?, ?>) handler).get("onException");
            if (on.get("redeliveryPolicy") instanceof Map<?, ?> policy
                    && !policy.keySet().stream()
                            .allMatch(option -> option.toString().startsWith("log"))) {
                broken.add(file + ": " + on.get("id")
                        + " tries again in the consumer's thread; the broker is to deliver again");
            }
            if (on.get("steps") != null) {
                steps((List<?>) on.get("steps"), file);
            }
        }
    }

    private void route(Map<?, ?> route, String file, String text) {
        if (!file.equals(route.get("id") + ".camel.yaml")) {
            broken.add(file + ": its route is called " + route.get("id"));
        }
        for (String required : List.of("description", "routeConfigurationId", "from")) {
            if (route.get(required) == null) {
                broken.add(file + ": its route lacks " + required);
            }
        }
        long comment = text.lines().takeWhile(line -> line.startsWith("#")).count();
        if (comment < 2 || comment > 6) {
            broken.add(file + ": the comment on top has " + comment + " lines");
        }
        Map<?, ?> from = (Map<?, ?>) route.get("from");
        endpoint(from, "from", file);
        int count = steps((List<?>) from.get("steps"), file);
        if (count > MOST_STEPS) {
            broken.add(file + ": " + count + " steps");
        }
    }

    private int steps(List<?> steps, String file) {
        int count = 0;
        for (Object step : steps) {
            Map<?, ?> map = (Map<?, ?>) step;
            String kind = map.keySet().iterator().next().toString();
            if (!LEAVES.contains(kind) && !BRANCHES.contains(kind)) {
                broken.add(file + ": step of kind " + kind + " is not in use here");
            }
            if (!(map.get(kind) instanceof Map<?, ?> body)) {
                broken.add(file + ": the short form of " + kind);
                continue;
            }
            id(body, kind, file);
            if (kind.equals("to")) {
                endpoint(body, "to", file);
            }
            count++;
            if (body.get("steps") instanceof List<?> inner) {
                count += steps(inner, file);
            }
            if (body.get("doCatch") instanceof List<?> catches) {
                for (Object block : catches) {
                    count += steps((List<?>) ((Map<?, ?>) block).get("steps"), file);
                }
            }
            if (kind.equals("choice")) {
                for (Object when : (List<?>) body.get("when")) {
                    Map<?, ?> branch = (Map<?, ?>) when;
                    if (!(branch.get("expression") instanceof Map)) {
                        broken.add(file + ": a when without an expression block");
                    }
                    count += steps((List<?>) branch.get("steps"), file);
                }
                if (body.get("otherwise") instanceof Map<?, ?> otherwise) {
                    count += steps((List<?>) otherwise.get("steps"), file);
                }
            }
        }
        return count;
    }

    private void id(Map<?, ?> step, String kind, String file) {
        Object id = step.get("id");
        if (id == null || !STEP_ID.matcher(id.toString()).matches()) {
            broken.add(file + ": a " + kind + " without a proper id: " + id);
        } else if (kind.equals("doTry")) {
            // Camel shows its steps to an interceptor, and not the block.
        } else if (idOwners.putIfAbsent(id.toString(), file) != null) {
            broken.add(file + ": the id " + id + " is also used in " + idOwners.get(id.toString()));
        }
    }

    private void endpoint(Map<?, ?> endpoint, String kind, String file) {
        String uri = String.valueOf(endpoint.get("uri"));
        boolean placeholder = uri.startsWith("{{") && uri.endsWith("}}");
        if (!placeholder && !uri.matches("[a-z-]+")) {
            broken.add(file + ": " + kind + " " + uri + " must be a scheme with its options under parameters");
        }
        if (new HashSet<>(List.of("jms", "jms-publish", "direct", "timer")).contains(uri)
                && !(endpoint.get("parameters") instanceof Map)) {
            broken.add(file + ": " + kind + " " + uri + " without parameters");
        }
    }
}
