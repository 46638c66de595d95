package io.pairingbridge.fuzz;

import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Settings files, profiles, files of secrets, environment variables and system properties as people and tools write
 * them: with byte order marks, in other encodings, with typing errors, twice, absurd. Either the settings are exactly
 * what was said, or they are refused with words that name what is at fault and repeat no secret.
 */
final class SettingsDoor implements Door {
    private static final String SECRET = "S3cr3t-";
    /** What can be asked back, by its name. */
    private static final Map<String, Function<Settings, String>> ASKED = new LinkedHashMap<>();

    private static final Map<String, List<String>> GOOD = new LinkedHashMap<>();
    private static final List<String> SECRETS = List.of(
            "pairing.integrator-id",
            "pairing.management.password",
            "pairing.journal.otp-key",
            "pairing.broker.password");
    private static final List<String> ABSURD = List.of(
            "",
            " ",
            "0",
            "-1",
            "1e9",
            "0x1F",
            "NaN",
            "Infinity",
            "999999999999999999999",
            "\uff15",
            "1,5",
            "20 s",
            "5 m",
            "-5s",
            "999999999d",
            "true ",
            "TRUE",
            "yes",
            "null",
            "{{env:X}}",
            "${X}",
            "\u0000",
            "a\u0000b",
            "\u001b[2J",
            "\ud800",
            "x".repeat(9_000),
            "http://u:" + SECRET + "x@h/",
            "https://",
            "://",
            "file:///etc/passwd",
            "/dev/zero",
            "../../etc/passwd",
            "\u202e",
            "a\nb",
            "tcp://h",
            "tcp://u:" + SECRET + "y@h:1",
            "jdbc:postgresql://u:" + SECRET + "z@h/d",
            "jdbc:sqlite:",
            "jdbc:h2:mem",
            "*",
            "''",
            "\"20s\"");

    static {
        ask("pairing.environment", Settings::environment, "simulator");
        ask(
                "pairing.instance-id",
                Settings::instanceId,
                "one",
                "b\u00fcro-7",
                "\u65e5\u672c",
                "a b",
                "x#y",
                "C:\\bridge\\new");
        ask("pairing.management.host", s -> s.management().host(), "127.0.0.1", "localhost");
        ask("pairing.management.port", s -> Integer.toString(s.management().port()), "8077", "1", "65535");
        ask("pairing.broker.username", s -> s.broker().username(), "bridge", "m\u00fcller", "a:b", "a=b");
        ask("pairing.requests.concurrency", s -> Integer.toString(s.requests().concurrency()), "1", "512", "16");
        ask(
                "pairing.rate-limit",
                s -> s.rateLimit() == Math.rint(s.rateLimit())
                        ? Long.toString((long) s.rateLimit())
                        : Double.toString(s.rateLimit()),
                "0",
                "12.5",
                "100000");
        ask("pairing.endpoint.deadline", s -> s.endpoint().deadline().toMillis() + "ms", "500ms", "30000ms");
        ask("pairing.integrator-id", Settings::integratorId);
        ask("pairing.integrators.east-1.id", s -> s.integrators().get("east-1"), "77aa", "88bb");
        ask("pairing.management.password", s -> s.management().password());
        ask("pairing.journal.otp-key", s -> s.journal().otpKey());
        ask("pairing.broker.password", s -> s.broker().password());
        ask("camel.main.name", s -> s.camel().get("camel.main.name"), "other");
    }

    private final Path home;

    SettingsDoor(Path folder) throws IOException {
        home = folder;
        Files.createDirectories(home.resolve("config"));
    }

    private static void ask(String key, Function<Settings, String> value, String... good) {
        ASKED.put(key, value);
        GOOD.put(key, List.of(good));
    }

    /** What one input is made of, and what must come of it. */
    private static final class Input {
        private final Map<String, String> said = new TreeMap<>();
        private final List<String> told = new ArrayList<>();
        /** Why it must be refused; null if it need not. */
        private String mustRefuse;
        /** By their setting, what is wrong with files of secrets; a later layer may name another file. */
        private final Map<String, String> secretFaults = new TreeMap<>();

