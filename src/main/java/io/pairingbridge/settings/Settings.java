package io.pairingbridge.settings;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerException;
import io.pairingbridge.access.BrokerUsers;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All settings, checked and typed. Paths are absolute, resolved against the bundle's folder, those in the journal's URL
 * too. No {@code toString} prints a secret.
 *
 * @param home the bundle's folder, with {@code routes/} and {@code config/}
 * @param environment sandbox, production or simulator
 * @param integratorId sent for jobs without an alias
 * @param integrators alias to id
 * @param rateLimit calls a second, 0 for none
 * @param batchInbox the folder whose files are taken as batches, or null
 * @param batchKeep how long documents stay in the inbox's folders once they were read
 * @param camel Camel's own settings, passed on
 */
public record Settings(
        Path home,
        Path dataDirectory,
        String environment,
        String integratorId,
        Map<String, String> integrators,
        Endpoint endpoint,
        Requests requests,
        Retry retry,
        double rateLimit,
        Intake intake,
        Seal seal,
        JournalStore journal,
        Duration reconcileInterval,
        Broker broker,
        Management management,
        Tracing tracing,
        int simulatorPort,
        String instanceId,
        Path batchInbox,
        Duration batchKeep,
        Map<String, String> camel) {

    private static final Logger LOG = LoggerFactory.getLogger(Settings.class);

    /** The vendor's path, trailing slash included (vendor page, "POST /v1/pay-connect/pair/"). */
    public static final String PAIR_PATH = "/v1/pay-connect/pair/";

    public record Endpoint(
            URI url,
            Duration connectTimeout,
            Duration deadline,
            Path truststore,
            String truststorePassword,
            Proxy proxy) {
        @Override
        public String toString() {
            return "Endpoint[" + url + "]";
        }
    }

    /** The corporate proxy on the way to the endpoint; null where there is none. */
    public record Proxy(String host, int port, String username, String password) {
        @Override
        public String toString() {
            return host + ":" + port;
        }
    }

    public record Requests(int concurrency, Duration maxAge, int maxBegun) {}

    public record Retry(
            Duration firstDelay, Duration maxDelay, double multiplier, double jitter, int maxAmbiguousAttempts) {}

    public record Intake(int closeAfter, Duration probeDelay) {}

    /** @param breakGlassKeys of the offline key that opens everything too, or null */
    public record Seal(boolean jwe, Path recipientKeys, Path breakGlassKeys) {}

    public record JournalStore(String url, String username, String password, Duration retention, String otpKey) {
        @Override
        public String toString() {
            return "JournalStore[" + url + "]";
        }
    }

    public record Broker(
            boolean embedded,
            String embeddedHost,
            int embeddedPort,
            Path config,
            String url,
            String username,
            String password,
            Path truststore,
            String truststorePassword,
            Path keystore,
            String keystorePassword,
            Duration connectionTtl,
            Map<String, String> users) {
        @Override
        public String toString() {
            return embedded ? "embedded on " + embeddedHost + ":" + embeddedPort : url.replaceFirst("\\?.*", "?***");
        }
    }

    /**
     * @param password of the user operator, or empty: then it is made
     * @param keystore the server's certificate and its private key, or null: then it speaks plain HTTP
     * @param truststore the authorities that commands trust for it, or null
     */
    public record Management(
            String host,
            int port,
            String password,
            Path keystore,
            String keystorePassword,
            Path truststore,
            String truststorePassword) {
        public boolean tls() {
            return keystore != null;
        }

        @Override
        public String toString() {
            return "Management[" + host + ":" + port + "]";
        }
    }

    /**
     * @param url where spans are sent, or null: then there are none
     * @param share of the jobs without a trace context of their own that is traced, 0 to 1
     */
    public record Tracing(URI url, double share) {}

    /**
     * Reads the settings of the bundle in {@code home} from its files, this process' environment and system properties.
     */
    public static Settings load(Path home, String profile) {
        return load(home, profile, System.getenv(), systemProperties());
    }

    /**
     * As {@link #load(Path, String)}, from the given sources.
     *
     * @param profile names {@code config/application-<profile>.properties}, or null
     * @throws SettingsException naming every setting that is unknown, malformed, out of range or contradicts another
     */
    public static Settings load(
            Path home, String profile, Map<String, String> environment, Map<String, String> system) {
        return load(home, profile, environment, system, false);
    }

    /**
     * As {@link #load(Path, String)}, for commands that talk to a bridge or its broker and call no endpoint: what only
     * a bridge needs may be missing, such as the integrator id. What is given must be right all the same.
     */
    public static Settings loadForClient(Path home, String profile) {
        return loadForClient(home, profile, System.getenv(), systemProperties());
    }

    /** As {@link #loadForClient(Path, String)}, from the given sources. */
    public static Settings loadForClient(
            Path home, String profile, Map<String, String> environment, Map<String, String> system) {
        return load(home, profile, environment, system, true);
    }

    /**
     * Reads a duration as it is written in the settings: 500ms, 20s, 5m, 2h, 90d.
     *
     * @throws IllegalArgumentException with the end of a sentence that begins with what was read
     */
    public static Duration duration(String text) {
        return Setting.duration(text);
    }

    private static Map<String, String> systemProperties() {
        Map<String, String> system = new TreeMap<>();
        System.getProperties().stringPropertyNames().forEach(key -> system.put(key, System.getProperty(key)));
        return system;
    }

    /**
     * Each setting with its value and where that comes from, sorted by name; wrong and unknown ones too.
     *
     * @param profile names {@code config/application-<profile>.properties}, or null
     */
    public static List<EffectiveSetting> inUse(Path home, String profile) {
        return inUse(home, profile, System.getenv(), systemProperties());
    }

    /** As {@link #inUse(Path, String)}, from the given sources. */
    public static List<EffectiveSetting> inUse(
            Path home, String profile, Map<String, String> environment, Map<String, String> system) {
        return new SettingsSource(home.toAbsolutePath().normalize(), profile, environment, system).inUse();
    }

    private static Settings load(
            Path home, String profile, Map<String, String> environment, Map<String, String> system, boolean client) {
        Path base = home.toAbsolutePath().normalize();
        SettingsSource source = new SettingsSource(base, profile, environment, system);
        if (!client && !source.serviceLinks().isEmpty()) {
            LOG.info(
                    "Not looked at: environment variables that Kubernetes sets for services ({}); enableServiceLinks: false in the pod leaves"
                            + " them out",
                    String.join(", ", source.serviceLinks()));
        }
        List<String> problems = new ArrayList<>(source.problems());

        String where = source.get(Setting.ENVIRONMENT);
        Path data = base.resolve(source.get(Setting.DATA_DIRECTORY));
        String url = source.get(Setting.ENDPOINT_URL);
        URI endpointUrl = URI.create(url.isEmpty() ? defaultUrl(where, source.get(Setting.SIMULATOR_PORT)) : url);
        if (source.sound(Setting.ENVIRONMENT)
                && !"simulator".equals(where)
                && !"https".equals(endpointUrl.getScheme())) {
            problems.add("pairing.endpoint.url must be https outside the simulator: credentials travel in its answer");
        }
        String integratorId = source.get(Setting.INTEGRATOR_ID);
        if (!client && integratorId.isEmpty() && source.sound(Setting.INTEGRATOR_ID)) {
            problems.add(
                    "pairing.integrator-id is not set; it comes from the vendor's support, one for each environment."
                            + " Set it in " + base.resolve("config/application.properties")
                            + " or as PAIRING_INTEGRATOR_ID, or try the"
                            + " bridge without one: --profile simulator");
        }
        integratorId("pairing.integrator-id", integratorId, problems);
        Map<String, String> integrators = source.family("pairing.integrators.*.id");
        integrators.forEach((alias, id) -> {
            String key = "pairing.integrators." + alias + ".id";
            if (id.isEmpty() && source.sound(key)) {
                problems.add(key + " is empty; give the alias its id or remove it");
            }
            integratorId(key, id, problems);
        });
        Duration first = Setting.duration(source.get(Setting.FIRST_DELAY));
        Duration max = Setting.duration(source.get(Setting.MAX_DELAY));
        if (source.sound(Setting.FIRST_DELAY, Setting.MAX_DELAY) && first.compareTo(max) > 0) {
            problems.add("pairing.retry.first-delay is longer than pairing.retry.max-delay");
        }
        Broker broker = broker(source, base, client, problems);
        boolean jwe = "jwe".equals(source.get(Setting.SEAL));
        if (!jwe && source.sound(Setting.BROKER_EMBEDDED) && !broker.embedded() && !tls(broker, problems)) {
            problems.add(
                    "pairing.seal=none needs pairing.broker.embedded=true or a pairing.broker.url with sslEnabled=true:"
                            + " credentials would cross the network in the open");
        }
        String journal = JournalUrl.absolute(
                source.get(Setting.JOURNAL_URL),
                base,
                client ? null : Path.of("").toAbsolutePath(),
                problems);
        if (!client
                && journal.startsWith("jdbc:postgresql:")
                && (source.get(Setting.JOURNAL_USERNAME).isEmpty()
                        || source.get(Setting.JOURNAL_PASSWORD).isEmpty() && source.sound(Setting.JOURNAL_PASSWORD))) {
            problems.add("pairing.journal.username and pairing.journal.password (or -file) are needed for "
                    + journal.replaceFirst("\\?.*", "").replaceFirst("//.*@", "//***@"));
        }
        noPasswordIn("pairing.journal.url", journal, "pairing.journal.password", problems);
        String otpKey = source.get(Setting.JOURNAL_OTP_KEY);
        if (!otpKey.isEmpty() && otpKey.length() < 32) {
            problems.add("pairing.journal.otp-key is too short; give at least 32 random characters");
        }
        if (!client
                && source.sound(Setting.ENVIRONMENT)
                && "production".equals(profile)
                && !"production".equals(where)) {
            problems.add(
                    "the profile is production, but pairing.environment is " + where
                            + ", so that nothing of what production refuses would"
                            + " be refused: remove the other value (PAIRING_ENVIRONMENT, -Dpairing.environment), or choose another profile");
        }
        if (!client && source.sound(Setting.ENVIRONMENT) && "production".equals(where)) {
            new ProductionRules(source, base, data, endpointUrl, broker).check(problems);
        }
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }

        String proxyHost = source.get(Setting.PROXY_HOST);
        return new Settings(
                base,
                data,
                where,
                integratorId,
                integrators,
                new Endpoint(
                        endpointUrl,
                        Setting.duration(source.get(Setting.CONNECT_TIMEOUT)),
                        Setting.duration(source.get(Setting.DEADLINE)),
                        path(base, source.get(Setting.ENDPOINT_TRUSTSTORE)),
                        source.get(Setting.ENDPOINT_TRUSTSTORE_PASSWORD),
                        proxyHost.isEmpty()
                                ? null
                                : new Proxy(
                                        proxyHost,
                                        number(source, Setting.PROXY_PORT),
                                        source.get(Setting.PROXY_USERNAME),
                                        source.get(Setting.PROXY_PASSWORD))),
                new Requests(
                        number(source, Setting.CONCURRENCY),
                        Setting.duration(source.get(Setting.MAX_AGE)),
                        number(source, Setting.MAX_BEGUN)),
                new Retry(
                        first,
                        max,
                        decimal(source, Setting.MULTIPLIER),
                        decimal(source, Setting.JITTER),
                        number(source, Setting.MAX_AMBIGUOUS)),
                decimal(source, Setting.RATE_LIMIT),
                new Intake(number(source, Setting.CLOSE_AFTER), Setting.duration(source.get(Setting.PROBE_DELAY))),
                new Seal(
                        jwe,
                        base.resolve(source.get(Setting.RECIPIENT_KEYS)),
                        path(base, source.get(Setting.BREAK_GLASS_KEYS))),
                new JournalStore(
                        journal.isEmpty() ? "jdbc:sqlite:" + data.resolve("journal.db") : journal,
                        source.get(Setting.JOURNAL_USERNAME),
                        source.get(Setting.JOURNAL_PASSWORD),
                        Setting.duration(source.get(Setting.JOURNAL_RETENTION)),
                        otpKey),
                Setting.duration(source.get(Setting.RECONCILE_INTERVAL)),
                broker,
                new Management(
                        source.get(Setting.MANAGEMENT_HOST),
                        number(source, Setting.MANAGEMENT_PORT),
                        source.get(Setting.MANAGEMENT_PASSWORD),
                        path(base, source.get(Setting.MANAGEMENT_KEYSTORE)),
                        source.get(Setting.MANAGEMENT_KEYSTORE_PASSWORD),
                        path(base, source.get(Setting.MANAGEMENT_TRUSTSTORE)),
                        source.get(Setting.MANAGEMENT_TRUSTSTORE_PASSWORD)),
                new Tracing(
                        source.get(Setting.TRACING_URL).isEmpty() ? null : URI.create(source.get(Setting.TRACING_URL)),
                        decimal(source, Setting.TRACING_SHARE)),
                number(source, Setting.SIMULATOR_PORT),
                source.get(Setting.INSTANCE_ID),
                path(base, source.get(Setting.BATCH_INBOX)),
                Setting.duration(source.get(Setting.BATCH_KEEP)),
                Map.copyOf(source.camel()));
    }

    private static Broker broker(SettingsSource source, Path base, boolean client, List<String> problems) {
        boolean embedded = Boolean.parseBoolean(source.get(Setting.BROKER_EMBEDDED));
        String url = source.get(Setting.BROKER_URL);
        if (!client && !embedded && url.isEmpty()) {
            problems.add("pairing.broker.url is not set, and pairing.broker.embedded is false: no broker to talk to");
        }
        if (!client
                && !embedded
                && source.get(Setting.BROKER_PASSWORD).isEmpty()
                && source.sound(Setting.BROKER_PASSWORD)) {
            problems.add("pairing.broker.password is not set; give it or pairing.broker.password-file");
        }
        noPasswordIn(
                "pairing.broker.url",
                url,
                "pairing.broker.password, .truststore-password and .keystore-password",
                problems);
        Map<String, String> users = source.family("pairing.broker.users.*.password");
        users.keySet().stream()
                .filter(user -> !BrokerUsers.ALL.contains(user))
                .forEach(user -> problems.add("unknown setting pairing.broker.users." + user
                        + ".password; the broker's users are " + String.join(", ", BrokerUsers.ALL)));
        return new Broker(
                embedded,
                source.get(Setting.BROKER_EMBEDDED_HOST),
                number(source, Setting.BROKER_EMBEDDED_PORT),
                base.resolve(source.get(Setting.BROKER_CONFIG)),
                url,
                source.get(Setting.BROKER_USERNAME),
                source.get(Setting.BROKER_PASSWORD),
                path(base, source.get(Setting.BROKER_TRUSTSTORE)),
                source.get(Setting.BROKER_TRUSTSTORE_PASSWORD),
                path(base, source.get(Setting.BROKER_KEYSTORE)),
                source.get(Setting.BROKER_KEYSTORE_PASSWORD),
                Setting.duration(source.get(Setting.BROKER_CONNECTION_TTL)),
                users);
    }

    private static void integratorId(String key, String id, List<String> problems) {
        if (id.chars().anyMatch(c -> c < 0x21 || c > 0x7e)) {
            problems.add(key + " holds a character that no HTTP header can carry");
        }
    }

    /** An address is logged and shown; a password in it would be too. */
    private static void noPasswordIn(String key, String url, String instead, List<String> problems) {
        if (url.toLowerCase(Locale.ROOT).contains("password=")) {
            problems.add(key + " holds a password, and addresses are shown in logs; use " + instead);
        }
    }

    static boolean tls(Broker broker, List<String> problems) {
        if (broker.url().isEmpty()) {
            return false;
        }
        try {
            return new BrokerAddress(broker.url(), broker.username(), "").usesTls();
        } catch (BrokerException e) {
            problems.add(e.getMessage());
            return false;
        }
    }

    /**
     * Which server is which is an inference from the vendor's documentation: docs/design/decisions/0004-versions.md
     * names it.
     */
    private static String defaultUrl(String environment, String simulatorPort) {
        return switch (environment) {
            case "production" -> "https://api-payment.lab4pay.com" + PAIR_PATH;
            case "sandbox" -> "https://api-payment.lab4pay.dev" + PAIR_PATH;
            default -> "http://127.0.0.1:" + simulatorPort + PAIR_PATH;
        };
    }

    private static Path path(Path base, String text) {
        return text.isEmpty() ? null : base.resolve(text);
    }

    private static int number(SettingsSource source, Setting setting) {
        return Integer.parseInt(source.get(setting));
    }

    private static double decimal(SettingsSource source, Setting setting) {
        return Double.parseDouble(source.get(setting));
    }

    @Override
    public String toString() {
        return "Settings[" + home + ", " + environment + ", " + endpoint + ", " + broker + "]";
    }
}
