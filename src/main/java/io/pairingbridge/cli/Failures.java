package io.pairingbridge.cli;

import io.pairingbridge.text.Text;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says what went wrong in words; a stack trace only with {@code PAIRING_DEBUG=true} in the environment. */
public final class Failures {
  private Failures() {}

  /** Picocli's hook for a command that failed: prints to stderr and returns 1. */
  public static int report(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
    String message = lines(failure.getMessage() == null ? failure.toString() : failure.getMessage());
    command.getErr().println("pairing-bridge " + command.getCommandName() + ": " + message);
    if ("true".equals(System.getenv("PAIRING_DEBUG"))) {
      failure.printStackTrace(command.getErr());
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** Picocli's hook for a command line that is not right: prints what and where to read on, and returns 2. */
  public static int usage(ParameterException wrong, String[] arguments) {
    CommandLine command = wrong.getCommandLine();
    command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + lines(message(wrong)));
    if (wrong instanceof UnmatchedArgumentException unmatched) {
      UnmatchedArgumentException.printSuggestions(unmatched, command.getErr());
    }
    command.getErr().println("See '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return CommandLine.ExitCode.USAGE;
  }

  /** What a person typed in the wrong place may be a one-time password: only names of options are repeated. */
  private static String message(ParameterException wrong) {
    if (!(wrong instanceof UnmatchedArgumentException unmatched)) {
      return wrong.getMessage();
    }
    List<String> options = unmatched.getUnmatched().stream().filter(argument -> argument.matches("--?[A-Za-z].*"))
        .map(argument -> argument.replaceFirst("=.*", "")).toList();
    return options.isEmpty() ? "there is a value that belongs to no option"
        : "unknown option " + String.join(", ", options);
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