        private String profile;
        private final Map<String, String> environment = new TreeMap<>();
        private final Map<String, String> system = new TreeMap<>();

        void refuse(String why) {
            mustRefuse = mustRefuse == null ? why : mustRefuse;
            told.add(why);
        }

        @Override
        public String toString() {
            return told + (mustRefuse == null ? "" : " (to be refused: " + mustRefuse + ")");
        }
    }

    @Override
    public Fate tryOne(Random random) throws Exception {
        Input input = new Input();
        write(random, input, home.resolve("config/application.properties"), random.nextInt(6));
        Path profile = home.resolve("config/application-p.properties");
        Files.deleteIfExists(profile);
        if (random.nextInt(3) == 0) {
            input.profile = random.nextInt(8) == 0
                    ? List.of("../p", "none", "p\u0000", "p/q", "\u202e").get(random.nextInt(5))
                    : "p";
            if (!"p".equals(input.profile)) {
                input.refuse("profile");
            }
            write(random, input, profile, 1 + random.nextInt(3));
        }
        for (int i = random.nextInt(3); i > 0; i--) {
            variable(random, input);
        }
        for (int i = random.nextInt(2); i > 0; i--) {
            String key = key(random);
            say(random, input, key, value(random, key), input.system::put);
        }
        return judge(input);
    }

    private interface To {
        void put(String key, String value);
    }

    private void say(Random random, Input input, String key, String value, To to) throws IOException {
        if (SECRETS.contains(key) && random.nextInt(3) == 0) {
            Path file = home.resolve("secret-" + input.told.size() + "-" + input.said.size() + "-" + key.substring(8));
            input.secretFaults.put(key, secretFile(random, file, value));
            to.put(key + "-file", file.toString());
            // Set directly as well, by a layer before or after: refused, which the judge allows.
            input.said.put(key, value);
            input.told.add(key + "-file");
            return;
        }
        to.put(key, value);
        if (!value.isBlank()) {
            input.said.put(key, value.strip());
        } else {
            input.said.remove(key);
        }
    }

    /** What is wrong with it; empty if nothing is. */
    private static String secretFile(Random random, Path file, String value) throws IOException {
        Files.deleteIfExists(file);
        byte[] text = value.getBytes(StandardCharsets.UTF_8);
        switch (random.nextInt(9)) {
            case 0 -> Files.write(file, ("\ufeff" + value).getBytes(StandardCharsets.UTF_8));
            case 1 -> Files.write(file, (value + "\r\n").getBytes(StandardCharsets.UTF_8));
            case 2 -> {
                Files.createDirectory(file);
                return "a folder for a secret";
            }
            case 3 -> {
                Files.write(file, (value + "\n" + value).getBytes(StandardCharsets.UTF_8));
                return "two lines for a secret";
            }
            case 4 -> {
                Files.write(file, value.getBytes(StandardCharsets.UTF_16));
                return "a secret in UTF-16";
            }
            case 5 -> {
                Files.createSymbolicLink(file, Path.of("/dev/zero"));
                return "a device for a secret";
            }
            case 6 -> {
                Files.write(file, new byte[100_000]);
                return "a secret of 100 kB";
            }
            default -> Files.write(file, text);
        }
        return "";
    }

    private static String key(Random random) {
        List<String> keys = List.copyOf(ASKED.keySet());
        return keys.get(random.nextInt(keys.size()));
    }

    private static String value(Random random, String key) {
        if (SECRETS.contains(key)) {
            String more = List.of("", "\u00e4\u00f6", "#!", "=:", "\\", "\\\\x", "a b", "\ud83d\ude00")
                    .get(random.nextInt(8));
            return SECRET + Long.toHexString(random.nextLong() | Long.MIN_VALUE) + "0123456789abcdef0123456789"
                    + (key.endsWith("id") ? "" : more);
        }
        if (random.nextInt(12) == 0 && !key.startsWith("camel.")) {
            return ABSURD.get(random.nextInt(ABSURD.size()));
        }
        List<String> good = GOOD.get(key);
        return good.get(random.nextInt(good.size()));
    }

