package io.pairingbridge.cli;

import io.pairingbridge.settings.EffectiveSetting;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** The options of every command that reads the settings. */
final class SettingsOptions {
    private static final Pattern PROFILE = Pattern.compile("application-([A-Za-z0-9_-]{1,64})\\.properties");

    @Option(
            names = "--profile",
            paramLabel = "NAME",
            defaultValue = "${env:PAIRING_PROFILE:-${sys:pairing.profile:-}}",
            description = "also reads config/application-NAME.properties")
    private String profile;

    /** The bundle's folder: where the launcher lies, or the working directory. */
    static Path folder() {
        return Path.of(System.getProperty("pairing.home", "."));
    }

    Settings settings() {
        return Settings.load(folder(), profile());
    }

    /** For commands that talk to a bridge or its broker: what only a bridge needs may be missing. */
    Settings clientSettings() {
        return Settings.loadForClient(folder(), profile());
    }

    /** Where each setting comes from, right or wrong. */
    List<EffectiveSetting> settingsInUse() {
        return Settings.inUse(folder(), profile());
    }

    private String profile() {
        return profile == null || profile.isBlank() ? null : profile;
    }

    /**
     * Where a command looked, and where else a bridge has been: whoever forgets the profile asks the wrong one, or
     * nobody.
     */
    String lookedIn(Settings settings) {
        StringBuilder text =
                new StringBuilder("Looked " + (profile() == null ? "without a profile" : "with profile " + profile())
                        + ", in data directory " + settings.dataDirectory());
        List<String> others = others(settings.dataDirectory());
        if (!others.isEmpty()) {
            text.append("; a bridge has also run ").append(String.join(", and ", others));
        }
        return text.toString();
    }

    private List<String> others(Path mine) {
        List<String> others = new ArrayList<>();
        if (profile() != null) {
            other(null, mine, others);
        }
        Set<String> profiles = new TreeSet<>();
        for (String where : List.of("config", "config/local")) {
            try (Stream<Path> files = Files.list(folder().resolve(where))) {
                files.map(file -> PROFILE.matcher(file.getFileName().toString()))
                        .filter(Matcher::matches)
                        .forEach(name -> profiles.add(name.group(1)));
            } catch (IOException e) {
                // without the folder there are no profiles in it
            }
        }
        if (profile() != null) {
            profiles.remove(profile());
        }
        profiles.forEach(other -> other(other, mine, others));
        return others;
    }

    private static void other(String profile, Path mine, List<String> others) {
        try {
            Path data = Settings.loadForClient(folder(), profile).dataDirectory();
            if (!data.equals(mine) && Files.exists(data.resolve(ManagementClient.USERS))) {
                others.add((profile == null ? "without a profile" : "with --profile " + profile) + ", in " + data
                        + (Files.exists(data.resolve("running")) ? " (it runs now, or was killed)" : ""));
            }
        } catch (SettingsException e) {
            // a profile that is not set up has no bridge
        }
    }
}
