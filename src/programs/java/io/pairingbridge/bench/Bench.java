package io.pairingbridge.bench;

import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Journals;
import io.pairingbridge.testing.PostgresServer;
import jakarta.jms.Connection;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.springframework.util.FileSystemUtils;

/**
 * The benchmarks B1 to B10: what the guarantee costs, as ratios within one run. Everything durable is on for the
 * bridge: journal with fsync, sealing (RSA 3072), security, separate publish, outcome events, the shipped broker
 * configuration. Each side is a process of its own on the same broker process and the same endpoint process; sides take
 * turns within a round.
 *
 * <p>{@code Bench [B1 B2 ...]}; {@code -Dbench.rounds} (3), {@code -Dbench.scale} (1: how many jobs, as a factor),
 * {@code -Dbench.out} (target/benchmarks: results.json, table.md, chart.svg), {@code -Dbench.java} (options of the
 * bridge's virtual machine, such as those that start a recording), {@code -Dbench.jar} (the packed jar of the bridge).
 */
public final class Bench {
    private static final int ROUNDS = Integer.getInteger("bench.rounds", 3);
    private static final double SCALE = Double.parseDouble(System.getProperty("bench.scale", "1"));
    private static final int LATENCY = 150;
    private static final List<String> ALL = List.of("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B9", "B10");

    private final Rig rig;
    private final Results results;

    private Bench(Rig rig, Results results) {
        this.rig = rig;
        this.results = results;
    }

    public static void main(String[] args) throws Exception {
        List<String> chosen = args.length == 0 || args[0].isBlank()
                ? ALL
                : Arrays.asList(String.join(" ", args).trim().split("[ ,]+"));
        if (!ALL.containsAll(chosen)) {
            throw new IllegalArgumentException("the benchmarks here are " + ALL + ", not " + chosen);
        }
        Results results = new Results(ROUNDS);
        try (Rig rig = new Rig()) {
            Bench bench = new Bench(rig, results);
            for (String name : chosen) {
                switch (name) {
                    case "B1", "B2" -> bench.atOnce(name.equals("B1") || !chosen.contains("B1"), chosen);
                    case "B3", "B4" -> bench.atTheLimit(name.equals("B3") || !chosen.contains("B3"), chosen);
                    case "B5" -> bench.latency();
                    case "B6" ->
                        BatchIntakeBench.compare(
                                new int[] {jobs(10_000), jobs(100_000), jobs(1_000_000)}, ROUNDS, results);
                    case "B7" -> bench.grown();
                    case "B8" -> bench.manyBridges();
                    case "B9" -> bench.footprint();
                    default -> bench.recovery();
                }
                results.write(Path.of(System.getProperty("bench.out", "target/benchmarks")));
            }
        }
        System.exit(0);
    }

    /**
     * Jobs that a virtual machine is given to compile what they use; after twenty thousand it still spends a sixth of
     * its time on that.
     */
    private static int warming() {
        return jobs(50_000);
    }

    private static Rig.Load load(int before, int measured) {
        return new Rig.Load(jobs(before), jobs(measured));
    }

    private static int jobs(int full) {
        return Math.max(300, (int) (full * SCALE));
    }

    /**
     * B1 and B2 in the same rounds: the bridge against both opponents, an endpoint that answers at once, 64 in flight.
     */
    private void atOnce(boolean first, List<String> chosen) throws Exception {
        if (!first) {
            return; // done with B1
        }
        rig.endpointTakes(Duration.ZERO);
        Rig.Load load = new Rig.Load(warming(), jobs(20_000));
        Series bridge = new Series("bridge");
        Series loop = new Series("loop");
        Series camel = new Series("plain route");
        for (int round = 0; round < ROUNDS; round++) {
            bridge.add(rig.throughput(Side.BRIDGE, 64, load));
            if (chosen.contains("B1")) {
                loop.add(rig.throughput(Side.LOOP, 64, load));
            }
            if (chosen.contains("B2")) {
                camel.add(rig.throughput(Side.CAMEL, 64, load));
            }
        }
        if (chosen.contains("B1")) {
            results.atLeast("B1", "jobs/s, endpoint at once, 64 in flight", "hand-written loop", bridge, loop, 0.80);
        }
        if (chosen.contains("B2")) {
            results.atLeast("B2", "jobs/s, endpoint at once, 64 in flight", "plain Camel route", bridge, camel, 0.90);
        }
    }

