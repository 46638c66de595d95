package io.pairingbridge.cli;

import io.pairingbridge.settings.SettingInUse;
import io.pairingbridge.settings.Settings;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Option;

/** The options of every command that reads the settings. */
final class Home {
  @Option(names = "--profile", paramLabel = "NAME", defaultValue = "${env:PAIRING_PROFILE:-${sys:pairing.profile:-}}",
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
  List<SettingInUse> settingsInUse() {
    return Settings.inUse(folder(), profile());
  }

  private String profile() {
    return profile == null || profile.isBlank() ? null : profile;
  }
}
