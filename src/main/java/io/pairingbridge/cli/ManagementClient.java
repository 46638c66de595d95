package io.pairingbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.Bridge;
import io.pairingbridge.broker.BrokerUsers;
import io.pairingbridge.monitor.ManagementSite;
import io.pairingbridge.monitor.ManagementTls;
import io.pairingbridge.monitor.PairingBridgeMXBean;
import io.pairingbridge.settings.PasswordFile;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of every command that uses the running bridge's MBean, and how it is reached: over HTTP, as user operator. */
final class ManagementClient {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Mixin
  private Home home;

  @Option(names = "--url", paramLabel = "URL",
      description = "where the bridge's management port is; by default pairing.management.host and .port")
  private URI url;

  @Option(names = "--user", paramLabel = "NAME", defaultValue = BrokerUsers.OPERATOR, description = "who logs in; by default operator")
  private String user;

  @Option(names = "--password-file", paramLabel = "FILE",
      description = "a file that holds the password; by default the settings and the data directory are looked into")
  private Path passwordFile;

  /** The bridge did not do what it was asked; the message says why and what to do. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  /** No bridge answers, or none with this login. */
  static final class Unreachable extends Exception {
    private static final long serialVersionUID = 1L;

    Unreachable(String message) {
      super(message);
    }
  }

  /** For a command that has options of its own: where the settings say, as user operator. */
  static ManagementClient of(Home home) {
    ManagementClient client = new ManagementClient();
    client.home = home;
    client.user = BrokerUsers.OPERATOR;
    return client;
  }

  Settings settings() {
    return home.clientSettings();
  }

  /** Where the management server is, without a slash at its end. */
  String base() {
    Settings.Management management = settings().management();
    return url != null ? url.toString().replaceFirst("/+$", "")
        : (management.tls() ? "https://" : "http://") + BrokerLogin.here(management.host()) + ":" + management.port();
  }

  /** A client that trusts the management server's certificate as the settings say. */
  HttpClient http(Duration connectTimeout) {
    HttpClient.Builder builder = HttpClient.newBuilder().connectTimeout(connectTimeout);
    SSLContext tls = ManagementTls.client(settings().management());
    return (tls == null ? builder : builder.sslContext(tls)).build();
  }

  /** Values of the MBean's attributes. */
  JsonNode read(String... attributes) throws Unreachable, Refused, InterruptedException {
    ObjectNode request = JSON.createObjectNode().put("type", "read").put("mbean", PairingBridgeMXBean.NAME);
    ArrayNode names = request.putArray("attribute");
    for (String attribute : attributes) {
      names.add(attribute);
    }
    return ask(request);
  }

  /** What an operation of the MBean returned. */
  JsonNode call(String operation, Object... arguments) throws Unreachable, Refused, InterruptedException {
    ObjectNode request = JSON.createObjectNode().put("type", "exec").put("mbean", PairingBridgeMXBean.NAME).put("operation", operation);
    request.set("arguments", JSON.valueToTree(arguments));
    return ask(request);
  }

  private JsonNode ask(ObjectNode request) throws Unreachable, Refused, InterruptedException {
    String base = base();
    HttpResponse<String> answer;
    try {
      answer = http(Duration.ofSeconds(10)).send(
          HttpRequest.newBuilder(URI.create(base + ManagementSite.JOLOKIA + "/")).timeout(LIMIT)
              .header("Content-Type", "application/json").header("Authorization", login())
              .POST(HttpRequest.BodyPublishers.ofString(request.toString())).build(), HttpResponse.BodyHandlers.ofString());
    } catch (SSLException e) {
      throw noTls(base, e);
    } catch (IOException | IllegalArgumentException e) {
      throw new Unreachable("no bridge answers at " + base + " (" + Failures.root(e) + "): start one with 'pairing-bridge run', or give"
          + " its address with --url");
    }
    if (answer.statusCode() == 401) {
      throw new Unreachable("the bridge at " + base + " does not take the login of " + user + ": give its password with --password-file,"
          + " or run this where the bridge's data directory is");
    }
    if (answer.statusCode() == 429) {
      throw new Unreachable("the bridge at " + base + " looks at no login now: there were too many wrong ones from this address, or of"
          + " user " + user + "; try again in " + answer.headers().firstValue("Retry-After").orElse("a few") + " s");
    }
    JsonNode tree = json(answer.body());
    if (answer.statusCode() != 200 || tree == null || !tree.has("status")) {
      throw new Unreachable("what answers at " + base + " is no Pairing Bridge, or an older one (HTTP " + answer.statusCode() + ")");
    }
    if (tree.path("status").asInt() != 200) {
      throw new Refused(Text.line(tree.path("error").asText("the bridge refused").replaceFirst("^[\\w.$]+(Exception|Error) ?: ?", "")));
    }
    return tree.path("value");
  }

  static Unreachable noTls(String url, SSLException e) {
    return new Unreachable("no TLS connection to " + url + " (" + Failures.root(e) + "): give the authority of the bridge's certificate with"
        + " pairing.management.truststore, and with --url a host name that the certificate has");
  }

  private static JsonNode json(String body) {
    try {
      return JSON.readTree(body);
    } catch (JsonProcessingException e) {
      return null;
    }
  }

  private String login() throws IOException {
    return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password()).getBytes(StandardCharsets.UTF_8));
  }

  private String password() throws IOException {
    if (passwordFile != null) {
      return Files.readString(passwordFile).strip();
    }
    Settings settings = settings();
    if (BrokerUsers.OPERATOR.equals(user) && !settings.management().password().isEmpty()) {
      return settings.management().password();
    }
    return new PasswordFile(settings.dataDirectory().resolve(Bridge.MANAGEMENT_USERS), "The management's passwords", "").read()
        .getOrDefault(user, "");
  }
}
