package io.pairingbridge.cli;

import io.pairingbridge.text.EditDistance;
import io.pairingbridge.text.Text;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Says what went wrong in words, on standard error; as one JSON object where JSON was asked for; a stack trace only
 * with {@code PAIRING_DEBUG=true} in the environment.
 */
public final class Failures {
    private static final int FURTHEST = 2;

    private Failures() {}

    /** Picocli's hook for a command that failed: prints to stderr and returns 1. */
    public static int report(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
        Screen.problem(
                command.getCommandSpec().qualifiedName(),
                failure.getMessage() == null ? failure.toString() : failure.getMessage(),
                ExitCodes.FAILED);
        if ("true".equals(System.getenv("PAIRING_DEBUG"))) {
            failure.printStackTrace(command.getErr());
        }
        return ExitCodes.FAILED;
    }

    /** Picocli's hook for a command line that is not right: prints what and where to read on, and returns 2. */
    public static int usage(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        String text = lines(message(wrong)) + System.lineSeparator();
        if (wrong instanceof UnmatchedArgumentException unmatched) {
            text += suggestions(unmatched);
        }
        Screen.problem(name, text + "See '" + name + " --help'.", ExitCodes.USAGE);
        return ExitCodes.USAGE;
    }

    /**
     * What was meant, perhaps: a command that is a slip of a finger away, else what picocli finds among the options.
     */
    private static String suggestions(UnmatchedArgumentException unmatched) {
        String typed = unmatched.getUnmatched().get(0);
        List<String> near = new ArrayList<>();
        for (String command : unmatched.getCommandLine().getSubcommands().keySet()) {
            if (EditDistance.between(typed, command) <= FURTHEST) {
                near.add("'" + unmatched.getCommandLine().getCommandSpec().qualifiedName() + " " + command + "'");
            }
        }
        if (!near.isEmpty()) {
            return "Did you mean " + String.join(" or ", near) + "?" + System.lineSeparator();
        }
        StringWriter words = new StringWriter();
        if (typed.startsWith("-")) {
            UnmatchedArgumentException.printSuggestions(unmatched, new PrintWriter(words, true));
        }
        return words.toString();
    }

    /** What a person typed in the wrong place may be a one-time password: only names of options are repeated. */
    public static String message(ParameterException wrong) {
        if (!(wrong instanceof UnmatchedArgumentException unmatched)) {
            return wrong.getMessage()
                    .replace("option option", "option")
                    .replaceFirst("^Invalid value for option '([^']*)' \\([^)]*\\): ", "$1 ");
        }
        List<String> options = unmatched.getUnmatched().stream()
                .filter(argument -> argument.matches("--?[A-Za-z].*"))
                .map(argument -> argument.replaceFirst("=.*", ""))
                .toList();
        if (!options.isEmpty()) {
            return "unknown option " + String.join(", ", options);
        }
        return wrong.getCommandLine().getSubcommands().isEmpty()
                ? "there is a value that belongs to no option"
                : "there is no such command";
    }

    /** Some messages are several lines; what else acts on a terminal comes from what somebody else wrote. */
    private static String lines(String message) {
        return message.lines().map(line -> Text.line(line)).collect(Collectors.joining(System.lineSeparator()));
    }

    /** The innermost message, which names the cause and not the layers above it. */
    static String root(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
