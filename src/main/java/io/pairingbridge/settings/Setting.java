package io.pairingbridge.settings;

import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Every setting there is: name, kind, default and range. {@code config/application.properties} says the same with a
 * reason each; a test holds the two together.
 */
enum Setting {
    INTEGRATOR_ID("pairing.integrator-id", Kind.SECRET, ""),
    ENVIRONMENT("pairing.environment", Kind.choice("sandbox", "production", "simulator"), "sandbox"),
    ENDPOINT_URL("pairing.endpoint.url", Kind.HTTP_URL, ""),
    CONNECT_TIMEOUT("pairing.endpoint.connect-timeout", Kind.duration("100ms", "1m"), "5s"),
    DEADLINE("pairing.endpoint.deadline", Kind.duration("500ms", "5m"), "30s"),
    ENDPOINT_TRUSTSTORE("pairing.endpoint.truststore", Kind.TEXT, ""),
    ENDPOINT_TRUSTSTORE_PASSWORD("pairing.endpoint.truststore-password", Kind.SECRET, ""),
    PROXY_HOST("pairing.endpoint.proxy.host", Kind.TEXT, ""),
    PROXY_PORT("pairing.endpoint.proxy.port", Kind.number(1, 65_535), "3128"),
    PROXY_USERNAME("pairing.endpoint.proxy.username", Kind.TEXT, ""),
    PROXY_PASSWORD("pairing.endpoint.proxy.password", Kind.SECRET, ""),
    CONCURRENCY("pairing.requests.concurrency", Kind.number(1, 512), "16"),
    MAX_AGE("pairing.requests.max-age", Kind.duration("1s", "7d"), "1h"),
    MAX_BEGUN("pairing.requests.max-begun", Kind.number(2, 1000), "5"),
    FIRST_DELAY("pairing.retry.first-delay", Kind.duration("10ms", "10m"), "2s"),
    MAX_DELAY("pairing.retry.max-delay", Kind.duration("10ms", "1h"), "2m"),
    MULTIPLIER("pairing.retry.multiplier", Kind.decimal(1, 10), "2.0"),
    JITTER("pairing.retry.jitter", Kind.decimal(0, 1), "0.2"),
    MAX_AMBIGUOUS("pairing.retry.max-ambiguous-attempts", Kind.number(1, 20), "3"),
    RATE_LIMIT("pairing.rate-limit", Kind.decimal(0, 100_000), "0"),
    CLOSE_AFTER("pairing.intake.close-after", Kind.number(1, 1000), "5"),
    PROBE_DELAY("pairing.intake.probe-delay", Kind.duration("100ms", "1h"), "5s"),
    SEAL("pairing.seal", Kind.choice("jwe", "none"), "jwe"),
    RECIPIENT_KEYS("pairing.seal.recipient-keys", Kind.TEXT, "config/keys/recipients.jwks"),
    BREAK_GLASS_KEYS("pairing.seal.break-glass-keys", Kind.TEXT, ""),
    JOURNAL_URL("pairing.journal.url", Kind.TEXT, ""),
    JOURNAL_USERNAME("pairing.journal.username", Kind.TEXT, ""),
    JOURNAL_PASSWORD("pairing.journal.password", Kind.SECRET, ""),
    JOURNAL_RETENTION("pairing.journal.retention", Kind.duration("1h", "3650d"), "90d"),
    JOURNAL_OTP_KEY("pairing.journal.otp-key", Kind.SECRET, ""),
    RECONCILE_INTERVAL("pairing.reconcile.interval", Kind.duration("100ms", "1h"), "10s"),
    BROKER_EMBEDDED("pairing.broker.embedded", Kind.BOOLEAN, "true"),
    BROKER_EMBEDDED_HOST("pairing.broker.embedded.host", Kind.TEXT, "127.0.0.1"),
    BROKER_EMBEDDED_PORT("pairing.broker.embedded.port", Kind.number(0, 65_535), "61616"),
    BROKER_CONFIG("pairing.broker.config", Kind.TEXT, "docker/artemis/broker.xml"),
    BROKER_URL("pairing.broker.url", Kind.TEXT, ""),
    BROKER_USERNAME("pairing.broker.username", Kind.TEXT, "bridge"),
    BROKER_PASSWORD("pairing.broker.password", Kind.SECRET, ""),
    BROKER_TRUSTSTORE("pairing.broker.truststore", Kind.TEXT, ""),
    BROKER_TRUSTSTORE_PASSWORD("pairing.broker.truststore-password", Kind.SECRET, ""),
    BROKER_KEYSTORE("pairing.broker.keystore", Kind.TEXT, ""),
    BROKER_KEYSTORE_PASSWORD("pairing.broker.keystore-password", Kind.SECRET, ""),
    BROKER_CONNECTION_TTL("pairing.broker.connection-ttl", Kind.duration("2s", "10m"), "60s"),
    DATA_DIRECTORY("pairing.data-directory", Kind.TEXT, "data"),
    MANAGEMENT_HOST("pairing.management.host", Kind.TEXT, "127.0.0.1"),
    MANAGEMENT_PORT("pairing.management.port", Kind.number(1, 65_535), "8077"),
    MANAGEMENT_PASSWORD("pairing.management.password", Kind.SECRET, ""),
    MANAGEMENT_KEYSTORE("pairing.management.keystore", Kind.TEXT, ""),
    MANAGEMENT_KEYSTORE_PASSWORD("pairing.management.keystore-password", Kind.SECRET, ""),
    MANAGEMENT_TRUSTSTORE("pairing.management.truststore", Kind.TEXT, ""),
    MANAGEMENT_TRUSTSTORE_PASSWORD("pairing.management.truststore-password", Kind.SECRET, ""),
    TRACING_URL("pairing.tracing.url", Kind.HTTP_URL, ""),
    TRACING_SHARE("pairing.tracing.share", Kind.decimal(0, 1), "1"),
    SIMULATOR_PORT("pairing.simulator.port", Kind.number(1, 65_535), "8078"),
    INSTANCE_ID("pairing.instance-id", Kind.TEXT, ""),
    BATCH_INBOX("pairing.batch.inbox", Kind.TEXT, ""),
    BATCH_KEEP("pairing.batch.keep-documents", Kind.duration("1m", "3650d"), "7d");

