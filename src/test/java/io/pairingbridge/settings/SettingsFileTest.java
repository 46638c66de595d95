package io.pairingbridge.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Holds {@code config/application*.properties} and {@link Setting} together. */
class SettingsFileTest {
    private static final Path HOME = Path.of("").toAbsolutePath();
    private static final Path FILE = HOME.resolve("config/application.properties");

    /** A setting's value and the comment right above it. */
    private record Line(String value, String comment) {}

    @Test
    void holdsEverySettingWithItsDefaultAndNothingElse() throws IOException {
        Map<String, String> inFile = new TreeMap<>();
        lines().forEach((key, line) -> inFile.put(key, line.value()));
        Map<String, String> known = new TreeMap<>();
        Arrays.stream(Setting.values()).forEach(setting -> known.put(setting.key(), setting.byDefault()));

        assertThat(inFile).isEqualTo(known);
    }

    @Test
    void explainsEverySettingInTheLinesAboveIt() throws IOException {
        Map<String, Line> lines = lines();

        assertThat(lines.entrySet().stream()
                        .filter(entry -> entry.getValue().comment().length() < 40)
                        .map(Map.Entry::getKey)
                        .collect(Collectors.toList()))
                .as("settings without an explanation")
                .isEmpty();
        assertThat(lines.entrySet().stream()
                        .filter(entry -> !entry.getValue().comment().matches("(?s).*(?i:by default|no default).*"))
                        .map(Map.Entry::getKey)
                        .collect(Collectors.toList()))
                .as("settings that do not say why their default")
                .isEmpty();
    }

    @Test
    void showsEachFamilyOfSettingsAsAnExample() throws IOException {
        String text = Files.readString(FILE);

        for (String family : Setting.FAMILIES.keySet()) {
            assertThat(text)
                    .containsPattern("(?m)^#" + family.replace(".", "\\.").replace("*", "[a-z-]+") + "=$");
        }
    }

    @Test
    void everyProfileThatIsShippedCanBeRead() {
        Map<String, String> id = Map.of("pairing.integrator-id", "0123456789ab");

        assertThat(Settings.load(HOME, null, Map.of(), id).environment()).isEqualTo("sandbox");
        assertThat(Settings.load(HOME, "production", Map.of(), id).environment())
                .isEqualTo("production");
        assertThat(Settings.load(HOME, "simulator", Map.of(), Map.of()).environment())
                .isEqualTo("simulator");
    }

    @Test
    void theExamplesInTheProfilesAreSettingsThatExist() throws IOException {
        for (String profile : List.of("application-production.properties", "application-simulator.properties")) {
            for (String text : Files.readAllLines(HOME.resolve("config").resolve(profile))) {
                if (!text.matches("#?pairing\\.[^ ]+=.*")) {
                    continue;
                }
                String key = text.substring(text.startsWith("#") ? 1 : 0, text.indexOf('='));
                String setting = key.endsWith("-file") ? key.substring(0, key.length() - "-file".length()) : key;
                assertThat(Setting.of(setting)).as(profile + ": " + key).isNotNull();
            }
        }
    }

    @Test
    void theBridgeCallsTheServerOfItsEnvironmentWithTheVendorsPath() {
        Map<String, String> id = new TreeMap<>(Map.of("pairing.integrator-id", "0123456789ab"));
        assertThat(Settings.load(HOME, null, Map.of(), id).endpoint().url())
                .hasToString("https://api-payment.lab4pay.dev/v1/pay-connect/pair/");
        id.put("pairing.environment", "production");
        assertThat(Settings.load(HOME, null, Map.of(), id).endpoint().url())
                .hasToString("https://api-payment.lab4pay.com/v1/pay-connect/pair/");
        id.put("pairing.environment", "simulator");
        id.put("pairing.simulator.port", "9078");
        assertThat(Settings.load(HOME, null, Map.of(), id).endpoint().url())
                .hasToString("http://127.0.0.1:9078/v1/pay-connect/pair/");
    }

    @Test
    void aCommandThatOnlyTalksToTheBridgeNeedsNoIntegratorId() {
        assertThatCode(() -> Settings.loadForClient(HOME, null, Map.of(), Map.of()))
                .doesNotThrowAnyException();
    }

    private static Map<String, Line> lines() throws IOException {
        Map<String, Line> found = new LinkedHashMap<>();
        StringBuilder comment = new StringBuilder();
        for (String text : Files.readAllLines(FILE)) {
            if (text.startsWith("#")) {
                comment.append(text.substring(1));
            } else {
                if (!text.isBlank()) {
                    int equals = text.indexOf('=');
                    found.put(text.substring(0, equals), new Line(text.substring(equals + 1), comment.toString()));
                }
                comment.setLength(0);
            }
        }
        return found;
    }
}
