package io.pairingbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.cli.ManagementClient.Unreachable;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code status}: what the running bridge says about itself over HTTP. */
@Command(name = "status", mixinStandardHelpOptions = true, sortOptions = false,
    description = "Shows how the running bridge is.",
    footer = {"", "Exit code: 0 it runs and takes jobs, 1 it does not, or cannot be reached."})
public final class Status implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(10);
  /** A line of the Prometheus text format 0.0.4: name, labels, value. */
  private static final Pattern SAMPLE = Pattern.compile("([a-zA-Z_:][\\w:]*)(?:\\{(.*)})? (\\S+)(?: \\d+)?");
  /** ANSI: the cursor to the top, and all below erased. */
  private static final String CLEAR = "\033[H\033[J";
  private static final Pattern LABEL = Pattern.compile("(outcome|state|version)=\"([^\"]*)\"");

  private static final String[] OPERATORS = {"OldestInFlightSeconds", "JobsPerMinute", "LastErrorKind", "LastErrorDetail", "LastErrorAt",
      "QueueDepths", "RateLimit", "Concurrency"};
  private static final long WATCH_MILLIS = 2_000;

  @Mixin
  private ManagementClient bridge;

  @Option(names = "--watch", description = "shows it again every two seconds, until it is interrupted")
  private boolean watch;

  @Option(names = "--json", description = "prints one JSON object; with --watch one a line")
  private boolean json;

  /** What came back. */
  private record Reply(int status, String body) {}

  @Override
  public Integer call() throws InterruptedException {
    int code = show();
    while (watch) {
      Thread.sleep(WATCH_MILLIS);
      if (!json) {
        System.out.println(System.console() == null ? "" : CLEAR);
      }
      code = show();
    }
    return code;
  }

  private int show() throws InterruptedException {
    String base = bridge.base();
    try {
      ObjectNode status = read(bridge.http(LIMIT), base);
      operators(status);
      if (json) {
        System.out.println(Text.line(status.toString()));
      } else {
        print(status);
      }
      return status.path("ready").asBoolean() ? 0 : 1;
    } catch (Unreachable e) {
      if (json) {
        System.out.println(JSON.createObjectNode().put("url", base).put("reachable", false).put("problem",
            e.getMessage()));
      } else {
        System.err.println("pairing-bridge status: " + Text.line(e.getMessage()));
      }
      return 1;
    }
  }

  /** What only somebody with a login is told; left out for others. */
  private void operators(ObjectNode status) throws InterruptedException {
    try {
      JsonNode more = bridge.read(OPERATORS);
      status.set("oldest_call_seconds", more.path("OldestInFlightSeconds"));
      status.set("jobs_per_minute", more.path("JobsPerMinute"));
      status.set("concurrency", more.path("Concurrency"));
      status.set("rate_limit", more.path("RateLimit"));
      status.set("queues", more.path("QueueDepths"));
      if (!more.path("LastErrorKind").asText().isEmpty()) {
        status.putObject("last_error").put("kind", more.path("LastErrorKind").asText()).put("at", more.path("LastErrorAt").asText())
            .put("detail", more.path("LastErrorDetail").asText());
      }
    } catch (Unreachable | ManagementClient.Refused | RuntimeException e) {
      System.err.println("pairing-bridge status: without the operator's login only a part is shown: " + Text.line(e.getMessage()));
    }
  }

  private static ObjectNode read(HttpClient client, String base) throws Unreachable, InterruptedException {
    Reply health = get(client, base + "/observe/health?data=true");
    Reply metrics = get(client, base + "/observe/metrics");
    ObjectNode status = JSON.createObjectNode().put("url", base).put("reachable", true);
    status.putNull("version");
    status.put("ready", health.status() == 200);
    ObjectNode intake = status.putObject("intake").put("open", false).putNull("reason").putNull("since");
    status.putNull("calls_in_flight");
    status.putObject("jobs");
    status.putObject("journal");
    checks(health, status.putArray("problems"), intake, base);
    metrics(metrics, status, intake, base);
    return status;
  }

  private static void checks(Reply health, ArrayNode problems, ObjectNode intake, String base) throws Unreachable {
    JsonNode tree;
    try {
      tree = JSON.readTree(health.body());
    } catch (JsonProcessingException e) {
      throw notABridge(base);
    }
    if (!tree.path("status").isTextual()) {
      throw notABridge(base);
    }
    for (JsonNode check : tree.path("checks")) {
      String name = check.path("name").asText();
      String problem = check.path("message").asText(check.path("error-message").asText(""));
      if ("intake".equals(name)) {
        intake.put("since", check.path("data").path("since").asText(null));
        intake.put("reason", problem.isEmpty() ? null : problem);
      }
      if (!"UP".equals(check.path("status").asText())) {
        problems.addObject().put("check", name).put("problem", problem);
      }
    }
  }

  private static void metrics(Reply metrics, ObjectNode status, ObjectNode intake, String base) throws Unreachable {
    if (metrics.status() != 200 || !metrics.body().contains("pairing_build_info")) {
      throw notABridge(base);
    }
    for (String line : metrics.body().split("\n")) {
      Matcher sample = SAMPLE.matcher(line.strip());
      if (!sample.matches()) {
        continue;
      }
      String label = label(sample.group(2));
      // A count that the bridge could not make is not a number (NaN): unknown, not zero.
      Long value = "NaN".equals(sample.group(3)) ? null : (Long) (long) Double.parseDouble(sample.group(3));
      switch (sample.group(1)) {
        case "pairing_build_info" -> status.put("version", label);
        case "pairing_intake_open" -> intake.put("open", value != null && value == 1);
        case "pairing_calls_in_flight" -> status.put("calls_in_flight", value);
        case "pairing_jobs_total" -> ((ObjectNode) status.get("jobs")).put(label, value);
        case "pairing_journal_entries" -> ((ObjectNode) status.get("journal")).put(label, value);
        default -> { }
      }
    }
  }

  private static String label(String labels) {
    Matcher matcher = LABEL.matcher(labels == null ? "" : labels);
    return matcher.find() ? matcher.group(2) : "";
  }

  private static Reply get(HttpClient client, String url) throws Unreachable, InterruptedException {
    try {
      HttpResponse<String> answer = client.send(HttpRequest.newBuilder(URI.create(url)).timeout(LIMIT).build(),
          HttpResponse.BodyHandlers.ofString());
      return new Reply(answer.statusCode(), answer.body());
    } catch (SSLException e) {
      throw ManagementClient.noTls(url, e);
    } catch (IOException | IllegalArgumentException e) {
      throw new Unreachable("no bridge answers at " + url + " (" + Failures.root(e) + "): start one with"
          + " 'pairing-bridge run', or set pairing.management.host and pairing.management.port to those of the"
          + " running one");
    }
  }

  private static Unreachable notABridge(String base) {
    return new Unreachable("what answers at " + base + " is no Pairing Bridge: another program uses the port; set"
        + " pairing.management.port (the bridge's too), or end that program");
  }

  private static void print(JsonNode status) {
    JsonNode intake = status.get("intake");
    Table bridge = new Table("BRIDGE", "");
    bridge.row("version", status.path("version").asText());
    bridge.row("address", status.path("url").asText());
    bridge.row("ready", status.path("ready").asBoolean() ? "yes" : "no");
    bridge.row("intake", (intake.path("open").asBoolean() ? "open" : "closed")
        + (intake.path("since").isTextual() ? " since " + intake.path("since").asText() : ""));
    bridge.row("calls in flight", text(status.get("calls_in_flight")) + (status.has("oldest_call_seconds")
        ? ", the oldest for " + status.get("oldest_call_seconds").asText() + " s" : ""));
    if (status.has("jobs_per_minute")) {
      bridge.row("ended in the last minute", status.get("jobs_per_minute").asText());
    }
    JsonNode error = status.path("last_error");
    if (!error.isMissingNode()) {
      bridge.row("last call that did not pair", error.path("kind").asText() + ", " + error.path("at").asText() + ": "
          + error.path("detail").asText());
    }
    bridge.print(System.out);
    if (status.has("queues")) {
      counts("MESSAGES IN THE QUEUES", status.get("queues"));
    }
    counts("JOBS SINCE THE START", status.get("jobs"));
    counts("JOBS IN THE JOURNAL", status.get("journal"));
    List<String> problems = new ArrayList<>();
    // The routes that a closed intake has stopped say nothing that the intake does not say.
    status.get("problems").forEach(p -> {
      if (!p.path("problem").asText().isEmpty()) {
        problems.add(p.path("check").asText() + ": " + p.path("problem").asText());
      }
    });
    if (!problems.isEmpty()) {
      System.out.println();
      problems.forEach(problem -> System.out.println(Text.line(problem)));
    }
  }

  private static void counts(String title, JsonNode counts) {
    System.out.println();
    Table table = new Table(title, "");
    counts.properties().forEach(count -> table.row(count.getKey(), text(count.getValue())));
    table.print(System.out);
  }

  private static String text(JsonNode count) {
    return count == null || count.isNull() ? "unknown" : count.asText();
  }
}
