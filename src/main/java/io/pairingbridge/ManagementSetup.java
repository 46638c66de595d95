package io.pairingbridge;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.batch.BatchCompletion;
import io.pairingbridge.files.PasswordFile;
import io.pairingbridge.monitor.CertificateStore;
import io.pairingbridge.operate.AuditLog;
import io.pairingbridge.settings.PasswordRule;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import io.pairingbridge.site.HttpConnectionLimits;
import io.pairingbridge.site.ManagementSite;
import io.pairingbridge.site.ManagementTls;
import io.pairingbridge.text.Text;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpRouter;
import org.apache.camel.support.jsse.SSLContextParameters;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The management server: its port and TLS, its logins, and what is on it. */
final class ManagementSetup implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ManagementSetup.class);
    private static final String LOGINS_HEAD = """
            # Logins of the operator's page and of JMX over HTTP, made at the first start. Add a line for each person, so that the
            # audit log can tell who did what. A setting pairing.management.password wins for the user operator.
            """;

    private final Settings all;
    private final Settings.Management settings;
    private final HttpConnectionLimits limits = new HttpConnectionLimits();
    private final Vertx vertx = Vertx.vertx();

    ManagementSetup(Settings all) {
        this.all = all;
        this.settings = all.management();
    }

    /** The management server only logs that it could not start, and nobody would see the bridge's health. */
    static void refuseTakenPort(Settings.Management settings) {
        try (ServerSocket free = new ServerSocket(settings.port(), 1, InetAddress.getByName(settings.host()))) {
            LOG.debug("Management on {}", free.getLocalSocketAddress());
        } catch (IOException e) {
            throw new SettingsException(
                    "the management address " + settings.host() + ":" + settings.port() + " cannot be used ("
                            + e.getMessage()
                            + "): end the program that uses the port, or choose others with pairing.management.port and"
                            + " pairing.management.host");
        }
    }

    /** Null without TLS. */
    static SSLContextParameters tls(Settings.Management settings) {
        return settings.tls() ? ManagementTls.server(settings) : null;
    }

    /** What Camel makes its HTTP server with. */
    Vertx vertx() {
        return limits.limited(vertx);
    }

    /** The certificates that somebody must renew. */
    List<CertificateStore> certificates() {
        List<CertificateStore> stores = new ArrayList<>();
        Settings.Endpoint endpoint = all.endpoint();
        if (endpoint.truststore() != null) {
            stores.add(
                    CertificateStore.read("endpoint.truststore", endpoint.truststore(), endpoint.truststorePassword()));
        }
        Settings.Broker broker = all.broker();
        if (!broker.embedded() && broker.truststore() != null) {
            stores.add(CertificateStore.read("broker.truststore", broker.truststore(), broker.truststorePassword()));
        }
        if (!broker.embedded() && broker.keystore() != null) {
            stores.add(CertificateStore.read("broker.keystore", broker.keystore(), broker.keystorePassword()));
        }
        if (settings.tls()) {
            stores.add(CertificateStore.read("management.keystore", settings.keystore(), settings.keystorePassword()));
        }
        return stores;
    }

    /** Puts the operator's page, JMX and metrics on the server that Camel has just started; null if there is none. */
    ManagementSite mount(
            CamelContext context, AuditLog audit, PrometheusMeterRegistry meters, BatchCompletion reports) {
        VertxPlatformHttpRouter router =
                VertxPlatformHttpRouter.lookup(context, VertxPlatformHttpRouter.getRouterNameFromPort(settings.port()));
        if (router == null) {
            LOG.warn("There is no operator's page and no health over HTTP: camel.management.enabled is false");
            return null;
        }
        PasswordFile logins = new PasswordFile(
                all.dataDirectory().resolve(Bridge.MANAGEMENT_USERS), "The management's passwords", LOGINS_HEAD);
        if (settings.password().isEmpty()) {
            logins.load(List.of(BrokerUsers.OPERATOR));
        }
        Set<String> refused = ConcurrentHashMap.newKeySet();
        ManagementSite site = new ManagementSite(
                () -> users(logins, refused), all.home().resolve("config/jolokia-access.xml"), audit, meters, limits);
        site.reports(reports::page).mount(router, router.vertx());
        sayWhereThePageIs(logins.file());
        return site;
    }

    /** Password by user, as they are now. */
    private Map<String, String> users(PasswordFile logins, Set<String> refused) {
        Map<String, String> users = new HashMap<>(logins.read());
        if (!settings.password().isEmpty()) {
            users.put(BrokerUsers.OPERATOR, settings.password());
        }
        if ("production".equals(all.environment())) {
            // A line that was added since the start; before it, the start itself is refused.
            users.entrySet().removeIf(user -> weak(user.getKey(), user.getValue(), logins.file(), refused));
        }
        return users;
    }

    private static boolean weak(String user, String password, Path file, Set<String> said) {
        String fault = PasswordRule.fault(user, password);
        if (fault != null && said.add(user + " " + fault)) {
            LOG.warn(
                    "User {} cannot log in: the password in {} {}; choose a random one, for example with 'openssl rand -base64 24'",
                    Text.line(user, 64),
                    file,
                    fault);
        }
        return fault != null;
    }

    /** Where people find it, by which name and with which password. */
    private void sayWhereThePageIs(Path logins) {
        String host = settings.host().indexOf(':') < 0 ? settings.host() : "[" + settings.host() + "]";
        LOG.info(
                "The operator's page is {}://{}:{}{}/; log in as user {}, whose password {}",
                settings.tls() ? "https" : "http",
                host,
                settings.port(),
                ManagementSite.CONSOLE,
                BrokerUsers.OPERATOR,
                settings.password().isEmpty() ? "lies in " + logins : "is the setting pairing.management.password");
    }

    @Override
    public void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