    /**
     * B3: against what Little's law allows; B4: 64 in flight once with jobs that must wait, which must not hold up the
     * others, and once without. A process of the bridge does both, in turns first and second.
     */
    private void atTheLimit(boolean first, List<String> chosen) throws Exception {
        if (!first) {
            return; // done with B3
        }
        for (int inFlight : chosen.contains("B3") ? new int[] {16, 64, 256} : new int[] {64}) {
            Rig.Load load = inFlight == 16 ? load(1_500, 3_000) : load(3_000, 8_000);
            int[] failing = inFlight == 64 && chosen.contains("B4") ? new int[] {0, 5} : new int[] {0};
            Map<Integer, Series> figures = new LinkedHashMap<>();
            for (int percent : failing) {
                figures.put(percent, new Series(percent + " % answered 503 first"));
            }
            Series limit = new Series("limit");
            for (int round = 0; round < ROUNDS; round++) {
                try (Child bridge = rig.warmed(Side.BRIDGE, "limit-" + inFlight + "-" + round, inFlight, warming())) {
                    rig.endpointTakes(Duration.ofMillis(LATENCY));
                    for (int i = 0; i < failing.length; i++) {
                        int percent = failing[(i + round) % failing.length];
                        rig.send(load.jobs(), percent);
                        figures.get(percent).add(rig.throughput(List.of(bridge), load));
                    }
                    bridge.stop();
                }
                limit.add(inFlight * 1_000.0 / LATENCY);
            }
            String what = "jobs/s, endpoint " + LATENCY + " ms, " + inFlight + " in flight";
            if (chosen.contains("B3")) {
                results.atLeast("B3", what, "in flight / latency", figures.get(0), limit, inFlight > 64 ? 0 : 0.97);
            }
            if (failing.length > 1) {
                results.atLeast(
                        "B4",
                        what + ", 5 % of the jobs answered 503 first",
                        "no failures",
                        figures.get(5),
                        figures.get(0),
                        0.95);
            }
        }
    }

    /** B5: one job at a time, from its send to its credentials, with an endpoint that answers at once. */
    private void latency() throws Exception {
        Map<Side, List<Series>> figures = new LinkedHashMap<>();
        for (Side side : List.of(Side.BRIDGE, Side.LOOP)) {
            figures.put(side, List.of(new Series(side.words), new Series(side.words)));
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (Side side : figures.keySet()) {
                double[] millis = oneByOne(side, "latency-" + side + round, jobs(3_000), jobs(1_000));
                figures.get(side).get(0).add(millis[millis.length / 2]);
                figures.get(side).get(1).add(millis[millis.length * 99 / 100]);
            }
        }
        results.atMostMore(
                "B5",
                "p50 of one job at a time, ms",
                "hand-written loop",
                figures.get(Side.BRIDGE).get(0),
                figures.get(Side.LOOP).get(0),
                5);
        results.atMostMore(
                "B5",
                "p99 of one job at a time, ms",
                "hand-written loop",
                figures.get(Side.BRIDGE).get(1),
                figures.get(Side.LOOP).get(1),
                20);
    }

    private double[] oneByOne(Side side, String name, int jobs, int warming) throws Exception {
        try (Child started = rig.warmed(side, name, 16, warming());
                Connection erp = rig.login(BrokerUsers.ERP_REQUESTER);
                Connection recipient = rig.login(BrokerUsers.ERP_CREDENTIALS)) {
            double[] millis = oneByOne(erp, recipient, name, jobs, warming);
            started.stop();
            rig.tidy();
            Arrays.sort(millis);
            return millis;
        }
    }

    private double[] oneByOne(Connection erp, Connection recipient, String name, int jobs, int warming)
            throws Exception {
        Session sending = erp.createSession(false, Session.AUTO_ACKNOWLEDGE);
        MessageProducer producer = sending.createProducer(sending.createQueue("pairing.requests"));
        Session receiving = recipient.createSession(false, Session.AUTO_ACKNOWLEDGE);
        MessageConsumer consumer = receiving.createConsumer(receiving.createQueue("pairing.credentials"));
        double[] millis = new double[jobs];
        for (int i = -warming; i < jobs; i++) {
            long from = System.nanoTime();
            producer.send(rig.request(sending, name + "-" + i, name.hashCode() + "" + (i + warming) + "1"));
            if (consumer.receive(TimeUnit.MINUTES.toMillis(1)) == null) {
                throw new IllegalStateException("no credentials for a minute; the logs are in " + rig.folder());
            }
            if (i >= 0) {
                millis[i] = (System.nanoTime() - from) / 1e6;
            }
        }
        return millis;
    }

