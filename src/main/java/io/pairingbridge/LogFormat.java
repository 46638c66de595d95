package io.pairingbridge;

import io.pairingbridge.cli.Failures;
import io.pairingbridge.text.Text;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * How the log is written: {@value #VARIABLE} in the environment, {@code text} (the default, also where it is empty) or
 * {@code json}, in upper or lower case. Where it is JSON, what a bridge says before it ends is a line of it too, a
 * failed start included.
 */
final class LogFormat {
    static final String VARIABLE = "PAIRING_LOG";
    /** Names the appender in config/logback.xml. */
    private static final String PROPERTY = "pairing.log";

    private static final String JSON = "json";
    private static final Set<String> ALL = Set.of("text", JSON);
    /** The commands that are the bridge: what the others say on standard error is for whoever typed them. */
    private static final Set<String> BRIDGE = Set.of("pairing-bridge", "run");

    private LogFormat() {}

    /**
     * To be called before anything logs.
     *
     * @return what is wrong with the choice; null if nothing is
     */
    static String choose(Map<String, String> environment) {
        String given = System.getProperty(PROPERTY, environment.getOrDefault(VARIABLE, ""))
                .strip()
                .toLowerCase(Locale.ROOT);
        String chosen = given.isEmpty() ? "text" : given;
        System.setProperty(PROPERTY, ALL.contains(chosen) ? chosen : "text");
        return ALL.contains(chosen) ? null : VARIABLE + " must be text or json; it is \"" + Text.line(given, 40) + "\"";
    }

    private static boolean json(CommandLine command) {
        return JSON.equals(System.getProperty(PROPERTY)) && BRIDGE.contains(command.getCommandName());
    }

    /** Picocli's hook for a command that failed. */
    static int failed(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
        if (!json(command)) {
            return Failures.report(failure, command, parsed);
        }
        Logger log = LoggerFactory.getLogger(PairingBridge.class);
        String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        // Several mistakes in the settings are several lines.
        message.lines().filter(line -> !line.isBlank()).forEach(line -> log.error("{}", line));
        if ("true".equals(System.getenv("PAIRING_DEBUG"))) {
            log.error("PAIRING_DEBUG", failure);
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    /** Picocli's hook for a command line that is not right. */
    static int misused(ParameterException wrong, String[] arguments) {
        if (!json(wrong.getCommandLine())) {
            return Failures.usage(wrong, arguments);
        }
        LoggerFactory.getLogger(PairingBridge.class)
                .error("pairing-bridge run: {}; see 'pairing-bridge run --help'", Failures.message(wrong));
        return CommandLine.ExitCode.USAGE;
    }
}
