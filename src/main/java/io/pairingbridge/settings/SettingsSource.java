package io.pairingbridge.settings;

import io.pairingbridge.files.PropertyLines;
import io.pairingbridge.text.EditDistance;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Reads the settings from where they may stand, later ones winning: {@code config/application.properties},
 * {@code config/local/application.properties}, {@code application-<profile>.properties} in the same two folders,
 * environment variables, system properties. Every {@code pairing.*} name and value is checked, and all mistakes are
 * reported at once.
 */
final class SettingsSource {
    /** What this machine sets, apart from the bundle, so that another bundle takes it over; in the bundle's folder. */
    static final String LOCAL = "config/local";

    private static final Pattern PROFILE = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final Pattern ALIAS = Pattern.compile("[A-Za-z0-9_-]+");
    /**
     * Names of ours that are no settings: where the bundle lies, which profile applies, whether failures are traced,
     * how is logged.
     */
    private static final List<String> NOT_SETTINGS =
            List.of("pairing.home", "pairing.profile", "pairing.debug", "pairing.log");

    private static final Pattern SECRETIVE = Pattern.compile("(?i)password|secret|token|key|credential");
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{.*}}", Pattern.DOTALL);
    private static final String VARIABLE = "environment variable ";
    /** Bytes of a file that holds a secret, and characters of a value. */
    private static final int LARGEST_SECRET = 64 * 1024;

    private static final int LONGEST_VALUE = 8 * 1024;
    private static final int LONGEST_NAME = 128;
    /** What Kubernetes sets in a pod for a service of its name space, here one whose name begins with "pairing-". */
    private static final Pattern SERVICE_HOST = Pattern.compile("PAIRING_\\w+_SERVICE_HOST");

    private static final Pattern SERVICE_PORT =
            Pattern.compile("PAIRING_\\w+_(SERVICE_PORT(_\\w+)?|PORT_\\d+_(TCP|UDP|SCTP)_(PORT|PROTO|ADDR))");
    private static final Pattern SERVICE_URL = Pattern.compile("PAIRING_\\w+_PORT(_\\d+_(TCP|UDP|SCTP))?");
    private static final Pattern URL_OF_A_SERVICE = Pattern.compile("(tcp|udp|sctp)://\\S+:\\d+");
    /** A name that differs more is no typing error. */
    private static final int FURTHEST = 4;

    private final Map<String, String> values = new TreeMap<>();
    private final Map<String, String> camel = new TreeMap<>();
    private final Map<String, String> origins = new HashMap<>();
    private final Map<String, EffectiveSetting> inUse = new TreeMap<>();
    private final List<String> serviceLinks = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final Set<String> unsound = new HashSet<>();
    private final Map<String, Path> secretFiles = new TreeMap<>();
    private final Map<Path, Set<String>> passwordsInSettingsFiles = new TreeMap<>();

    SettingsSource(Path home, String profile, Map<String, String> environment, Map<String, String> system) {
        files(home, "application.properties");
        if (profile != null && !PROFILE.matcher(profile).matches()) {
            problems.add(
                    "the profile's name may have letters, digits, _ and - only; it stands for config/application-<profile>.properties");
        } else if (profile != null) {
            files(home, "application-" + profile + ".properties");
        }
        environment(environment);
        system.forEach((key, value) -> put(key, value, "-D" + key));
        secretsFromFiles(home);
        remember();
        check();
    }

    /** Of the bundle, and of this machine. */
    private void files(Path home, String name) {
        Path local = home.resolve(LOCAL).resolve(name);
        boolean here = Files.exists(local);
        file(home.resolve("config").resolve(name), !here);
        if (here) {
            file(local, true);
        }
    }

    /**
     * What is wrong with single settings. A wrong value counts as not given below, so that the others can be judged.
     */
    List<String> problems() {
        return problems;
    }

    /** Whether all of these can be judged together: none of them has a problem of its own. */
    boolean sound(Setting... settings) {
        return Arrays.stream(settings).map(Setting::key).noneMatch(unsound::contains);
    }

    boolean sound(String key) {
        return !unsound.contains(key);
    }

    /** The environment variables that are Kubernetes' and none of ours, sorted. */
    List<String> serviceLinks() {
        return serviceLinks.stream().sorted().toList();
    }

    /**
     * Every setting there is, and of each family those that are given, with where it comes from; wrong and unknown ones
     * too.
     */
    List<EffectiveSetting> inUse() {
        return List.copyOf(inUse.values());
    }

    private void remember() {
        for (Setting setting : Setting.values()) {
            inUse.put(
                    setting.key(), new EffectiveSetting(setting.key(), setting.byDefault(), EffectiveSetting.DEFAULT));
        }
        values.forEach((key, value) -> {
            boolean secret = kind(key) == Setting.Kind.SECRET;
            String from = origins.get(key);
            if (secretFiles.containsKey(from)) {
                from = secretFiles.get(from) + ", which " + from + " names (" + origins.get(from) + ")";
            }
            Setting setting = Setting.of(key);
            inUse.put(
                    key,
                    new EffectiveSetting(
                            key,
                            kind(key) == null || secret && !value.isEmpty()
                                    ? EffectiveSetting.MASKED
                                    : setting != null && value.isEmpty() ? setting.byDefault() : shown(value),
                            from));
        });
        camel.forEach((key, value) -> inUse.put(
                key,
                new EffectiveSetting(
                        key,
                        SECRETIVE.matcher(key).find() ? EffectiveSetting.MASKED : shown(value),
                        origins.get(key))));
    }

    /** An address without the login in it. */
    private static String shown(String value) {
        return value.replaceAll("//[^/?#]*@", "//" + EffectiveSetting.MASKED + "@")
                .replaceAll("(?i)(password=)[^&;]*", "$1" + EffectiveSetting.MASKED);
    }

    /** The value, or the default. */
    String get(Setting setting) {
        String value = values.get(setting.key());
        return value == null || value.isEmpty() ? setting.byDefault() : value;
    }

    /** Values of a family such as {@code pairing.integrators.*.id}, by what stands for the star. */
    Map<String, String> family(String pattern) {
        int star = pattern.indexOf('*');
        String before = pattern.substring(0, star);
        String after = pattern.substring(star + 1);
        Map<String, String> found = new TreeMap<>();
        values.forEach((key, value) -> {
            if (key.startsWith(before) && key.endsWith(after) && key.length() > before.length() + after.length()) {
                found.put(key.substring(before.length(), key.length() - after.length()), value);
            }
        });
        return found;
    }

    /** The files that secrets were read from, by their setting ({@code pairing.broker.password-file}). */
    Map<String, Path> secretFiles() {
        return secretFiles;
    }

    /**
     * The settings files that hold secrets themselves, with the settings; integrator ids open nothing alone and are
     * left out.
     */
    Map<Path, Set<String>> passwordsInSettingsFiles() {
        return passwordsInSettingsFiles;
    }

    /** Camel's own settings ({@code camel.*}), passed on as they are. */
    Map<String, String> camel() {
        return camel;
    }

    private void file(Path file, boolean required) {
        if (!Files.exists(file)) {
            if (required) {
                problems.add("settings file " + file
                        + " does not exist; start from the bundle's folder or give its profile's" + " right name");
            }
            return;
        }
        try {
            for (PropertyLines.Line line :
                    PropertyLines.read(file, problem -> problems.add("settings file " + file + " " + problem))) {
                String key = line.name();
                if (!key.startsWith("pairing.") && !key.startsWith("camel.")) {
                    // Perhaps the second line of a secret: its text is not repeated, unless it looks like a setting.
                    problems.add("settings file " + file + " has a line that is no setting, line " + line.number()
                            + resembling(key));
                    continue;
                }
                put(key, line.value(), file + ":" + line.number());
                if (kind(key) == Setting.Kind.SECRET
                        && !line.value().isBlank()
                        && !key.startsWith("pairing.integrator")) {
                    passwordsInSettingsFiles
                            .computeIfAbsent(file, none -> new TreeSet<>())
                            .add(key);
                }
            }
        } catch (IOException e) {
            problems.add("settings file " + file + " " + e.getMessage());
        }
    }

    private static String resembling(String key) {
        String name = Text.trimmed(key).toLowerCase(Locale.ROOT).replace('_', '.');
        for (Setting setting : Setting.values()) {
            String candidate = setting.key().replace('-', '.');
            if (Math.abs(name.length() - candidate.length()) < FURTHEST
                    && EditDistance.between(name.replace('-', '.'), candidate) < FURTHEST) {
                return "; did you mean " + setting.key() + "?";
            }
        }
        return "; settings begin with pairing., and Camel's own with camel.";
    }

    private void put(String key, String value, String origin) {
        if (NOT_SETTINGS.contains(key)) {
            return;
        }
        if (key.startsWith("pairing.")) {
            values.put(key, value.strip()); // not trim, which would take control characters away in silence
            origins.put(key, origin);
        } else if (key.startsWith("camel.")) {
            camel.put(key, value);
            origins.put(key, origin);
        }
    }

    /** An environment variable cannot say where dots and dashes stood, so it is matched against what there is. */
    private void environment(Map<String, String> environment) {
        Map<String, String> known = new HashMap<>();
        for (Setting setting : Setting.values()) {
            known.put(Setting.variable(setting.key()), setting.key());
            if (setting.kind() == Setting.Kind.SECRET) {
                known.put(Setting.variable(setting.key() + "-file"), setting.key() + "-file");
            }
        }
        environment.forEach((variable, value) -> {
            if (isServiceLink(variable, value)) {
                serviceLinks.add(variable);
                return;
            }
            String spelt = Setting.variable(variable);
            boolean meant = known.containsKey(spelt)
                    || variable.startsWith("pairing.")
                    || spelt.startsWith("PAIRING_") && kind(familyKey(spelt)) != null;
            if (!spelt.equals(variable) && meant) {
                problems.add("the environment variable " + Text.line(variable, LONGEST_NAME)
                        + " is not looked at: it is written " + Text.line(spelt, LONGEST_NAME));
            }
            if (!variable.startsWith("PAIRING_")
                    || NOT_SETTINGS.stream().anyMatch(n -> Setting.variable(n).equals(variable))) {
                return;
            }
            String key = known.get(variable);
            put(key == null ? familyKey(variable) : key, value, VARIABLE + variable);
        });
    }

    /**
     * By the value too, where a setting may have that name: {@code PAIRING_MANAGEMENT_PORT=tcp://10.0.0.7:8077} is no
     * port.
     */
    private static boolean isServiceLink(String variable, String value) {
        return SERVICE_HOST.matcher(variable).matches()
                || SERVICE_PORT.matcher(variable).matches()
                || SERVICE_URL.matcher(variable).matches()
                        && URL_OF_A_SERVICE.matcher(value).matches();
    }

    private String familyKey(String variable) {
        // An alias that a file spells its own way (East_1) keeps that spelling.
        for (String key : values.keySet()) {
            if (Setting.variable(key).equals(variable) && kind(key) != null) {
                return key;
            }
        }
        for (String pattern : Setting.FAMILIES.keySet()) {
            for (String suffix : List.of("", "-file")) {
                String[] parts = Setting.variable(pattern + suffix).split("\\*");
                if (variable.startsWith(parts[0])
                        && variable.endsWith(parts[1])
                        && variable.length() > parts[0].length() + parts[1].length()) {
                    String alias = variable.substring(parts[0].length(), variable.length() - parts[1].length());
                    return pattern.replace("*", alias.toLowerCase(Locale.ROOT).replace('_', '-')) + suffix;
                }
            }
        }
        return "pairing." + variable; // unknown: reported under its own name
    }

    private void secretsFromFiles(Path home) {
        for (String key : List.copyOf(values.keySet())) {
            if (!key.endsWith("-file") || kind(key) != null) {
                continue;
            }
            String secret = key.substring(0, key.length() - "-file".length());
            if (kind(secret) != Setting.Kind.SECRET) {
                continue;
            }
            String file = values.remove(key);
            if (file.isEmpty()) {
                continue;
            }
            String given = values.get(secret);
            if (given != null && !given.isEmpty()) {
                problem(
                        secret,
                        secret + " and " + key + " are both set (in " + origins.get(secret) + " and " + origins.get(key)
                                + "); keep one of them");
                continue;
            }
            Path path;
            try {
                path = home.resolve(file);
            } catch (InvalidPathException e) {
                problem(secret, key + " is no name that a file can have here (set in " + origins.get(key) + ")");
                continue;
            }
            try {
                if (!Files.exists(path)) {
                    throw new IOException("cannot be read (it does not exist)");
                }
                String content = PropertyLines.text(path, LARGEST_SECRET).strip();
                if (content.isEmpty()) {
                    problem(secret, key + " names the file " + Text.line(file, LONGEST_NAME) + ", which is empty");
                }
                put(secret, content, key);
                secretFiles.put(key, path);
            } catch (IOException e) {
                problem(
                        secret,
                        key + " names the file " + Text.line(file, LONGEST_NAME) + ", which " + e.getMessage()
                                + "; check the path and its permissions");
            }
        }
    }

    private void problem(String key, String text) {
        problems.add(text);
        unsound.add(key);
    }

    private static Setting.Kind kind(String key) {
        Setting setting = Setting.of(key);
        if (setting != null) {
            return setting.kind();
        }
        for (Map.Entry<String, Setting.Kind> family : Setting.FAMILIES.entrySet()) {
            String[] parts = family.getKey().split("\\*");
            if (key.startsWith(parts[0])
                    && key.endsWith(parts[1])
                    && key.length() > parts[0].length() + parts[1].length()
                    && ALIAS.matcher(key.substring(parts[0].length(), key.length() - parts[1].length()))
                            .matches()) {
                return family.getValue();
            }
        }
        return null;
    }

    private void check() {
        for (String key : List.copyOf(values.keySet())) {
            Setting.Kind kind = kind(key);
            String value = values.get(key);
            String origin = origins.get(key);
            if (kind == null) {
                boolean variable = origin.startsWith(VARIABLE);
                String name = Text.line(variable ? origin.substring(VARIABLE.length()) : key, LONGEST_NAME);
                problems.add("unknown setting " + name + " ("
                        + (variable ? "an environment variable" : "set in " + origin) + ")" + nearest(name, variable));
            } else if (PLACEHOLDER.matcher(value).matches()) {
                problem(
                        key,
                        key + " is a placeholder in double braces (set in " + origin
                                + "), and those are not resolved in settings of"
                                + " the bridge; "
                                + (kind == Setting.Kind.SECRET
                                        ? "have the vault's agent write the secret into a file and name it with " + key
                                                + "-file"
                                        : "write the value itself, or give it as environment variable "
                                                + Setting.variable(key)));
                values.remove(key);
            } else if (!value.isEmpty()) {
                try {
                    requireText(value);
                    kind.check(value);
                    requirePath(kind, value);
                } catch (IllegalArgumentException e) {
                    problem(
                            key,
                            key + " " + e.getMessage() + (kind == Setting.Kind.SECRET ? "" : quoted(value))
                                    + " (set in " + origin + ")");
                    values.remove(key);
                }
            }
        }
    }

    private static void requireText(String value) {
        if (value.length() > LONGEST_VALUE) {
            throw new IllegalArgumentException("is longer than " + LONGEST_VALUE + " characters");
        }
        if (value.chars().anyMatch(Character::isISOControl) || !value.equals(Text.wellFormed(value))) {
            throw new IllegalArgumentException("holds a line end or another character that is no text");
        }
    }

    /** Many texts name files, and a locale other than UTF-8 cannot name all. */
    private static void requirePath(Setting.Kind kind, String value) {
        if (kind == Setting.Kind.TEXT) {
            try {
                Path.of(value);
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("is no name that a file can have in this locale", e);
            }
        }
    }

    /** An address may hold a login, and is not repeated then; nor is what nobody could read. */
    private static String quoted(String value) {
        return value.indexOf('@') >= 0 || value.length() > LONGEST_NAME || !value.equals(Text.line(value))
                ? ""
                : "; it is \"" + value + "\"";
    }

    private static String nearest(String name, boolean variable) {
        String best = null;
        int least = FURTHEST;
        for (Setting setting : Setting.values()) {
            String candidate = variable ? Setting.variable(setting.key()) : setting.key();
            if (Math.abs(name.length() - candidate.length()) >= FURTHEST) {
                continue;
            }
            int distance = EditDistance.between(name, candidate);
            if (distance < least) {
                least = distance;
                best = candidate;
            }
        }
        return best == null ? "; see config/application.properties for all there are" : "; did you mean " + best + "?";
    }
}
