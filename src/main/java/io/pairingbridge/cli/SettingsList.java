package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.settings.EffectiveSetting;
import io.pairingbridge.settings.SettingsException;
import io.pairingbridge.text.Text;
import java.util.List;

/** {@code check --settings}: each setting on a line of its own, in the form of the settings files. */
final class SettingsList {
    private SettingsList() {}

    /** Prints them all, the wrong ones too; what is wrong with them goes to standard error. */
    static int print(SettingsOptions options, boolean json) {
        List<EffectiveSetting> settings = options.settingsInUse();
        List<String> problems = problems(options);
        if (json) {
            ObjectNode all = new ObjectMapper().createObjectNode().put("ok", problems.isEmpty());
            settings.forEach(one -> all.withArray("settings")
                    .addObject()
                    .put("setting", one.name())
                    .put("value", one.value())
                    .put("from", one.from()));
            problems.forEach(all.withArray("problems")::add);
            System.out.println(Text.line(all.toString()));
        } else {
            String folder = SettingsOptions.folder().toAbsolutePath().normalize() + "/";
            settings.forEach(one -> System.out.println(Text.line(
                    one.name() + "=" + one.value() + "  # " + one.from().replace(folder, ""))));
            problems.forEach(problem -> System.err.println("pairing-bridge check: " + Text.line(problem)));
        }
        return problems.isEmpty() ? 0 : 1;
    }

    private static List<String> problems(SettingsOptions options) {
        try {
            options.settings();
            return List.of();
        } catch (SettingsException e) {
            return e.getMessage().lines().toList();
        }
    }
}
