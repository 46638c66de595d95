package io.pairingbridge.cli;

import picocli.CommandLine;

/** Says what went wrong in words; a stack trace only with {@code PAIRING_DEBUG=true} in the environment. */
public final class Failures {
  private Failures() {}

  /** Picocli's hook: prints to stderr and returns 1. */
  public static int report(Exception failure, CommandLine command, CommandLine.ParseResult parsed) {
    String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    command.getErr().println("pairing-bridge " + command.getCommandName() + ": " + message);
    if ("true".equals(System.getenv("PAIRING_DEBUG"))) {
      failure.printStackTrace(command.getErr());
    }
    return CommandLine.ExitCode.SOFTWARE;
  }
}