    private void variable(Random random, Input input) throws IOException {
        String key = key(random);
        if (key.startsWith("camel.")) {
            return;
        }
        String value = value(random, key).replace("\u0000", "");
        String variable = key.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_");
        switch (random.nextInt(10)) {
            case 0 -> {
                input.environment.put(key, value);
                input.refuse("a variable with dots");
            }
            case 1 -> {
                if (!key.contains("integrators")) {
                    input.environment.put(variable.toLowerCase(Locale.ROOT), value);
                    input.refuse("a variable in small letters");
                }
            }
            case 2 -> {
                input.environment.put(variable + "_X", value);
                input.refuse("an unknown variable");
            }
            default ->
                say(
                        random,
                        input,
                        key,
                        value,
                        (name, text) -> input.environment.put(
                                name.toUpperCase(Locale.ROOT).replaceAll("[.-]", "_"), text));
        }
    }

    private void write(Random random, Input input, Path file, int lines) throws IOException {
        StringBuilder text = new StringBuilder();
        Map<String, String> here = new LinkedHashMap<>();
        if (file.endsWith("application.properties")) {
            line(random, text, "pairing.environment", "simulator");
            line(random, text, "pairing.broker.embedded", "true");
            String id = value(random, "pairing.integrator-id");
            line(random, text, "pairing.integrator-id", id);
            input.said.put("pairing.environment", "simulator");
            input.said.put("pairing.integrator-id", id);
            here.put("pairing.environment", "simulator");
            here.put("pairing.integrator-id", id);
        }
        for (int i = 0; i < lines; i++) {
            String key = key(random);
            String value = value(random, key);
            if (here.containsKey(key) && !here.get(key).equals(value)) {
                input.refuse("twice in one file");
            }
            here.putIfAbsent(key, value);
            say(random, input, key, value, (name, v) -> line(random, text, name, v));
        }
        odd(random, input, text);
        encoded(random, input, file, text.toString());
    }

    /** What people do to such files. */
    private static void odd(Random random, Input input, StringBuilder text) {
        switch (random.nextInt(24)) {
            case 0 -> refused(input, text, "pairing.endpoint.dealine=20s\n", "an unknown setting");
            case 1 -> refused(input, text, "Pairing.environment=production\n", "a setting with a capital letter");
            case 2 -> refused(input, text, "PAIRING_ENVIRONMENT=production\n", "a variable in a file");
            case 3 -> refused(input, text, SECRET + "second-line-of-a-secret\n", "a line that is none");
            case 4 ->
                refused(input, text, "pairing.journal.url=jdbc:sqlite:C:\\data\\journal.db\n", "a single backslash");
            case 5 -> refused(input, text, "pairing.tracing.url=\\u12\n", "half an escape");
            case 6 ->
                refused(
                        input,
                        text,
                        "pairing.seal.break-glass-keys=x\\\npairing.seal=none\n",
                        "a continued line that is a setting");
            case 7 -> refused(input, text, "pairing.environment.=simulator\n", "a dot too many");
            case 8 -> text.insert(0, "# a comment \\\n! and another \u00e9\n\n   \n");
            case 9 -> refused(input, text, "\u00a0pairing.seal=none\n", "a no-break space");
            default -> {}
        }
    }

    private static void refused(Input input, StringBuilder text, String line, String why) {
        text.append(line);
        input.refuse(why);
    }

