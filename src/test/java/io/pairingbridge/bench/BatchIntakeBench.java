package io.pairingbridge.bench;

import io.pairingbridge.batch.BatchIntake;
import io.pairingbridge.broker.BrokerAddress;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.broker.BrokerUsers;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.journal.JdbcJournal;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.testing.Child;
import jakarta.jms.Connection;
import jakarta.jms.DeliveryMode;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import io.pairingbridge.settings.Settings;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.springframework.util.FileSystemUtils;

/**
 * How fast a CSV document is taken in, and in how much memory, against one transacted JMS producer that sends the same messages
 * in transactions of the same size: {@code BatchIntakeBench [rows ...]}. Each side runs in a process of its own, of 128 MB, on a
 * broker process of its own with the shipped configuration, one after the other, three rounds. Prints a table.
 */
public final class BatchIntakeBench {
  private static final int ROUNDS = 3;
  private static final int A_TRANSACTION = 500;
  private static final List<String> HEAP = List.of("-Xmx128m", "-XX:+UseSerialGC");

  private BatchIntakeBench() {}

  public static void main(String[] args) throws Exception {
    if (args.length > 0 && args[0].equals("intake")) {
      intake(Path.of(args[1]), args[2], Path.of(args[3]));
    } else if (args.length > 0 && args[0].equals("producer")) {
      produce(Path.of(args[1]), args[2], Path.of(args[3]));
    } else {
      compare(args.length == 0 ? new int[] {10_000, 100_000, 1_000_000} : Arrays.stream(args).mapToInt(Integer::parseInt).toArray());
    }
    System.exit(0);
  }

  private static void compare(int[] sizes) throws Exception {
    System.out.printf("%d processors, %s %s, Java %s%n%n", Runtime.getRuntime().availableProcessors(), System.getProperty("os.name"),
        System.getProperty("os.version"), Runtime.version());
    System.out.println("| rows | intake, rows/s | producer, rows/s | ratio (least to most) | peak heap of the intake, MB |");
    System.out.println("| ---: | ---: | ---: | ---: | ---: |");
    Path folder = Files.createTempDirectory("batch-intake-bench");
    for (int rows : sizes) {
      Path document = document(folder.resolve(rows + ".csv"), rows);
      List<double[]> intakes = new ArrayList<>();
      List<double[]> producers = new ArrayList<>();
      List<Double> ratios = new ArrayList<>();
      for (int round = 0; round < ROUNDS; round++) {
        double[] intake = side("intake", document, folder.resolve("intake"));
        double[] producer = side("producer", document, folder.resolve("producer"));
        intakes.add(intake);
        producers.add(producer);
        ratios.add(intake[0] / producer[0]);
      }
      ratios.sort(null);
      System.out.printf(Locale.ROOT, "| %,d | %,.0f | %,.0f | %.2f (%.2f to %.2f) | %.0f |%n", rows, median(intakes, 0), median(producers, 0),
          ratios.get(ROUNDS / 2), ratios.get(0), ratios.get(ROUNDS - 1), intakes.stream().mapToDouble(i -> i[1]).max().orElseThrow());
      Files.delete(document);
    }
  }

  private static double median(List<double[]> sides, int figure) {
    return sides.stream().mapToDouble(side -> side[figure]).sorted().toArray()[sides.size() / 2];
  }

