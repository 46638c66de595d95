package io.pairingbridge.settings;

import io.pairingbridge.files.PasswordFile;
import io.pairingbridge.settings.Settings.Broker;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.postgresql.Driver;

/**
 * What {@code pairing.environment=production} refuses although it would work: real credentials in the open, made-up
 * ones, and secrets that others can read or guess. Each message says what to do. Commands that only talk to a bridge
 * are not held to it.
 */
final class ProductionRules {
    private static final Set<PosixFilePermission> WRITABLE =
            Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

    private static final List<String> OWN_TLS = List.of("sslfactory", "sslhostnameverifier", "socketFactory");

    private final SettingsSource source;
    private final Path base;
    private final Path data;
    private final URI endpoint;
    private final Broker broker;

    /**
     * @param base the bundle's folder, at which relative paths start
     * @param data the data directory
     * @param endpoint where the bridge would call
     */
    ProductionRules(SettingsSource source, Path base, Path data, URI endpoint, Broker broker) {
        this.source = source;
        this.base = base;
        this.data = data;
        this.endpoint = endpoint;
        this.broker = broker;
    }

    /** Adds every violation; what a setting cannot be judged for, because it has a problem of its own, is left out. */
    void check(List<String> problems) {
        realEndpoint(problems);
        sealedOutput(problems);
        brokerTransport(problems);
        managementTransport(problems);
        journalTransport(problems);
        passwords(problems);
        passwordFiles(problems);
        secretFiles(problems);
        trustedFiles(problems);
    }

    private void realEndpoint(List<String> problems) {
        if (source.sound(Setting.ENDPOINT_URL) && loopback(endpoint.getHost())) {
            problems.add(
                    "pairing.endpoint.url is on this machine, where only the simulator is, and pairing.environment=production is for"
                            + " real terminals; remove the setting to call the vendor's server, or choose pairing.environment=simulator");
        }
    }

    private void sealedOutput(List<String> problems) {
        if ("none".equals(source.get(Setting.SEAL))) {
            problems.add(
                    "pairing.seal=none is refused in production: credentials would lie in the open in the broker; set"
                            + " pairing.seal=jwe and make the recipient's key with 'pairing-bridge keys new'");
        }
    }

    private void brokerTransport(List<String> problems) {
        if (!source.sound(Setting.BROKER_EMBEDDED, Setting.BROKER_URL)) {
            return;
        }
        if (broker.embedded()) {
            if (!loopback(broker.embeddedHost())) {
                problems.add(
                        "pairing.broker.embedded.host is reached from other machines, and the embedded broker has no TLS: set it to"
                                + " 127.0.0.1, or run a broker of its own with TLS (docker/artemis) and set pairing.broker.embedded=false");
            }
            return;
        }
        if (broker.url().isEmpty()) {
            return; // said elsewhere
        }
        String url = broker.url().toLowerCase(Locale.ROOT);
        if (!Settings.tls(broker, new ArrayList<>())) {
            problems.add(
                    "pairing.broker.url is without TLS, and one-time passwords and logins would cross the network in the open: add"
                            + " ?sslEnabled=true, and pairing.broker.truststore if the broker's authority is not a public one");
        } else if (url.contains("trustall=true") || url.contains("verifyhost=false")) {
            problems.add(
                    "pairing.broker.url switches off the check of the broker's certificate: remove trustAll and verifyHost, and"
                            + " give its authority with pairing.broker.truststore");
        }
        if (broker.keystore() == null && !local(url)) {
            problems.add(
                    "pairing.broker.keystore is not set, so the broker is reached over Core without a client certificate, and whoever"
                            + " reaches it may do over Core what needs no login (CVE-2026-57967): let it ask for one (docs/operate/broker.md, \"TLS\") and give"
                            + " the bridge's with pairing.broker.keystore");
        }
    }

    /** Whether all brokers that the URL names are on this machine. */
    private static boolean local(String url) {
        return Stream.of(url.replaceAll("^\\(|\\).*$", "").split(","))
                .map(each -> each.replaceFirst("^[a-z]+://", "")
                        .replaceFirst("[?;].*$", "")
                        .replaceFirst(":[0-9]+$", ""))
                .allMatch(ProductionRules::loopback);
    }

    private void managementTransport(List<String> problems) {
        if (source.get(Setting.MANAGEMENT_KEYSTORE).isEmpty() && !loopback(source.get(Setting.MANAGEMENT_HOST))) {
            problems.add(
                    "pairing.management.host is reached from other machines, and without TLS the operator's login would cross the"
                            + " network in the open: give a certificate with pairing.management.keystore, or set the host to 127.0.0.1");
        }
    }

    private void journalTransport(List<String> problems) {
        String url = source.get(Setting.JOURNAL_URL);
        // As the driver reads it: a parameter may name another host, and of one that is there twice the last counts.
        Properties server = url.startsWith("jdbc:postgresql:") ? Driver.parseURL(url, null) : null;
        if (server == null) {
            return;
        }
        boolean local = Stream.of(server.getProperty("PGHOST", "localhost").split(","))
                .allMatch(host -> loopback(withoutBrackets(host)));
        boolean verified = Set.of("verify-full", "verify-ca").contains(server.getProperty("sslmode", ""));
        if (!local && server.stringPropertyNames().stream().anyMatch(OWN_TLS::contains)) {
            problems.add(
                    "pairing.journal.url has the driver's TLS done by a class of its own, which may check nothing: remove "
                            + String.join(", ", OWN_TLS)
                            + " and give the database's authority with sslrootcert=<file>");
        }
        if (!local && !verified) {
            problems.add(
                    "pairing.journal.url reaches a database on another machine without checking its certificate: add"
                            + " sslmode=verify-full, and sslrootcert=<file> if its authority is not a public one");
        }
    }