    /** B7: the same bridge with a million jobs in its journal and a hundred thousand waiting, and with neither. */
    private void grown() throws Exception {
        int rows = jobs(1_000_000);
        int queued = jobs(100_000);
        Path full = rig.folder().resolve("full");
        filledJournal(full, rows);
        Rig.Load load = load(8_000, 8_000);
        Series grown = new Series("grown");
        Series empty = new Series("empty");
        for (int round = 0; round < ROUNDS; round++) {
            empty.add(grown("empty-" + round, load, load.jobs()));
            FileSystemUtils.copyRecursively(full, rig.folder().resolve("grown-" + round));
            grown.add(grown("grown-" + round, load, Math.max(queued, load.jobs())));
        }
        results.atLeast(
                "B7",
                "jobs/s, endpoint " + LATENCY + " ms, 64 in flight, " + rows + " jobs in the journal, " + queued
                        + " queued",
                "empty",
                grown,
                empty,
                0.95);
    }

    private double grown(String name, Rig.Load load, int queued) throws Exception {
        try (Child bridge = rig.warmed(Side.BRIDGE, name, 64, warming())) {
            rig.endpointTakes(Duration.ofMillis(LATENCY));
            rig.send(queued, 0);
            long[] at = rig.collect(load.jobs());
            bridge.stop();
            return load.rate(at);
        } finally {
            emptied();
            FileSystemUtils.deleteRecursively(rig.folder().resolve(name));
        }
    }

    /** Nobody is asked to pair what is still queued: the bridge's own user takes it off. */
    private void emptied() throws Exception {
        rig.drain(BrokerUsers.BRIDGE, "pairing.requests");
        rig.drain(BrokerUsers.ERP_CREDENTIALS, "pairing.credentials");
        rig.tidy();
    }

    /** A journal as a bridge leaves it after so many jobs; written in bulk, for it would take an hour otherwise. */
    private static void filledJournal(Path data, int rows) throws Exception {
        Files.createDirectories(data);
        Settings.JournalStore store = Journals.file(data);
        Journals.open(store, null).close();
        try (java.sql.Connection connection = DriverManager.getConnection(store.url());
                Statement statement = connection.createStatement()) {
            long now = System.currentTimeMillis();
            String numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + rows + ") ";
            // Ids and hashes as scattered as real ones are; what is appended in order would flatter the indexes.
            statement.executeUpdate(numbers
                    + "INSERT INTO job (job_id, state, otp_hash, carrier, reference, requested_at, attempts, attempt_id, owner,"
                    + " deadline, http_status, pay_connect_id, pay_connect_name, terminal_id, finished_at, updated_at) SELECT 'old-' || lower(hex(randomblob(8))) || i,"
                    + " 'PUBLISHED', lower(hex(randomblob(32))), 'ID:' || lower(hex(randomblob(16))), '{\"store\":\"S-1\"}', "
                    + now + " - i, 1, 'a-' || i, 'bench/1', " + now
                    + " - i, 200, 'pc-' || i, 'Till', 'T' || i, " + now + " - i, " + now + " - i FROM n");
            statement.executeUpdate(
                    "INSERT INTO attempt (attempt_id, job_id, number, owner, started_at, deadline, ended_at, result, http_status, pay_connect_id,"
                            + " published_at) SELECT lower(hex(randomblob(16))), job_id, 1, owner, requested_at, deadline, finished_at, 'PAIRED', 200, pay_connect_id, finished_at FROM job");
        }
    }

    /**
     * B8: bridges on one PostgreSQL journal and one broker. With 32 in flight each, two or three of them use up two
     * cores; with 4, four do not.
     */
    private void manyBridges() throws Exception {
        try (PostgresServer server = PostgresServer.start(List.of())) {
            Settings.JournalStore journal = server.journal();
            for (int inFlight : new int[] {4, 32}) {
                Map<Integer, Series> figures = new LinkedHashMap<>();
                for (int bridges : new int[] {1, 2, 4}) {
                    figures.put(bridges, new Series(bridges + " bridges"));
                }
                for (int round = 0; round < ROUNDS; round++) {
                    for (int bridges : figures.keySet()) {
                        figures.get(bridges)
                                .add(manyBridges(
                                        journal, bridges, inFlight, "many-" + inFlight + "-" + round + "-" + bridges));
                    }
                }
                String what = "jobs/s, endpoint " + LATENCY + " ms, PostgreSQL, " + inFlight + " in flight each, ";
                results.atLeast("B8", what + "2 bridges", "1 bridge", figures.get(2), figures.get(1), 1.95);
                results.atLeast("B8", what + "4 bridges", "1 bridge", figures.get(4), figures.get(1), 3.8);
            }
        }
    }

