package io.pairingbridge.guarantees;

import io.pairingbridge.Bridge;
import io.pairingbridge.Replacements;
import io.pairingbridge.job.Job;
import io.pairingbridge.sealing.Sealer;
import io.pairingbridge.settings.Settings;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.main.Main;
import org.apache.camel.spi.InterceptStrategy;

/**
 * A bridge in a process of its own, for tests: it is told of each step of the routes that a job passes, and its wall
 * clock can be bent by a file. Routes and configuration are those of the folder {@code pairing.home} (a system
 * property), else of the working directory.
 */
abstract class WatchedBridge {
    private final Settings settings;
    private final Path clock;

    /** @param clock the file of {@link #setAhead}; it need not exist */
    WatchedBridge(Settings settings, Path clock) {
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * A job passes a step.
     *
     * @param here {@code before:<step id>} or {@code after:<step id>}
     * @param jobId the job, or null if it is not known yet
     */
    abstract void at(String here, String jobId);

    // ---- for the test ---------------------------------------------------------------------------------------------

    /** Writes the settings for such a process. */
    public static void writeSettings(Map<String, String> texts, Path file) throws IOException {
        Properties properties = new Properties();
        properties.putAll(texts);
        // Dozens of these are started, and nobody looks at them: what only looks is left out.
        properties.setProperty("camel.management.enabled", "false");
        properties.setProperty("camel.main.jmxEnabled", "false");
        try (Writer writer = Files.newBufferedWriter(file)) {
            properties.store(writer, null);
        }
    }

    /** Sets the process's wall clock ahead of the machine's, or behind it, from now on. */
    public static void setAhead(Path clock, Duration ahead) throws IOException {
        Path part = Files.writeString(clock.resolveSibling(clock.getFileName() + ".part"), ahead.toString());
        Files.move(part, clock, StandardCopyOption.ATOMIC_MOVE);
    }

    // ---- in the process -------------------------------------------------------------------------------------------

    static Settings readSettings(Path file) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            properties.load(reader);
        }
        Map<String, String> texts = new TreeMap<>();
        properties.stringPropertyNames().forEach(key -> texts.put(key, properties.getProperty(key)));
        return Settings.load(Path.of(System.getProperty("pairing.home", "")), null, Map.of(), texts);
    }

    void run() throws InterruptedException {
        new Bridge(settings, new Replacements(clock(), this::sealer, this::watch)).start();
        System.out.println("started");
        Thread.currentThread().join();
    }

    /** @return what seals in the place of the sealer that was loaded */
    Sealer sealer(Sealer loaded) {
        return loaded;
    }

    private void watch(Main camel) {
        camel.bind("watch", new InterceptStrategy() {
            @Override
            public Processor wrapProcessorInInterceptors(
                    CamelContext context, NamedNode step, Processor target, Processor next) {
                String id = step.getId();
                return exchange -> {
                    at("before:" + id, jobId(exchange));
                    target.process(exchange);
                    at("after:" + id, jobId(exchange));
                };
            }
        });
    }

    private static String jobId(Exchange exchange) throws JMSException {
        Job job = exchange.getVariable("job", Job.class);
        if (job != null) {
            return job.id();
        }
        return exchange.getMessage().getBody() instanceof Message message
                ? message.getStringProperty("PairingJobId")
                : null;
    }

    private Clock clock() {
        return new Clock() {
            @Override
            public Instant instant() {
                try {
                    return Instant.now().plus(Duration.parse(Files.readString(clock)));
                } catch (NoSuchFileException e) {
                    return Instant.now();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }

            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }
        };
    }
}
