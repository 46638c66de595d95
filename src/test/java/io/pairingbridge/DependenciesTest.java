package io.pairingbridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Which package may know which: only those of a line above its own in {@link #LAYERS}, so that there is no circle. What
 * the flow is made of knows nothing of those who watch it, operate it or start it.
 */
class DependenciesTest {
    private static final Path SOURCES = Path.of("src/main/java/io/pairingbridge");

    /** The top package, which puts the others together. */
    private static final String WIRING = "(top)";

    /** Runs in a broker of its own, from a jar with nothing else in it. */
    private static final String PLUGIN = "broker.plugin";

    /** What the plugin may use all the same: the compiler copies constants. */
    private static final String CONSTANTS = "Contract";

    private static final List<Set<String>> LAYERS = List.of(
            Set.of("text", "job"),
            Set.of("files", "batch.document", PLUGIN),
            Set.of("access", "sealing"),
            Set.of("settings", "broker"),
            Set.of("journal"),
            Set.of("endpoint", "intake", "delivery"),
            Set.of("batch"),
            Set.of("operate"),
            Set.of("monitor", "site"),
            Set.of(WIRING, "simulator"),
            Set.of("cli"));

    /** The command line's main class and its hooks stand at the top, and name the commands. */
    private static final Set<String> ABOVE_THE_COMMANDS = Set.of("PairingBridge", "LogFormat");

    /** Says how the build is called; knows nothing, so that everybody may ask it. */
    private static final String VERSION = "Version";

    /** Those who only listen, so that nothing may need them but the one place that puts the parts together. */
    private static final Set<String> LISTENERS = Set.of("monitor");

    private static final Pattern NOT_CODE = Pattern.compile(
            "\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\\\n])*\"|/\\*.*?\\*/|//[^\\n]*|^package [^\\n]*",
            Pattern.DOTALL | Pattern.MULTILINE);
    private static final Pattern USE = Pattern.compile("\\bio\\.pairingbridge((?:\\.[a-z]\\w*)*)\\.([A-Z]\\w*)");

    private final Map<String, Integer> layers = new HashMap<>();

    DependenciesTest() {
        for (int i = 0; i < LAYERS.size(); i++) {
            for (String name : LAYERS.get(i)) {
                layers.put(name, i);
            }
        }
    }

    @Test
    void everyPackageKnowsOnlyThoseOfTheLayersBelowIt() throws IOException {
        List<String> wrong = new ArrayList<>();
        Set<String> found = new TreeSet<>();
        try (Stream<Path> files = Files.walk(SOURCES)) {
            files.filter(file -> file.toString().endsWith(".java")).forEach(file -> check(file, found, wrong));
        }
        assertThat(wrong).isEmpty();
        assertThat(found).as("packages that there are").containsExactlyInAnyOrderElementsOf(layers.keySet());
    }

    private void check(Path file, Set<String> found, List<String> wrong) {
        String path = SOURCES.relativize(file).toString().replace('\\', '/');
        String name = path.replaceFirst(".*/", "").replaceFirst("\\.java$", "");
        String from =
                known(path.contains("/") ? path.replaceFirst("/[^/]*$", "").replace('/', '.') : "");
        found.add(from);
        int layer = from.equals(WIRING) && ABOVE_THE_COMMANDS.contains(name)
                ? LAYERS.size()
                : layers.getOrDefault(from, Integer.MIN_VALUE);
        Matcher uses = USE.matcher(NOT_CODE.matcher(text(file)).replaceAll(""));
        while (uses.find()) {
            String to = known(uses.group(1).replaceFirst("^\\.", ""));
            if (to.equals(from) || to.equals(WIRING) && uses.group(2).equals(VERSION)) {
                continue;
            }
            if (layers.getOrDefault(to, Integer.MAX_VALUE) >= layer
                    || LISTENERS.contains(to) && !from.equals(WIRING)
                    || from.equals(PLUGIN) && !uses.group(2).equals(CONSTANTS)) {
                wrong.add(path + ": " + from + " must not know " + to + "." + uses.group(2));
            }
        }
    }

    /** The package as the table calls it: one that is not in it belongs to the one around it. */
    private String known(String full) {
        String name = full;
        while (!layers.containsKey(name) && name.contains(".")) {
            name = name.substring(0, name.lastIndexOf('.'));
        }
        return name.isEmpty() ? WIRING : name;
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