  private static Path document(Path file, int rows) throws IOException {
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      out.write("name,otp,Store,Serial number\n");
      for (int i = 0; i < rows; i++) {
        out.write("Till " + i + "," + (10_000_000 + i) + ",S-" + i % 977 + ",SN-" + i + "\n");
      }
    }
    return file;
  }

  /** Rows a second and peak heap of one side, on a fresh broker. */
  private static double[] side(String side, Path document, Path folder) throws Exception {
    Files.createDirectories(folder);
    BrokerUsers.load(folder, Map.of());
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("java.class.path");
    try (Child broker = Child.start(List.of(java, "-Xmx1g", "-cp", classes, "io.pairingbridge.soak.BrokerProcess",
        "docker/artemis/broker.xml", folder.toString(), Integer.toString(port)), folder.resolve("broker.log"), Map.of())) {
      broker.awaitLog("broker listens", 1);
      List<String> command = new ArrayList<>(List.of(java));
      command.addAll(HEAP);
      command.addAll(List.of("-cp", classes, BatchIntakeBench.class.getName(), side, document.toString(), "tcp://127.0.0.1:" + port,
          folder.toString()));
      try (Child client = Child.start(command, folder.resolve("client.log"), Map.of())) {
        while (client.alive()) {
          Thread.sleep(100);
        }
        String log = Files.readString(folder.resolve("client.log"));
        String figures = log.lines().filter(line -> line.startsWith("figures ")).findFirst()
            .orElseThrow(() -> new IllegalStateException(side + " failed: " + log));
        return Arrays.stream(figures.substring(8).split(" ")).mapToDouble(Double::parseDouble).toArray();
      }
    } finally {
      FileSystemUtils.deleteRecursively(folder); // a million messages take gigabytes
    }
  }

  private static void intake(Path document, String url, Path folder) throws Exception {
    OtpHash hash = new OtpHash(new byte[32]);
    Limits limits = new Limits(Duration.ofSeconds(30), Duration.ofHours(1), 3,
        new RetryPolicy(Duration.ofSeconds(2), Duration.ofMinutes(2), 2, 0.2));
    try (Journal journal = JdbcJournal.open(new Settings.JournalStore("jdbc:sqlite:"
        + folder.resolve("journal.db"), "", "", null, ""), limits, new Owner("bench", "1"), hash,
        Clock.systemUTC())) {
      BatchIntake intake = new BatchIntake(journal.batches(), BrokerConnections.factory(bridge(url, folder)),
          new RequestBody(Path.of("config/schema/pairing-request.schema.json")), Set.of(), hash, Duration.ofHours(1), Clock.systemUTC());
      long from = System.nanoTime();
      intake.take("estate", document.toString(), Files.newInputStream(document));
      long rows = journal.batches().find("estate").orElseThrow().open();
      tell(rows, from);
    }
  }

  private static void produce(Path document, String url, Path folder) throws Exception {
    long from = System.nanoTime();
    long rows = 0;
    try (BufferedReader lines = Files.newBufferedReader(document);
        Connection connection = BrokerConnections.factory(bridge(url, folder)).createConnection();
        Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
        MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"))) {
      producer.setDeliveryMode(DeliveryMode.PERSISTENT);
      producer.setPriority(2);
      producer.setTimeToLive(Duration.ofHours(1).toMillis());
      lines.readLine();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] f = line.split(",");
        Message message = session.createTextMessage("{\"name\":\"" + f[0] + "\",\"otp\":\"" + f[1] + "\",\"reference\":{\"Store\":\"" + f[2]
            + "\",\"Serial number\":\"" + f[3] + "\"}}");
        message.setStringProperty("PairingJobId", "estate." + "0123456789abcdef".substring(8) + f[1]);
        message.setStringProperty("PairingBatchId", "estate");
        producer.send(message);
        if (++rows % A_TRANSACTION == 0) {
          session.commit();
        }
      }
      session.commit();
    }
    tell(rows, from);
  }

  private static BrokerAddress bridge(String url, Path folder) {
    return new BrokerAddress(url, BrokerUsers.BRIDGE, BrokerUsers.load(folder, Map.of()).password(BrokerUsers.BRIDGE));
  }

  private static void tell(long rows, long from) {
    double seconds = (System.nanoTime() - from) / 1e9;
    long peak = ManagementFactory.getMemoryPoolMXBeans().stream().filter(pool -> pool.getType() == MemoryType.HEAP)
        .map(MemoryPoolMXBean::getPeakUsage).mapToLong(MemoryUsage::getUsed).sum();
    System.out.println("figures " + rows / seconds + " " + peak / 1024.0 / 1024.0);
  }
}
