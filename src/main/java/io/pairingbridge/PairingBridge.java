package io.pairingbridge;

import io.pairingbridge.cli.Check;
import io.pairingbridge.cli.Collect;
import io.pairingbridge.cli.Demo;
import io.pairingbridge.cli.Keys;
import io.pairingbridge.cli.Letters;
import io.pairingbridge.cli.ListBatches;
import io.pairingbridge.cli.ReplayJobs;
import io.pairingbridge.cli.Run;
import io.pairingbridge.cli.RunSimulator;
import io.pairingbridge.cli.Status;
import io.pairingbridge.cli.Submit;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command line. Results on stdout, progress and log on stderr, exit code 0 (done), 1 (failed) or 2 (usage). */
@Command(name = "pairing-bridge", mixinStandardHelpOptions = true, versionProvider = PairingBridge.Versions.class,
    description = "Pairs payment terminals with Pay-Connect and loses no credentials.",
    subcommands = {Run.class, Demo.class, RunSimulator.class, Submit.class, Collect.class, Status.class, ListBatches.class,
        Letters.DeadLetters.class, Letters.InDoubt.class, ReplayJobs.class, Check.class, Keys.class})
public final class PairingBridge {
  private PairingBridge() {}

  static final class Versions implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"pairing-bridge " + Version.get()};
    }
  }

  public static void main(String[] args) {
    // Programs read what is printed, and they read UTF-8, whatever the locale of whoever started it.
    System.setOut(utf8(FileDescriptor.out));
    System.setErr(utf8(FileDescriptor.err));
    String wrongFormat = LogFormat.choose(System.getenv());
    if (wrongFormat != null) {
      System.err.println("pairing-bridge: " + wrongFormat);
      System.exit(CommandLine.ExitCode.USAGE);
    }
    // Libraries that log through java.util.logging write to the same log, in the same form.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    int code = execute(args);
    System.out.flush();
    System.err.flush();
    // Libraries leave threads behind; a command that has ended has ended.
    System.exit(code);
  }

  private static PrintStream utf8(FileDescriptor to) {
    return new PrintStream(new BufferedOutputStream(new FileOutputStream(to), 8_192), true, StandardCharsets.UTF_8);
  }

  /** Runs one command and returns its exit code. */
  public static int execute(String... args) {
    return new CommandLine(new PairingBridge())
        .setOut(new PrintWriter(System.out, true, StandardCharsets.UTF_8))
        .setErr(new PrintWriter(System.err, true, StandardCharsets.UTF_8))
        .setExecutionExceptionHandler(LogFormat::failed)
        .setParameterExceptionHandler(LogFormat::misused)
        // A value that begins with @ is that value, not a file with more options.
        .setExpandAtFiles(false)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .execute(args.length == 0 ? new String[] {"run"} : args);
  }
}