    private static String withoutBrackets(String host) {
        return host.replaceFirst("^\\[(.*)]$", "$1");
    }

    private void passwords(List<String> problems) {
        if (!broker.embedded()) {
            password("pairing.broker.password", broker.password(), broker.username(), problems);
        }
        broker.users()
                .forEach((user, password) ->
                        password("pairing.broker.users." + user + ".password", password, user, problems));
        password(Setting.MANAGEMENT_PASSWORD, "operator", problems);
        password(Setting.JOURNAL_OTP_KEY, "", problems);
        password(Setting.JOURNAL_PASSWORD, source.get(Setting.JOURNAL_USERNAME), problems);
        // Trust stores hold nothing secret, and the password of a proxy is for its owner to choose.
        password(Setting.BROKER_KEYSTORE_PASSWORD, "", problems);
        password(Setting.MANAGEMENT_KEYSTORE_PASSWORD, "", problems);
    }

    private void password(Setting setting, String user, List<String> problems) {
        password(setting.key(), source.get(setting), user, problems);
    }

    private void password(String key, String password, String user, List<String> problems) {
        if (password == null || password.isEmpty() || !source.sound(key)) {
            return;
        }
        String fault = PasswordRule.fault(user, password);
        if (fault != null) {
            problems.add(key + " " + fault
                    + ": choose a random one, for example with 'openssl rand -base64 24', and give it as " + key
                    + "-file");
        }
    }

    /** Lines that people have added, as well as those that were made. */
    private void passwordFiles(List<String> problems) {
        for (String name : List.of("broker-users.properties", "management-users.properties")) {
            Path file = data.resolve(name);
            try {
                new PasswordFile(file, "The passwords", "").read().forEach((user, password) -> {
                    String fault = PasswordRule.fault(user, password);
                    if (fault != null) {
                        problems.add("the password of user " + Text.line(user, 64) + " in " + file + " " + fault
                                + ": choose a random one, for example" + " with 'openssl rand -base64 24'");
                    }
                });
            } catch (PasswordFile.Unusable e) {
                // Open to others, which the next rule says, or not to be read, by which the start ends.
                continue;
            }
        }
    }

    private void secretFiles(List<String> problems) {
        source.secretFiles().forEach((key, file) -> secret(key + " names " + file, file, problems));
        source.passwordsInSettingsFiles()
                .forEach((file, keys) -> secret(
                        "settings file " + file + " holds " + String.join(" and ", keys) + " and", file, problems));
        for (Setting setting : List.of(Setting.BROKER_KEYSTORE, Setting.MANAGEMENT_KEYSTORE)) {
            if (!source.get(setting).isEmpty()) {
                secret(setting.key() + " names " + source.get(setting), base.resolve(source.get(setting)), problems);
            }
        }
        for (String name : List.of("broker-users.properties", "management-users.properties", "otp.key")) {
            secret("pairing.data-directory holds " + data.resolve(name), data.resolve(name), problems);
        }
    }

    /** The group may read: a container platform gives files to a process by its group. */
    private static void secret(String subject, Path file, List<String> problems) {
        Set<PosixFilePermission> open = permissions(file);
        if (open.contains(PosixFilePermission.OTHERS_READ) || open.stream().anyMatch(WRITABLE::contains)) {
            problems.add(
                    subject + ", which others may read or change (" + PosixFilePermissions.toString(open)
                            + "): run 'chmod 600 " + file
                            + "', or 640 where the bridge reads it through its group, and replace the secret if somebody may have seen it");
        }
    }

    /** Public, but whoever may change one of these decides who reads credentials, or who is taken for whom. */
    private void trustedFiles(List<String> problems) {
        for (Setting setting : List.of(
                Setting.RECIPIENT_KEYS,
                Setting.BREAK_GLASS_KEYS,
                Setting.ENDPOINT_TRUSTSTORE,
                Setting.BROKER_TRUSTSTORE)) {
            String name = source.get(setting);
            Set<PosixFilePermission> open = name.isEmpty() ? Set.of() : permissions(base.resolve(name));
            if (open.stream().anyMatch(WRITABLE::contains)) {
                problems.add(setting.key() + " names " + name + ", which others may change ("
                        + PosixFilePermissions.toString(open) + "): run 'chmod go-w " + base.resolve(name)
                        + "' and see that its content is still yours");
            }
        }
    }

    /** Empty where there is no file, or the file system knows none; what cannot be read fails elsewhere. */
    private static Set<PosixFilePermission> permissions(Path file) {
        try {
            return Files.exists(file) ? Files.getPosixFilePermissions(file) : Set.of();
        } catch (IOException | UnsupportedOperationException e) {
            return Set.of();
        }
    }

    private static boolean loopback(String host) {
        String name = host == null ? "" : host.toLowerCase(Locale.ROOT).replaceFirst("^\\[(.*)]$", "$1");
        return name.equals("localhost")
                || name.endsWith(".localhost")
                || name.equals("::1")
                || name.equals("0:0:0:0:0:0:0:1")
                || name.matches("127(\\.\\d{1,3}){3}");
    }
}
