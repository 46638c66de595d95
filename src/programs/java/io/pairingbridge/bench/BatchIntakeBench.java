package io.pairingbridge.bench;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.batch.BatchSubmitter;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.testing.BrokerProcess;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Journals;
import jakarta.jms.Connection;
import jakarta.jms.DeliveryMode;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
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
 * B6: how fast a CSV document is taken in, and in how much memory, against one transacted JMS producer that sends the
 * same messages in transactions of the same size. Each side runs in a process of its own, of 128 MB, on a broker
 * process of its own with the shipped configuration, in turn. {@link Bench} starts it.
 */
public final class BatchIntakeBench {
    private static final int A_TRANSACTION = 500;
    private static final List<String> HEAP = List.of("-Xmx128m", "-XX:+UseSerialGC");

    private BatchIntakeBench() {}

    public static void main(String[] args) throws Exception {
        if (args.length > 0 && args[0].equals("intake")) {
            intake(Path.of(args[1]), args[2], Path.of(args[3]));
        } else if (args.length > 0 && args[0].equals("producer")) {
            produce(Path.of(args[1]), args[2], Path.of(args[3]));
        } else {
            throw new IllegalArgumentException("this is a side of a benchmark; Bench B6 starts it");
        }
        System.exit(0);
    }

    static void compare(int[] sizes, int rounds, Results results) throws Exception {
        Path folder = Files.createTempDirectory("batch-intake-bench");
        for (int rows : sizes) {
            Path document = document(folder.resolve(rows + ".csv"), rows);
            Series intakes = new Series("intake");
            Series producers = new Series("producer");
            Series heap = new Series("peak heap of the intake");
            Series producersHeap = new Series("peak heap of the producer");
            for (int round = 0; round < rounds; round++) {
                double[] intake = side("intake", document, folder.resolve("intake"));
                double[] producer = side("producer", document, folder.resolve("producer"));
                intakes.add(intake[0]);
                heap.add(intake[1]);
                producers.add(producer[0]);
                producersHeap.add(producer[1]);
            }
            results.atLeast(
                    "B6",
                    String.format(Locale.ROOT, "rows/s of a CSV document, %,d rows", rows),
                    "transacted producer",
                    intakes,
                    producers,
                    0.80);
            results.below(
                    "B6",
                    String.format(Locale.ROOT, "peak heap, MB, %,d rows", rows),
                    "transacted producer",
                    heap,
                    producersHeap,
                    128);
            Files.delete(document);
        }
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

    /** Rows a second and peak heap (MB) of one side, on a fresh broker. */
    private static double[] side(String side, Path document, Path folder) throws Exception {
        Files.createDirectories(folder);
        BrokerUsers.load(folder, Map.of());
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = System.getProperty("java.class.path");
        try (Child broker = Child.start(
                List.of(
                        java,
                        "-Xmx1g",
                        "-cp",
                        classes,
                        BrokerProcess.class.getName(),
                        "docker/artemis/broker.xml",
                        folder.toString(),
                        Integer.toString(port)),
                folder.resolve("broker.log"),
                Map.of())) {
            broker.awaitLog(BrokerProcess.READY, 1);
            List<String> command = new ArrayList<>(List.of(java));
            command.addAll(HEAP);
            command.addAll(List.of(
                    "-cp",
                    classes,
                    BatchIntakeBench.class.getName(),
                    side,
                    document.toString(),
                    "tcp://127.0.0.1:" + port,
                    folder.toString()));
            try (Child client = Child.start(command, folder.resolve("client.log"), Map.of())) {
                while (client.alive()) {
                    Thread.sleep(100);
                }
                String log = Files.readString(folder.resolve("client.log"));
                String figures = log.lines()
                        .filter(line -> line.startsWith("figures "))
                        .findFirst()
                        .orElseThrow(() -> new IllegalStateException(side + " failed: " + log));
                return Arrays.stream(figures.substring(8).split(" "))
                        .mapToDouble(Double::parseDouble)
                        .toArray();
            }
        } finally {
            FileSystemUtils.deleteRecursively(folder); // a million messages take gigabytes
        }
    }

    private static void intake(Path document, String url, Path folder) throws Exception {
        OtpHash hash = new OtpHash(new byte[32]);
        try (Journal journal = Journals.open(Journals.file(folder), hash)) {
            BatchSubmitter intake = new BatchSubmitter(
                    journal.batches(),
                    BrokerConnections.factory(bridge(url, folder)),
                    new RequestBody(Path.of("config/schema/pairing-request.schema.json")),
                    Set.of(),
                    hash,
                    Duration.ofHours(1),
                    Clock.systemUTC());
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
                Connection connection =
                        BrokerConnections.factory(bridge(url, folder)).createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
                MessageProducer producer = session.createProducer(session.createQueue("pairing.requests"))) {
            producer.setDeliveryMode(DeliveryMode.PERSISTENT);
            producer.setPriority(2);
            producer.setTimeToLive(Duration.ofHours(1).toMillis());
            lines.readLine();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] f = line.split(",");
                Message message = session.createTextMessage("{\"name\":\"" + f[0] + "\",\"otp\":\"" + f[1]
                        + "\",\"reference\":{\"Store\":\"" + f[2] + "\",\"Serial number\":\"" + f[3] + "\"}}");
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
        return new BrokerAddress(
                url, BrokerUsers.BRIDGE, BrokerUsers.load(folder, Map.of()).password(BrokerUsers.BRIDGE));
    }

    private static void tell(long rows, long from) {
        double seconds = (System.nanoTime() - from) / 1e9;
        long peak = ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getType() == MemoryType.HEAP)
                .map(MemoryPoolMXBean::getPeakUsage)
                .mapToLong(MemoryUsage::getUsed)
                .sum();
        System.out.println("figures " + rows / seconds + " " + peak / 1024.0 / 1024.0);
    }
}
