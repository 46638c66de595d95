package io.pairingbridge;

import io.pairingbridge.endpoint.EndpointClient;
import io.pairingbridge.intake.CallLimit;
import io.pairingbridge.monitor.Tracing;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.camel.component.http.HttpComponent;
import org.apache.camel.http.base.HttpHeaderFilterStrategy;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainListenerSupport;
import org.apache.camel.main.SimpleMainShutdownStrategy;
import org.apache.camel.support.jsse.SSLContextParameters;

/** Camel as the bridge runs it: its settings, its routes, and its HTTP component. */
final class CamelSetup {
    private final Settings settings;

    CamelSetup(Settings settings) {
        this.settings = settings;
    }

    /**
     * Camel with the settings and the routes, not started; beans are the caller's to bind.
     *
     * @param managementTls of the management server; null for none
     * @param tracing null for none
     */
    Main main(SSLContextParameters managementTls, Tracing tracing) {
        Main main = new Main();
        main.setShutdownStrategy(new SimpleMainShutdownStrategy()); // whoever starts the bridge stops it
        main.setDefaultPropertyPlaceholderLocation("false");
        main.setOverrideProperties(properties());
        main.configure().withRoutesIncludePattern("file:" + routes() + "/*.camel.yaml");
        main.addMainListener(new MainListenerSupport() {
            @Override
            public void beforeConfigure(BaseMainSupport camel) {
                if (managementTls != null) {
                    // What Camel calls global is used by its servers alone: no component of this bridge is told to take
                    // it.
                    camel.getCamelContext().setSSLContextParameters(managementTls);
                }
                if (tracing != null) {
                    tracing.follow(camel.getCamelContext());
                }
            }
        });
        return main;
    }

    /** Sends each POST once, and only what the route has written. */
    HttpComponent http(EndpointClient client) {
        HttpComponent http = new HttpComponent();
        http.setHttpClientConfigurer(client);
        http.setAutomaticRetriesDisabled(true);
        http.setRedirectHandlingDisabled(true);
        http.setCookieManagementDisabled(true);
        HttpHeaderFilterStrategy headers = new HttpHeaderFilterStrategy();
        headers.getOutFilter().addAll(Tracing.CONTEXT); // added by the tracer after the route has written its headers
        http.setHeaderFilterStrategy(headers);
        return http;
    }

    private Properties properties() {
        Properties properties = new Properties();
        properties.setProperty("camel.main.name", "pairing-bridge");
        properties.setProperty("camel.main.autoConfigurationLogSummary", "false");
        properties.setProperty("camel.main.startupRecorder", "off");
        properties.setProperty("camel.main.jmxEnabled", "true");
        properties.setProperty("camel.main.useMdcLogging", "false");
        // A call under way may take its full deadline before it is cut off; the journal knows what was cut off.
        properties.setProperty("camel.main.shutdownTimeout", Long.toString(Bridge.secondsToEnd(settings)));
        properties.setProperty("camel.main.shutdownLogInflightExchangesOnTimeout", "true");
        properties.setProperty("camel.management.enabled", "true");
        properties.setProperty("camel.management.host", settings.management().host());
        properties.setProperty(
                "camel.management.port", Integer.toString(settings.management().port()));
        properties.setProperty(
                "camel.management.useGlobalSslContextParameters",
                Boolean.toString(settings.management().tls()));
        properties.setProperty("camel.management.healthCheckEnabled", "true");
        properties.setProperty("camel.management.healthPath", "/observe/health");
        // ManagementSite serves metrics, whatever the client accepts.
        properties.setProperty("camel.management.metricsEnabled", "false");
        properties.setProperty("camel.management.infoEnabled", "true");
        properties.setProperty("camel.management.infoPath", "/observe/info");
        properties.setProperty("camel.management.jolokiaEnabled", "false");
        properties.setProperty("camel.metrics.enabled", "true");
        properties.setProperty("camel.metrics.enableRoutePolicy", "true");
        properties.setProperty("camel.metrics.enableMessageHistory", "false");
        // Timers of every send to every endpoint, beside those of the routes: a tenth of Camel's processor time for
        // nothing that is asked.
        properties.setProperty("camel.metrics.enableExchangeEventNotifier", "false");
        properties.setProperty("camel.health.exposureLevel", "full");
        properties.putAll(settings.camel());
        // Only what the routes name; secrets are not among the properties that Camel knows.
        properties.setProperty("pairing.endpoint.url", settings.endpoint().url().toString());
        properties.setProperty(
                "pairing.requests.consumers",
                Integer.toString(CallLimit.consumers(settings.requests().concurrency())));
        properties.setProperty(
                "pairing.reconcile.interval",
                Long.toString(settings.reconcileInterval().toMillis()));
        return properties;
    }

    /** Camel looks into no folder that is a link, finds no routes then, and starts without them. */
    private Path routes() {
        Path folder = settings.home().resolve("routes");
        try {
            if (Files.exists(folder.resolve("requests.camel.yaml"))) {
                return folder.toRealPath();
            }
        } catch (IOException e) {
            throw new SettingsException(
                    "the routes in " + folder + " cannot be read (" + e + "): check its permissions");
        }
        throw new SettingsException("there are no routes in " + folder + ": restore the folder from the bundle");
    }
}