    /** Settings of which there may be many; {@code *} is an alias or a user. */
    static final Map<String, Kind> FAMILIES =
            Map.of("pairing.integrators.*.id", Kind.SECRET, "pairing.broker.users.*.password", Kind.SECRET);

    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

    private final String key;
    private final Kind kind;
    private final String byDefault;

    Setting(String key, Kind kind, String byDefault) {
        this.key = key;
        this.kind = kind;
        this.byDefault = byDefault;
    }

    String key() {
        return key;
    }

    Kind kind() {
        return kind;
    }

    String byDefault() {
        return byDefault;
    }

    static Setting of(String key) {
        return Arrays.stream(values())
                .filter(s -> s.key.equals(key))
                .findFirst()
                .orElse(null);
    }

    /** How the key is written as an environment variable. */
    static String variable(String key) {
        return key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
    }

    static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text.trim());
        if (!matcher.matches()) {
            throw new IllegalArgumentException("is no duration; write 500ms, 20s, 5m, 2h or 90d");
        }
        long number = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
        };
    }

    /**
     * What a value must look like. {@link #check} throws with the end of a sentence that begins with the setting's
     * name.
     */
    interface Kind {
        Kind TEXT = value -> {};
        /** A value that is never printed and may be given as a file ({@code <key>-file}). */
        Kind SECRET = value -> {};
        /**
         * As people write them: Java would also take hexadecimal numbers, exponents and the digits of other scripts.
         */
        Pattern WHOLE = Pattern.compile("[+-]?[0-9]{1,9}");

        Pattern DECIMAL = Pattern.compile("[+-]?[0-9]{1,9}(\\.[0-9]{1,9})?");
        Kind BOOLEAN = choice("true", "false");
        Kind HTTP_URL = Kind::httpUrl;

        void check(String value);

        static Kind choice(String... choices) {
            List<String> all = List.of(choices);
            return value -> {
                if (!all.contains(value)) {
                    throw new IllegalArgumentException("must be one of " + String.join(", ", all));
                }
            };
        }

        static Kind number(int least, int most) {
            return value -> within(value, WHOLE, least, most, "a whole number");
        }

        static Kind decimal(int least, int most) {
            return value -> within(value, DECIMAL, least, most, "a number");
        }

        static Kind duration(String least, String most) {
            return value -> {
                Duration duration = Setting.duration(value);
                if (duration.compareTo(Setting.duration(least)) < 0 || duration.compareTo(Setting.duration(most)) > 0) {
                    throw new IllegalArgumentException("must be from " + least + " to " + most);
                }
            };
        }

        private static void within(String value, Pattern form, int least, int most, String what) {
            double number = form.matcher(value).matches() ? Double.parseDouble(value) : Double.NaN;
            if (!(number >= least && number <= most)) {
                throw new IllegalArgumentException("must be " + what + " from " + least + " to " + most);
            }
        }

        private static void httpUrl(String value) {
            try {
                URI uri = new URI(value);
                boolean http = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
                if (!http
                        || uri.getHost() == null
                        || uri.getUserInfo() != null
                        || uri.getQuery() != null
                        || uri.getFragment() != null
                        || uri.getPort() > 65_535) {
                    throw new IllegalArgumentException(
                            "must be an absolute http or https URL without user, query and fragment");
                }
            } catch (URISyntaxException e) {
                throw new IllegalArgumentException("is no URL", e);
            }
        }
    }
}
