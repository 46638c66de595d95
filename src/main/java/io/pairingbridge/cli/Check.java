package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerException;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerCheck;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.broker.EmbeddedBroker;
import io.pairingbridge.broker.Finding;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.journal.jdbc.JdbcJournal;
import io.pairingbridge.journal.jdbc.SqliteLibrary;
import io.pairingbridge.sealing.KeyFileException;
import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import io.pairingbridge.sealing.RotatingSealer;
import io.pairingbridge.sealing.SealingException;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import io.pairingbridge.text.Text;
import jakarta.jms.JMSException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.sqlite.SQLiteConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code check}: everything that must be right before a one-time password is spent, without spending one. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Checks settings, keys, disk, journal, broker and the way to the endpoint, one line each. It never"
                    + " sends a request to the endpoint, and no message to anybody.",
            "Run it as the user that runs the bridge: files that it makes belong to whoever runs it."
        },
        footer = {
            "",
            "Examples:",
            "  pairing-bridge check",
            "  pairing-bridge check --profile production -o json | jq .ok",
            "",
            "Exit code: 0 no line says FAIL, 1 one does."
        })
public final class Check implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SQLITE = "jdbc:sqlite:";

    @Mixin
    private SettingsOptions options;

    @Mixin
    private Output output;

    @Option(
            names = "--settings",
            description = "prints each setting with its value and the file and line, environment variable or"
                    + " system property that it comes from, and checks nothing else; secrets are shown as ***")
    private boolean onlySettings;

    private final List<CheckResult> results = new ArrayList<>();

    @Override
    public Integer call() {
        if (onlySettings) {
            return SettingsList.print(options, output.json());
        }
        Settings settings = settings();
        if (settings != null) {
            schema(settings);
            keys(settings);
            try {
                add(DataDirectoryCheck.space(settings));
                dataDirectory(settings);
            } catch (IOException e) {
                add(CheckResult.fail(
                        "data directory",
                        settings.dataDirectory() + " cannot be used: " + e,
                        "correct its permissions, or choose another with pairing.data-directory"));
            }
            new EndpointCheck(settings.endpoint(), Clock.systemUTC()).check().forEach(this::add);
        }
        boolean ok = results.stream().noneMatch(v -> v.level() == CheckResult.Level.FAIL);
        if (output.json()) {
            ObjectNode all = JSON.createObjectNode().put("ok", ok);
            results.forEach(v -> all.withArray("checks")
                    .addObject()
                    .put("level", v.level().name())
                    .put("subject", v.subject())
                    .put("text", v.text())
                    .put("remedy", v.remedy()));
            System.out.println(Text.line(all.toString()));
        }
        return ok ? 0 : 1;
    }

    private void add(CheckResult result) {
        results.add(result);
        if (!output.json()) {
            result.lines(output.wide() ? Integer.MAX_VALUE : Screen.width()).forEach(System.out::println);
        }
    }

    /** The settings, as far as the rest can be checked with them; null if not at all. */
    private Settings settings() {
        try {
            Settings settings = options.settings();
            add(CheckResult.ok(
                    "settings",
                    settings.environment() + ", " + settings.endpoint().url()));
            return settings;
        } catch (SettingsException e) {
            e.getMessage().lines().forEach(problem -> add(CheckResult.fail("settings", problem, "")));
        }
        try {
            return options.clientSettings();
        } catch (SettingsException e) {
            return null; // said above
        }
    }

    private void schema(Settings settings) {
        try {
            new RequestBody(settings.home().resolve("config/schema/pairing-request.schema.json"));
            add(CheckResult.ok("request schema", "can be read"));
        } catch (SettingsException e) {
            add(CheckResult.fail("request schema", e.getMessage(), ""));
        }
    }

    private void keys(Settings settings) {
        Path file = settings.seal().recipientKeys();
        if (!settings.seal().jwe()) {
            add(CheckResult.warn(
                    "recipient keys", "none: pairing.seal=none", "credentials lie open in the broker; better jwe"));
            return;
        }
        try {
            Path breakGlass = settings.seal().breakGlassKeys();
            RotatingSealer sealer = new RotatingSealer(file, breakGlass, Clock.systemUTC());
            add(CheckResult.ok("recipient keys", "key '" + sealer.keyId() + "' of " + file + " seals"));
            sealer.keys().stream()
                    .filter(KeyInUse::breakGlass)
                    .forEach(key -> add(CheckResult.ok(
                            "break-glass key", "key '" + key.id() + "' of " + breakGlass + " opens everything too")));
        } catch (KeyFileException | SealingException e) {
            add(CheckResult.fail("recipient keys", e.getMessage(), ""));
        }
    }

    private void dataDirectory(Settings settings) throws IOException {
        try (DataDirectoryCheck folder = DataDirectoryCheck.open(settings.dataDirectory())) {
            add(CheckResult.ok(
                    "data directory", settings.dataDirectory() + (folder.inUse() ? ", used by a running bridge" : "")));
            if (folder.inUse() && settings.journal().url().startsWith(SQLITE)) {
                journalOfARunningBridge(settings.journal().url());
            } else {
                journal(settings);
            }
            broker(settings, folder.inUse());
        }
    }

    private void journal(Settings settings) {
        Settings.Retry retry = settings.retry();
        // Nothing of a job is written, so the limits do not matter and there is no key.
        Limits limits = new Limits(
                settings.endpoint().deadline(),
                settings.requests().maxAge(),
                retry.maxAmbiguousAttempts(),
                new RetryPolicy(retry.firstDelay(), retry.maxDelay(), retry.multiplier(), retry.jitter()));
        Owner owner = new Owner("check", UUID.randomUUID().toString().substring(0, 13));
        try (JdbcJournal journal = JdbcJournal.open(settings.journal(), limits, owner, null, Clock.systemUTC())) {
            journal.recover();
            add(CheckResult.ok("journal", settings.journal().url() + " writes durably"));
        } catch (JournalException e) {
            add(CheckResult.fail("journal", e.getMessage(), ""));
        }
    }

    /** A second writer would only be in the way. */
    private void journalOfARunningBridge(String url) {
        SqliteLibrary.extractPrivately();
        SQLiteConfig readOnly = new SQLiteConfig();
        readOnly.setReadOnly(true);
        readOnly.setBusyTimeout(5_000);
        try (Connection connection = readOnly.createConnection(url);
                Statement statement = connection.createStatement();
                ResultSet count = statement.executeQuery("SELECT COUNT(*) FROM job")) {
            count.next();
            add(CheckResult.ok(
                    "journal",
                    url + " holds " + count.getLong(1) + " jobs; the running bridge proves that it writes,"
                            + " see 'pairing-bridge status'"));
        } catch (SQLException e) {
            add(CheckResult.fail(
                    "journal", url + " cannot be read: " + Failures.root(e), "see 'pairing-bridge status'"));
        }
    }

    private void broker(Settings settings, boolean running) {
        Settings.Broker broker = settings.broker();
        try {
            if (!broker.embedded()) {
                broker(new BrokerAddress(
                        BrokerLogin.url(broker),
                        broker.username(),
                        broker.password(),
                        broker.truststore(),
                        broker.truststorePassword(),
                        broker.keystore(),
                        broker.keystorePassword()));
            } else if (running) {
                BrokerUsers users = BrokerUsers.read(settings.dataDirectory(), broker.users());
                broker(new BrokerAddress(
                        BrokerLogin.url(broker), BrokerUsers.BRIDGE, users.password(BrokerUsers.BRIDGE)));
            } else {
                BrokerUsers users = BrokerUsers.load(settings.dataDirectory(), broker.users());
                try (EmbeddedBroker started = EmbeddedBroker.start(
                        broker.config(),
                        settings.dataDirectory(),
                        broker.embeddedHost(),
                        broker.embeddedPort(),
                        users)) {
                    broker(new BrokerAddress(started.url(), BrokerUsers.BRIDGE, users.password(BrokerUsers.BRIDGE)));
                }
            }
        } catch (BrokerException e) {
            add(CheckResult.fail("broker", e.getMessage(), ""));
        }
    }

    private void broker(BrokerAddress address) {
        String shown = address.url().replaceFirst("\\?.*", "");
        try (ActiveMQConnectionFactory connections = BrokerConnections.factory(address)) {
            List<Finding> findings = new ArrayList<>(BrokerCheck.run(connections));
            findings.addAll(BrokerCheck.permissions(address));
            if (findings.isEmpty()) {
                add(CheckResult.ok(
                        "broker",
                        shown + ", user " + address.username() + ": queues, durability and permissions are"
                                + " right"));
            }
            findings.forEach(f -> add(
                    f.severity() == Finding.Severity.UNSAFE
                            ? CheckResult.fail("broker", f.subject() + ": " + f.problem(), f.remedy())
                            : CheckResult.warn("broker", f.subject() + ": " + f.problem(), f.remedy())));
        } catch (JMSException e) {
            add(CheckResult.fail(
                    "broker",
                    shown + " cannot be used as user " + address.username() + ": " + Failures.root(e),
                    "check that it runs, pairing.broker.url and the login"));
        }
    }
}
