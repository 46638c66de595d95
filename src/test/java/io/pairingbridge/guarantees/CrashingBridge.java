package io.pairingbridge.guarantees;

import io.pairingbridge.Bridge;
import io.pairingbridge.job.Job;
import io.pairingbridge.sealing.Sealed;
import io.pairingbridge.sealing.Sealer;
import io.pairingbridge.settings.Settings;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * The bridge as a process that dies at one step of one job: {@code CrashingBridge <settings file> [before|after:<step id>
 * <job id>]}. The steps are those of the routes, and {@code seal}. It dies like a process that is killed: no hook, no
 * flush, no goodbye.
 */
public final class CrashingBridge extends Bridge {
  /** As the shell reports a SIGKILL. */
  static final int KILLED = 137;

  private final String point;
  private final String victim;

  private CrashingBridge(Settings settings, String point, String victim) {
    super(settings);
    this.point = point;
    this.victim = victim;
  }

  public static void main(String[] args) throws Exception {
    Map<String, String> texts = new TreeMap<>();
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(args[0]))) {
      properties.load(reader);
    }
    properties.stringPropertyNames().forEach(key -> texts.put(key, properties.getProperty(key)));
    Bridge bridge = new CrashingBridge(Settings.load(Path.of(""), null, Map.of(), texts), args.length > 1 ? args[1] : "",
        args.length > 2 ? args[2] : "");
    bridge.start();
    System.out.println("started");
    Thread.currentThread().join();
  }

  static void writeSettings(Map<String, String> texts, Path file) throws IOException {
    Properties properties = new Properties();
    properties.putAll(texts);
    // Dozens of these are started, and nobody looks at them: what only looks is left out.
    properties.setProperty("camel.management.enabled", "false");
    properties.setProperty("camel.main.jmxEnabled", "false");
    try (var writer = Files.newBufferedWriter(file)) {
      properties.store(writer, null);
    }
  }

  private void at(String here, String jobId) {
    if (here.equals(point) && victim.equals(jobId)) {
      Runtime.getRuntime().halt(KILLED);
    }
  }

  @Override
  protected void beforeStart(Main camel) {
    camel.bind("crash", new InterceptStrategy() {
      @Override
      public Processor wrapProcessorInInterceptors(CamelContext context, NamedNode step, Processor target, Processor next) {
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
    return exchange.getMessage().getBody() instanceof Message message ? message.getStringProperty("PairingJobId") : null;
  }

  @Override
  protected Sealer sealer(Sealer loaded) {
    return new Sealer() {
      @Override
      public Sealed seal(byte[] plaintext, String jobId) {
        at("before:seal", jobId);
        Sealed sealed = loaded.seal(plaintext, jobId);
        at("after:seal", jobId);
        return sealed;
      }

      @Override
      public String keyId() {
        return loaded.keyId();
      }

      @Override
      public void verify() {
        loaded.verify();
      }
    };
  }
}
