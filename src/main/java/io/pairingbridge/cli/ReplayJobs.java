package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.cli.ManagementClient.Refused;
import io.pairingbridge.cli.ManagementClient.Unreachable;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code replay}: sends jobs again that ended badly. */
@Command(name = "replay", mixinStandardHelpOptions = true, sortOptions = false,
    description = {"Sends one job again, or all dead letters whose one-time password certainly was not used.",
        "A job that was rejected or is in doubt needs a new one-time password from its terminal."},
    footer = {"", "Exit code: 0 all that were meant are sent again, 1 some are not, 2 usage."})
public final class ReplayJobs implements Callable<Integer> {
  @Spec
  private CommandSpec command;

  @Mixin
  private ManagementClient bridge;

  @Option(names = "--job", paramLabel = "ID", description = "this job, from in-doubt or dead-letters")
  private String job;

  @Option(names = "--otp-file", paramLabel = "FILE", description = "a file that holds the new one-time password; - reads it from standard input")
  private String otpFile;

  @Option(names = "--name", paramLabel = "TEXT", defaultValue = "", description = "the terminal's name, where the letter does not hold it")
  private String name;

  @Option(names = "--all", description = "all dead letters that can be, narrowed down by the options below")
  private boolean all;

  @Option(names = "--outcome", paramLabel = "OUTCOME", defaultValue = "", description = "with --all: only EXPIRED, MISCONFIGURED or INVALID")
  private String outcome;

  @Option(names = "--reason", paramLabel = "CODE", defaultValue = "", description = "only those with this reason")
  private String reason;

  @Option(names = "--batch", paramLabel = "ID", defaultValue = "", description = "with --all: only those of this batch")
  private String batch;

  @Option(names = "--dry-run", description = "says what would be done and does nothing")
  private boolean dryRun;

  @Option(names = "--json", description = "prints one JSON object: replayed, refused (a count for each reason), dryRun")
  private boolean json;

  @Override
  public Integer call() throws Unreachable, Refused, InterruptedException, IOException {
    if (all == (job != null) || all && otpFile != null) {
      throw new ParameterException(command.commandLine(), "give either --job, with a new one-time password where it needs one, or --all");
    }
    JsonNode done = all ? bridge.call("replayAll", outcome, reason, batch, dryRun) : one();
    if (json) {
      System.out.println(Text.line(done.toString()));
    } else {
      System.out.println(done.path("replayed").asLong() + (dryRun ? " would be sent again" : " sent again"));
      done.path("refused").properties().forEach(left -> System.out.println(left.getValue().asLong() + " left: "
          + Text.line(left.getKey())));
    }
    return done.path("refused").isEmpty() ? 0 : 1;
  }

  private JsonNode one() throws Unreachable, Refused, InterruptedException, IOException {
    String queue = "in-doubt";
    JsonNode page = bridge.call("inDoubt", reason, "", job, 0, 2);
    if (page.path("letters").isEmpty()) {
      queue = "dead-letters";
      page = bridge.call("deadLetters", "", reason, "", job, 0, 2);
    }
    String letter = Letters.only(page, job, queue).path("messageId").asText();
    return bridge.call("replay", queue, letter, otp(), name, dryRun);
  }

  private String otp() throws IOException {
    if (otpFile == null) {
      return "";
    }
    return (otpFile.equals("-") ? new String(System.in.readAllBytes(), StandardCharsets.UTF_8) : Files.readString(Path.of(otpFile))).strip();
  }
}
