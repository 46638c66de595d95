package io.pairingbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.files.PasswordFile;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.site.ManagementTls;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * The options of every command that uses the running bridge's MBean, and how it is reached: over HTTP, as user
 * operator. With Java's oldest HTTP client, which is there in a tenth of the time that the newer one takes to be
 * loaded.
 */
final class ManagementClient {
    private static final int CONNECT_MILLIS = 10_000;
    private static final int READ_MILLIS = 60_000;
    private static final String OPERATOR = "operator";
    /** Named here, and not where the bridge has them: its classes are not needed for this. A test compares them. */
    static final String MBEAN = "io.pairingbridge:type=PairingBridge";

    static final String JOLOKIA = "/observe/jolokia";
    static final String USERS = "management-users.properties";

    static {
        // Else a POST whose answer is lost is sent again, and what it asks for is done twice.
        System.setProperty("sun.net.http.retryPost", "false");
    }

    @Mixin
    private SettingsOptions options;

    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "where the bridge's management port is; by default pairing.management.host and .port")
    private URI url;

    @Option(
            names = "--user",
            paramLabel = "NAME",
            defaultValue = OPERATOR,
            description = "who logs in; by default operator")
    private String user;

    @Option(
            names = "--password-file",
            paramLabel = "FILE",
            description =
                    "a file that holds the password; by default the settings and the data directory are looked into")
    private Path passwordFile;

    private Settings settings;

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
        private final boolean nobody;

        Unreachable(String message) {
            this(message, false);
        }

        private Unreachable(String message, boolean nobody) {
            super(message);
            this.nobody = nobody;
        }

        /** True if nobody answers at all: then a bridge may be stopped, and its journal can be asked instead. */
        boolean nobody() {
            return nobody;
        }
    }

    /** What came back. */
    record Answer(int status, String body, String retryAfter) {}

    /** For a command that has options of its own: where the settings say, as user operator. */
    static ManagementClient of(SettingsOptions options) {
        ManagementClient client = new ManagementClient();
        client.options = options;
        client.user = OPERATOR;
        return client;
    }

    Settings settings() {
        if (settings == null) {
            settings = options.clientSettings();
        }
        return settings;
    }

    SettingsOptions options() {
        return options;
    }

    /** Where the management server is, without a slash at its end. */
    String base() {
        Settings.Management management = settings().management();
        return url != null
                ? url.toString().replaceFirst("/+$", "")
                : (management.tls() ? "https://" : "http://") + here(management.host()) + ":" + management.port();
    }

    /**
     * A server that listens everywhere is reached on this machine's own address; a literal of IPv6 stands in brackets.
     */
    static String here(String listens) {
        String host = switch (listens) {
            case "0.0.0.0" -> "127.0.0.1";
            case "::", "[::]" -> "::1";
            default -> listens;
        };
        return host.indexOf(':') < 0 || host.startsWith("[") ? host : "[" + host + "]";
    }

    /** Values of the MBean's attributes. */
    JsonNode read(String... attributes) throws Unreachable, Refused {
        ObjectNode request = Json.object().put("type", "read").put("mbean", MBEAN);
        ArrayNode names = request.putArray("attribute");
        for (String attribute : attributes) {
            names.add(attribute);
        }
        return ask(request);
    }

    /** What an operation of the MBean returned. */
    JsonNode call(String operation, Object... arguments) throws Unreachable, Refused {
        ObjectNode request =
                Json.object().put("type", "exec").put("mbean", MBEAN).put("operation", operation);
        request.set("arguments", Json.MAPPER.valueToTree(arguments));
        return ask(request);
    }

    /**
     * Says on standard error which bridge the answer comes from: several may run on a machine, one for each profile.
     */
    void tellWhere() throws Unreachable, Refused {
        JsonNode bridge = read("Instance", "Environment", "DataDirectory");
        Screen.note("From bridge " + bridge.path("Instance").asText() + " at " + base() + ": environment "
                + bridge.path("Environment").asText() + ", data directory "
                + bridge.path("DataDirectory").asText());
    }

    private JsonNode ask(ObjectNode request) throws Unreachable, Refused {
        String base = base();
        Answer answer = http(base + JOLOKIA + "/", request.toString());
        if (answer.status() == 401) {
            throw new Unreachable("the bridge at " + base + " does not take the login of " + user
                    + ": give its password with --password-file,"
                    + " or run this where the bridge's data directory is. " + options.lookedIn(settings()));
        }
        if (answer.status() == 429) {
            throw new Unreachable("the bridge at " + base
                    + " looks at no login now: there were too many wrong ones from this address, or of" + " user "
                    + user + "; try again in " + (answer.retryAfter() == null ? "a few" : answer.retryAfter()) + " s");
        }
        JsonNode tree = json(answer.body());
        if (answer.status() != 200 || tree == null || !tree.has("status")) {
            throw new Unreachable("what answers at " + base + " is no Pairing Bridge, or an older one (HTTP "
                    + answer.status() + ")");
        }
        if (tree.path("status").asInt() != 200) {
            throw new Refused(Text.line(tree.path("error")
                    .asText("the bridge refused")
                    .replaceFirst("^[\\w.$]+(Exception|Error) ?: ?", "")));
        }
        return tree.path("value");
    }

    /** What the server answers to a GET without a login. */
    Answer get(String path) throws Unreachable {
        return http(base() + path, null);
    }

    private Answer http(String to, String post) throws Unreachable {
        String login = post == null ? null : login();
        try {
            URL address = URI.create(to).toURL();
            if (!address.getProtocol().matches("https?")) {
                throw new IllegalArgumentException("its address must begin with http:// or https://");
            }
            HttpURLConnection connection = (HttpURLConnection) address.openConnection();
            connection.setConnectTimeout(CONNECT_MILLIS);
            connection.setReadTimeout(READ_MILLIS);
            connection.setInstanceFollowRedirects(false);
            connection.setUseCaches(false);
            if (connection instanceof HttpsURLConnection https) {
                trust(https);
            }
            if (post != null) {
                connection.setRequestMethod("POST");
                connection.setDoOutput(true);
                connection.setRequestProperty("Content-Type", "application/json");
                connection.setRequestProperty("Authorization", login);
                connection.getOutputStream().write(post.getBytes(StandardCharsets.UTF_8));
            }
            int status = connection.getResponseCode();
            try (InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                return new Answer(
                        status,
                        body == null ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8),
                        connection.getHeaderField("Retry-After"));
            }
        } catch (SSLException e) {
            throw new Unreachable("no TLS connection to " + base() + " (" + Failures.root(e)
                    + "): give the authority of the bridge's certificate"
                    + " with pairing.management.truststore, and with --url a host name that the certificate has");
        } catch (IOException | IllegalArgumentException e) {
            throw new Unreachable(
                    "no bridge answers at " + base() + " (" + Failures.root(e)
                            + "): start one with 'pairing-bridge run', or say"
                            + " where it is, with --url or pairing.management.host and pairing.management.port. "
                            + options.lookedIn(settings()),
                    true);
        }
    }

    /** As the settings say what to trust, if they do. */
    private void trust(HttpsURLConnection connection) {
        SSLContext tls = ManagementTls.client(settings().management());
        if (tls != null) {
            connection.setSSLSocketFactory(tls.getSocketFactory());
        }
    }

    private static JsonNode json(String body) {
        try {
            return Json.MAPPER.readTree(body);
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private String login() throws Unreachable {
        try {
            return "Basic "
                    + Base64.getEncoder().encodeToString((user + ":" + password()).getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new Unreachable(e.getMessage()); // not as if nobody answered: then the journal would be asked
        }
    }

    private String password() throws IOException {
        if (passwordFile != null) {
            return SecretFile.read("--password-file", passwordFile).strip();
        }
        if (OPERATOR.equals(user) && !settings().management().password().isEmpty()) {
            return settings().management().password();
        }
        return new PasswordFile(settings().dataDirectory().resolve(USERS), "The management's passwords", "")
                .read()
                .getOrDefault(user, "");
    }
}