    /** All are started before there is work: the first ones would leave the last ones no processor to start on. */
    private double manyBridges(Settings.JournalStore journal, int bridges, int inFlight, String name) throws Exception {
        Rig.Load load = (inFlight < 32 ? load(150, 1_000) : load(1_500, 4_000)).times(bridges);
        List<Child> started = new ArrayList<>();
        try {
            rig.endpointTakes(Duration.ZERO);
            for (int i = 0; i < bridges; i++) {
                started.add(Side.BRIDGE.start(
                        rig, name + "-" + i, inFlight, journal, Map.of("pairing.instance-id", "bench-" + i)));
            }
            rig.warm(bridges * jobs(20_000));
            rig.endpointTakes(Duration.ofMillis(LATENCY));
            rig.send(load.jobs(), 0);
            double rate = rig.throughput(started, load);
            for (Child child : started) {
                child.stop();
            }
            return rate;
        } finally {
            started.forEach(Child::close);
        }
    }

    /**
     * B9: from the start of the process to ready, and the memory that it holds; against a bare camel-main with the same
     * components.
     */
    private void footprint() throws Exception {
        rig.endpointTakes(Duration.ofMillis(LATENCY));
        Map<Side, List<Series>> figures = new LinkedHashMap<>();
        for (Side side : List.of(Side.BRIDGE, Side.ARCHIVED, Side.CAMEL)) {
            figures.put(side, List.of(new Series(side.words), new Series(side.words), new Series(side.words)));
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (Side side : figures.keySet()) {
                String name = "start-" + side + round;
                if (side != Side.CAMEL) {
                    side.start(rig, name, 16, null, Map.of())
                            .stop(); // the first start of all makes keys and the schema
                }
                long from = System.nanoTime();
                try (Child started = side.start(rig, name, 16, null, Map.of())) {
                    figures.get(side).get(0).add((System.nanoTime() - from) / 1e9);
                    Thread.sleep(5_000); // idle is what is left once the start has settled
                    figures.get(side).get(1).add(residentMegabytes(started));
                    int jobs = jobs(1_500);
                    rig.send(jobs, 0);
                    rig.collect(jobs);
                    figures.get(side).get(2).add(residentMegabytes(started));
                    started.stop();
                }
                rig.tidy();
            }
        }
        for (Side side : List.of(Side.BRIDGE, Side.ARCHIVED)) {
            String how = side == Side.ARCHIVED ? ", with a class archive" : "";
            results.atMost(
                    "B9",
                    "start to ready, s" + how,
                    "bare camel-main",
                    figures.get(side).get(0),
                    figures.get(Side.CAMEL).get(0),
                    1.5);
            results.below(
                    "B9",
                    "resident memory idle, MB" + how,
                    "bare camel-main",
                    figures.get(side).get(1),
                    figures.get(Side.CAMEL).get(1),
                    250);
            results.below(
                    "B9",
                    "resident memory under load, MB" + how,
                    "bare camel-main",
                    figures.get(side).get(2),
                    figures.get(Side.CAMEL).get(2),
                    0);
        }
    }

    private static double residentMegabytes(Child child) throws Exception {
        return Files.readAllLines(Path.of("/proc/" + child.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
                .findFirst()
                .orElseThrow();
    }

    /** B10: kill -9 with a full queue, to the first new credentials; against a start on an empty journal. */
    private void recovery() throws Exception {
        rig.endpointTakes(Duration.ofMillis(LATENCY));
        Series recovered = new Series("to the first new credentials after kill -9, s");
        Series started = new Series("start to ready, s");
        for (int round = 0; round < ROUNDS; round++) {
            String name = "killed-" + round;
            rig.send(jobs(10_000), 0);
            try (Child bridge = Side.BRIDGE.start(rig, name, 64, null, Map.of())) {
                rig.collect(200);
                bridge.kill();
            }
            rig.drain(BrokerUsers.ERP_CREDENTIALS, "pairing.credentials");
            long from = System.nanoTime();
            try (Child bridge = Side.BRIDGE.start(rig, name, 64, null, Map.of())) {
                started.add((System.nanoTime() - from) / 1e9);
                long first = rig.collect(1)[0];
                recovered.add((first - from) / 1e9);
                bridge.kill();
            }
            emptiedAfterKill();
        }
        results.atMostMore(
                "B10",
                "kill -9 with " + jobs(10_000) + " jobs queued and 64 in flight, to the first new credentials, s",
                "start to ready",
                recovered,
                started,
                30);
    }

    private void emptiedAfterKill() throws Exception {
        // What the killed bridge held comes back when the broker has noticed; nobody pairs it any more.
        rig.drain(BrokerUsers.BRIDGE, "pairing.requests");
        rig.drain(BrokerUsers.ERP_CREDENTIALS, "pairing.credentials");
        rig.drain(BrokerUsers.ERP_REQUESTER, "pairing.outcomes::pairing.outcomes.erp");
        rig.drain(BrokerUsers.OPERATOR, "pairing.in-doubt");
    }
}
