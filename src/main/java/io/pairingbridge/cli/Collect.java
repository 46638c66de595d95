package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.broker.BrokerException;
import io.pairingbridge.broker.BrokerUsers;
import io.pairingbridge.job.Job;
import io.pairingbridge.sealing.JweSealer;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.OpeningException;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.text.Text;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code collect}: takes credentials off their queue, one at a time: received, opened, on the disk, and only then
 * acknowledged. A crash in between leaves the message in the queue, and the file is the same when it comes again.
 */
@Command(name = "collect", mixinStandardHelpOptions = true, sortOptions = false,
    description = {"Takes credentials off their queue and writes one file for each terminal: the endpoint's answer,"
        + " opened with the private key. A message is acknowledged only after its file is on the disk."},
    footer = {"", "Examples:",
        "  pairing-bridge collect --key private.jwk --out credentials",
        "  pairing-bridge collect --key private.jwk --out credentials --batch north",
        "", "Exit code: 0 done, 1 failed: what is not on the disk is still in the queue.",
        "", "Each file is named after its job and attempt, has mode 0600 and holds secrets."})
public final class Collect implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String QUEUE = "pairing.credentials";
  private static final String REFUSED = "pairing.credentials.refused";
  private static final String BREAK_GLASS = "PairingBreakGlass";
  /** How often a following collector looks up; any other time would do. */
  private static final Duration FOLLOWING = Duration.ofMinutes(1);

  @Spec
  private CommandSpec command;

  @Mixin
  private Home home;

  @Mixin
  private BrokerLogin login;

  @Option(names = "--out", required = true, paramLabel = "DIR",
      description = "where to write; made with mode 0700 if it is not there, refused if it is open to others")
  private Path out;

  @Option(names = "--key", paramLabel = "FILE", arity = "1", description = {"the private key, as 'pairing-bridge keys"
      + " new' writes it; may be given several times: the key before it, or the break-glass key"})
  private List<Path> keys = List.of();

  @Option(names = "--no-open", description = "writes each message as it is, sealed, for somebody else to open")
  private boolean noOpen;

  @Option(names = "--batch", paramLabel = "ID", description = "only those of this batch")
  private String batch;

  @Option(names = "--refused", description = "those that a recipient has refused, from " + REFUSED + " instead of " + QUEUE)
  private boolean refused;

  @Option(names = "--ndjson", description = "writes one file, credentials.ndjson, with a JSON object a line, instead of one file"
      + " for each terminal")
  private boolean ndjson;

  @Option(names = "--max", paramLabel = "N", defaultValue = "0",
      description = "ends after so many; 0, the default: no limit")
  private int max;

  @Option(names = "--timeout", paramLabel = "DURATION", defaultValue = "2s",
      description = "ends when the queue stays empty for so long; default ${DEFAULT-VALUE}")
  private String timeout;

  @Option(names = "--follow", description = "does not end by itself")
  private boolean follow;

  @Option(names = "--json", description = "prints one JSON object a line for each file; never a secret")
  private boolean json;

  @Override
  public Integer call() throws JMSException, IOException {
    Duration empty = checkedOptions();
    Opener opener = noOpen ? null : Opener.load(keys);
    // Before anything is received: what can't be kept must not be taken.
    CredentialsFolder folder = CredentialsFolder.open(out);
    CredentialsFile lines = ndjson ? folder.lines("credentials.ndjson") : null;
    Settings settings = home.clientSettings();
    int count = 0;
    try (Connection connection = login.connect(settings, BrokerUsers.ERP_CREDENTIALS);
        Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
      Inbox inbox = new Inbox(session.createConsumer(session.createQueue(queue()),
          batch == null ? null : "PairingBatchId = '" + batch + "'"));
      connection.start();
      while (max == 0 || count < max) {
        Message message = inbox.next(follow ? FOLLOWING : empty);
        if (message != null) {
          keep(session, message, opener, folder, lines);
          count++;
        } else if (!follow) {
          break;
        }
      }
    }
    System.err.println(count + (ndjson ? " lines" : count == 1 ? " file" : " files") + " written to " + out);
    return 0;
  }

  private String queue() {
    return refused ? REFUSED : QUEUE;
  }

  private Duration checkedOptions() {
    if (keys.isEmpty() != noOpen) {
      throw new ParameterException(command.commandLine(), "give --key with the private key's file, or --no-open");
    }
    if (batch != null && !Job.ID.matcher(batch).matches()) {
      throw new ParameterException(command.commandLine(), "--batch must be at most 128 of A-Z a-z 0-9 . _ : -");
    }
    if (max < 0) {
      throw new ParameterException(command.commandLine(), "--max must be 0 or more");
    }
    try {
      return Settings.duration(timeout);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), "--timeout " + e.getMessage(), e);
    }
  }

  private void keep(Session session, Message message, Opener opener, CredentialsFolder folder, CredentialsFile lines)
      throws JMSException {
    String job = message.getStringProperty("PairingJobId");
    if (job == null || !Job.ID.matcher(job).matches()) {
      job = "unknown";
    }
    Path file;
    try {
      byte[] content = content(message, job, opener);
      if (noOpen && lines == null && message.getStringProperty(BREAK_GLASS) != null) {
        folder.keep(name(message, job).replaceFirst("\\.jwe$", ".break-glass.jwe"),
            message.getStringProperty(BREAK_GLASS).getBytes(StandardCharsets.UTF_8));
      }
      file = lines == null ? folder.keep(name(message, job), content) : lines.keep(attempt(message), line(message, job, content));
    } catch (OpeningException | IOException e) {
      // Taking the next one instead would meet this one again, and again.
      session.rollback();
      throw new BrokerException("the credentials of job " + job + ", sealed for key '"
          + printable(message.getStringProperty("PairingKeyId")) + "', stay in " + queue() + ": " + e.getMessage(), e);
    }
    try {
      session.commit();
    } catch (JMSException e) {
      throw new BrokerException("the credentials of job " + job + " are in " + file + ", but the broker did not"
          + " confirm it (" + Failures.root(e) + "): run the command again, the same message makes the same file", e);
    }
    print(message, job, file);
  }

  private static byte[] content(Message message, String job, Opener opener) throws JMSException, IOException {
    String text = text(message);
    if (opener == null) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
    if (!sealed(message)) {
      throw new IOException("the message is not sealed. If the bridge runs with pairing.seal=none, use --no-open;"
          + " otherwise somebody else sent it");
    }
    byte[] opened = opener.open(text, message.getStringProperty(BREAK_GLASS));
    String sealedFor = Opener.header(text).jobId();
    if (!job.equals(sealedFor)) {
      throw new IOException("it was sealed for job " + printable(sealedFor) + ": the message was changed after"
          + " sealing");
    }
    return opened;
  }

  /**
   * Unlike the job's id it differs between two attempts, and it is the same whenever one attempt's message comes again.
   */
  private String name(Message message, String job) throws JMSException, IOException {
    String attempt = attempt(message);
    // Not hidden, not taken for an option, and a name on every file system.
    String start = job.replaceFirst("^[.-]", "_").replace(':', '_');
    return start + "." + attempt.replace(':', '_') + (noOpen && sealed(message) ? ".jwe" : ".json");
  }

  private static String attempt(Message message) throws JMSException, IOException {
    // The broker's duplicate id, which is the attempt's id.
    Object published = message.getObjectProperty("_AMQ_DUPL_ID");
    return published != null && Job.ID.matcher(published.toString()).matches() ? published.toString() : digest(text(message));
  }

  /** A line of NDJSON: what the message says of the job, and the opened answer. */
  private ObjectNode line(Message message, String job, byte[] content) throws JMSException, IOException {
    ObjectNode line = described(message, job);
    if (noOpen) {
      line.put("sealed", new String(content, StandardCharsets.UTF_8));
      String breakGlass = message.getStringProperty(BREAK_GLASS);
      return breakGlass == null ? line : line.put("break_glass", breakGlass);
    }
    return line.set("credentials", JSON.readTree(content));
  }

  private static ObjectNode described(Message message, String job) throws JMSException {
    ObjectNode line = JSON.createObjectNode().put("job_id", job);
    line.put("batch_id", message.getStringProperty("PairingBatchId"));
    line.put("pay_connect_id", message.getStringProperty("PairingPayConnectId"));
    line.put("pay_connect_name", message.getStringProperty("PairingPayConnectName"));
    line.put("terminal_id", message.getStringProperty("PairingTerminalId"));
    line.put("environment", message.getStringProperty("PairingEnvironment"));
    line.put("key_id", message.getStringProperty("PairingKeyId"));
    return line;
  }

  private static String text(Message message) throws JMSException, IOException {
    if (message instanceof TextMessage text && text.getText() != null) {
      return text.getText();
    }
    throw new IOException("the message holds no text: it does not come from a bridge");
  }

  private static boolean sealed(Message message) throws JMSException {
    return JweSealer.CONTENT_TYPE.equals(message.getStringProperty("PairingContentType"));
  }

  private void print(Message message, String job, Path file) throws JMSException {
    if (!json) {
      System.out.println(Text.line(file.toString()));
      return;
    }
    ObjectNode line = described(message, job);
    line.put("opened", !noOpen);
    line.put("file", file.toString());
    System.out.println(Text.line(line.toString()));
  }

  /** What a message says about itself goes to a terminal. */
  private static String printable(String text) {
    return text == null ? "unknown" : Text.line(text, 128);
  }

  private static String digest(String text) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 16);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