    private static void line(Random random, StringBuilder text, String key, String value) {
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\' || i == 0 && (c == ' ' || c == ':' || c == '=')) {
                escaped.append('\\').append(c);
            } else if (c == '\n' || c == '\u0000' || Character.isSurrogate(c) || c > 0x7e && random.nextInt(3) == 0) {
                escaped.append(String.format("\\u%04x", (int) c));
            } else if (random.nextInt(40) == 0 && c != ' ' && c < 0x7f) {
                escaped.append("\\\n   ").append(c); // a continued line
            } else {
                escaped.append(c);
            }
        }
        text.append(random.nextInt(10) == 0 ? "  " : "")
                .append(key)
                .append(List.of("=", " = ", ":", " ", "\t=", "= ").get(random.nextInt(6)))
                .append(escaped)
                .append(random.nextInt(20) == 0 ? "\r\n" : "\n");
    }

    private static void encoded(Random random, Input input, Path file, String text) throws IOException {
        Charset charset = StandardCharsets.UTF_8;
        String mark = "";
        switch (random.nextInt(16)) {
            case 0, 1 -> mark = "\ufeff";
            case 2 -> {
                if (text.chars().allMatch(c -> c <= 0xff)) {
                    charset = StandardCharsets.ISO_8859_1;
                    if (!text.chars().allMatch(c -> c < 0x80)) {
                        input.refuse("a file in another encoding");
                    }
                }
            }
            case 3 -> {
                charset = StandardCharsets.UTF_16;
                input.refuse("a file in another encoding");
            }
            case 4 -> {
                charset = StandardCharsets.UTF_16LE;
                mark = "\ufeff";
                input.refuse("a file in another encoding");
            }
            default -> {}
        }
        input.told.add(file.getFileName() + " in " + charset + (mark.isEmpty() ? "" : " with a mark") + ": "
                + text.length() + " characters");
        Files.write(
                file,
                (mark + (random.nextInt(6) == 0 ? text.replace("\r\n", "\n").replace("\n", "\r\n") : text))
                        .getBytes(charset));
    }

    private Fate judge(Input input) {
        Settings settings;
        try {
            settings = Settings.load(home, input.profile, input.environment, input.system);
        } catch (SettingsException e) {
            words(input, e.getMessage());
            return Fate.REFUSED;
        } catch (RuntimeException e) {
            throw new AssertionError("not in words but by " + e.getClass().getName() + ": " + input, e);
        }
        input.secretFaults.values().stream().filter(fault -> !fault.isEmpty()).forEach(input::refuse);
        if (input.mustRefuse != null) {
            throw new AssertionError("taken without a word: " + input);
        }
        input.said.forEach((key, value) -> {
            String has = ASKED.get(key).apply(settings);
            if (!Objects.equals(has, value)
                    && !"pairing.endpoint.deadline".equals(key)
                    && !"pairing.rate-limit".equals(key)) {
                throw new AssertionError(key + " is not what was said: "
                        + (SECRETS.contains(key) ? "a secret" : "\"" + has + "\" for \"" + value + "\"") + ": "
                        + input);
            }
        });
        return Fate.OUTCOME;
    }

    private static void words(Input input, String message) {
        if (message == null || message.isBlank() || message.length() > 50_000) {
            throw new AssertionError("no words, or far too many: " + input);
        }
        if (message.contains(SECRET)) {
            throw new AssertionError("a secret in the message: " + input);
        }
        for (String line : message.split("\n")) {
            if (line.chars().anyMatch(Character::isISOControl)
                    || line.contains("Exception:")
                    || line.contains("\tat ")) {
                throw new AssertionError("a line that is not for people: " + input + ": " + line);
            }
            if (!line.matches("(?si).*(pairing[._]|settings file|profile|camel\\.).*")) {
                throw new AssertionError("a line that names nothing: " + input + ": " + line);
            }
        }
    }

    @Override
    public void ordinary() throws IOException {
        Files.writeString(
                home.resolve("config/application.properties"),
                "pairing.environment=simulator\npairing.integrator-id=5f3a\n");
        if (!"5f3a".equals(Settings.load(home, null, Map.of(), Map.of()).integratorId())) {
            throw new AssertionError("ordinary settings are not what they say");
        }
    }

    @Override
    public void restart() {}

    @Override
    public void close() {}
}
