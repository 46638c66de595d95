package io.pairingbridge;

import io.pairingbridge.cli.BrokerLogin;
import io.pairingbridge.cli.Check;
import io.pairingbridge.cli.Collect;
import io.pairingbridge.cli.Completion;
import io.pairingbridge.cli.Demo;
import io.pairingbridge.cli.Keys;
import io.pairingbridge.cli.ListAttentionMessages;
import io.pairingbridge.cli.ListBatches;
import io.pairingbridge.cli.ListOutcomes;
import io.pairingbridge.cli.ReplayJobs;
import io.pairingbridge.cli.Run;
import io.pairingbridge.cli.RunSimulator;
import io.pairingbridge.cli.Screen;
import io.pairingbridge.cli.ShowJob;
import io.pairingbridge.cli.StandardStreams;
import io.pairingbridge.cli.Status;
import io.pairingbridge.cli.Submit;
import io.pairingbridge.cli.SwitchIntake;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/**
 * The command line. Results on stdout, progress and log on stderr. Exit code 0 (done), 1 (failed), 2 (usage), 3 (what
 * was waited for ended otherwise than paired) or 4 (it has not ended in time).
 */
@Command(
        name = "pairing-bridge",
        mixinStandardHelpOptions = true,
        versionProvider = PairingBridge.Versions.class,
        description =
                "Pairs payment terminals with Pay-Connect and loses no credentials. Without a command it runs the bridge.",
        footer = {
            "",
            "Examples:",
            "  pairing-bridge check",
            "  pairing-bridge run",
            "  pairing-bridge submit --name 'Till 3' --otp-file otp.txt --wait",
            "  pairing-bridge status",
            "",
            "'pairing-bridge COMMAND --help' explains a command. Tables fit the terminal; '-o wide' shows all, '-o json' is for programs,"
                    + " and errors are JSON then too, on standard error.",
            "",
            "Exit code: 0 done, 1 failed, 2 wrong usage, 3 what was waited for ended otherwise than paired, 4 it has not ended in time."
        })
public final class PairingBridge {
    /** Picocli's own limit. */
    private static final int NARROWEST_HELP = 55;

    private static final int WIDEST_HELP = 120;

    private static final List<String> ALL = List.of(
            "run",
            "demo",
            "simulator",
            "submit",
            "collect",
            "status",
            "batches",
            "job",
            "dead-letters",
            "in-doubt",
            "replay",
            "outcomes",
            "intake",
            "check",
            "keys",
            "completion");

    private PairingBridge() {}

    /** A class at a time: those that are not named are not loaded. */
    private static Class<?> command(String name) {
        return switch (name) {
            case "run" -> Run.class;
            case "demo" -> Demo.class;
            case "simulator" -> RunSimulator.class;
            case "submit" -> Submit.class;
            case "collect" -> Collect.class;
            case "status" -> Status.class;
            case "batches" -> ListBatches.class;
            case "job" -> ShowJob.class;
            case "dead-letters" -> ListAttentionMessages.DeadLetters.class;
            case "in-doubt" -> ListAttentionMessages.InDoubt.class;
            case "replay" -> ReplayJobs.class;
            case "outcomes" -> ListOutcomes.class;
            case "intake" -> SwitchIntake.class;
            case "check" -> Check.class;
            case "keys" -> Keys.class;
            case "completion" -> Completion.class;
            default -> throw new IllegalArgumentException("no command " + name);
        };
    }

    static final class Versions implements CommandLine.IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"pairing-bridge " + Version.get()};
        }
    }

    public static void main(String[] args) {
        StandardStreams streams = StandardStreams.utf8();
        String wrongFormat = LogFormat.choose(System.getenv());
        if (wrongFormat != null) {
            System.err.println("pairing-bridge: " + wrongFormat);
            System.exit(CommandLine.ExitCode.USAGE);
        }
        if (logs(args)) {
            // Libraries that log through java.util.logging write to the same log, in the same form.
            SLF4JBridgeHandler.removeHandlersForRootLogger();
            SLF4JBridgeHandler.install();
        } else if (!"true".equals(System.getenv("PAIRING_DEBUG"))) {
            // What a command has to say it says itself, and what reads a log's configuration would be most of its time.
            System.setProperty("slf4j.internal.verbosity", "WARN");
            System.setProperty("slf4j.provider", "org.slf4j.helpers.NOP_FallbackServiceProvider");
        }
        if (args.length > 1 && Set.of("submit", "outcomes", "collect").contains(args[0])) {
            BrokerLogin.prepare();
        }
        int code = streams.close(execute(args));
        // Libraries leave threads behind; a command that has ended has ended.
        System.exit(code);
    }

    /** Whether a bridge, a broker or the simulator runs in this process. */
    private static boolean logs(String[] args) {
        return args.length == 0 || Set.of("run", "demo", "simulator", "check").contains(args[0]);
    }

    /** Runs one command and returns its exit code. */
    public static int execute(String... args) {
        Screen.expect(args);
        String first = args.length == 0 ? "run" : args[0];
        return commands(ALL.contains(first) && !first.equals("completion") ? List.of(first) : ALL)
                .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
                .setColorScheme(CommandLine.Help.defaultColorScheme(
                        Screen.colours() ? CommandLine.Help.Ansi.ON : CommandLine.Help.Ansi.OFF))
                .setUsageHelpWidth(Math.max(NARROWEST_HELP, Math.min(Screen.width(), WIDEST_HELP)))
                .execute(args.length == 0 ? new String[] {"run"} : args);
    }

    /** All commands, and how they are read. */
    public static CommandLine commands() {
        return commands(ALL);
    }

    /** Only these: a command that is named does not wait for the others to be loaded. */
    private static CommandLine commands(List<String> names) {
        CommandLine all = new CommandLine(new PairingBridge());
        names.forEach(name -> all.addSubcommand(name, command(name)));
        return all.setExecutionExceptionHandler(LogFormat::failed)
                .setParameterExceptionHandler(LogFormat::misused)
                // A value that begins with @ is that value, not a file with more options.
                .setExpandAtFiles(false)
                .setCaseInsensitiveEnumValuesAllowed(true);
    }
}
