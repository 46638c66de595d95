package io.pairingbridge.soak;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.soak.Tally.Count;
import io.pairingbridge.soak.Workload.Job;
import io.pairingbridge.testing.PostgresServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The soak: rounds of jobs and faults on the shipped bundle and broker configuration, until a limit is reached or a
 * promise is broken. After each round everything is put back in order, and when all is quiet the invariants are
 * checked.
 *
 * <p>System properties: {@code soak.seed} (drawn and printed if not given), {@code soak.minutes}, {@code soak.rounds},
 * {@code soak.jobs} (a round), {@code soak.topology} (a name of {@link Topology} in small letters; if not given, half
 * of the time goes to {@code apart} and then half to {@code shared}, if there is a PostgreSQL server to be started),
 * {@code soak.faults} (names of {@link Fault}, with commas; all by default), {@code soak.endpoint-down} (seconds),
 * {@code soak.bundle} (the archive). With two topologies each begins with the same seed and has at least one round, and
 * no more than {@code soak.rounds}. An empty one counts as not given. Works in {@code target/soak/<seed>} and writes
 * its figures to {@code target/soak/soak-<seed>.json}.
 *
 * <p>Ends with 0, or with 1 if a promise was broken or something else went wrong; then the folder is kept.
 */
public final class Soak {
    /** How long a site may take to come to rest after a round. Nothing takes that long when it works. */
    private static final Duration PATIENCE = Duration.ofMinutes(3);

    private static final String NO_SERVER =
            "there is no PostgreSQL server under /usr/lib/postgresql: install the package postgresql";

    private final long seed = Long.getLong("soak.seed", System.currentTimeMillis() % 1_000_000_000);
    private final long minutes = Long.getLong("soak.minutes", 5);
    private final long maxRounds = Long.getLong("soak.rounds", Long.MAX_VALUE);
    private final int jobsARound = Integer.getInteger("soak.jobs", 160);
    private final List<Topology> topologies = topologies();
    private final long endpointDown = Long.getLong("soak.endpoint-down", 20);
    private final Path folder = Path.of("target/soak/" + seed).toAbsolutePath();
    private final Tally tally = new Tally();
    private final List<Job> all = new ArrayList<>();

    private Soak() {}

    public static void main(String[] args) {
        boolean kept;
        try {
            kept = new Soak().run();
        } catch (Exception | AssertionError e) {
            e.printStackTrace();
            kept = false;
        }
        System.exit(kept ? 0 : 1);
    }

    /** Every kind of fault, as it is called in the figures, with what it does. */
    public static Map<String, String> faults() {
        Map<String, String> all = new LinkedHashMap<>();
        for (Fault fault : Fault.values()) {
            all.put(fault.name().toLowerCase(Locale.ROOT), fault.description());
        }
        return all;
    }

    /** The steps at which the bridge is killed. */
    public static List<String> steps() {
        return Adversary.STEPS;
    }

    /** Every topology, as it is called in the figures, with what it is. */
    public static Map<String, String> sites() {
        Map<String, String> all = new LinkedHashMap<>();
        for (Topology topology : Topology.values()) {
            all.put(topology.text(), topology.description());
        }
        return all;
    }

    private static List<Topology> topologies() {
        String wanted = System.getProperty("soak.topology", "");
        if (wanted.isEmpty()) {
            return PostgresServer.installed() ? List.of(Topology.APART, Topology.SHARED) : List.of(Topology.APART);
        }
        Topology topology = Topology.valueOf(wanted.toUpperCase(Locale.ROOT));
        if (topology == Topology.SHARED && !PostgresServer.installed()) {
            throw new IllegalStateException(NO_SERVER);
        }
        return List.of(topology);
    }

    private String topologiesText() {
        return topologies.stream().map(Topology::text).collect(Collectors.joining(", "));
    }

    private boolean run() throws Exception {
        System.out.printf(
                "soak: seed %d, %d minutes, %s rounds, %d jobs a round, %s%n",
                seed, minutes, maxRounds == Long.MAX_VALUE ? "any number of" : maxRounds, jobsARound, topologiesText());
        if (System.getProperty("soak.topology", "").isEmpty() && !topologies.contains(Topology.SHARED)) {
            System.out.println("soak: LEFT OUT: rounds of two bridges on a shared journal: " + NO_SERVER);
            tally.notProduced("topology shared: " + NO_SERVER);
        }
        Path home = unpack();
        long started = System.nanoTime();
        for (int i = 0; i < topologies.size() && tally.broken().isEmpty(); i++) {
            rounds(topologies.get(i), home, started + TimeUnit.MINUTES.toNanos(minutes) * (i + 1) / topologies.size());
        }
        return report(Duration.ofNanos(System.nanoTime() - started));
    }

    /** Rounds on a site of this kind until that time. */
    private void rounds(Topology topology, Path home, long end) throws Exception {
        all.clear();
        try (Site site = new Site(folder.resolve(topology.text()), home, topology)) {
            Runtime.getRuntime()
                    .addShutdownHook(new Thread(site::abandon, "abandon")); // nothing goes on after a Ctrl-C
            site.learnClasses();
            Random random = new Random(seed);
            Workload workload = new Workload(site.ledger(), site.triggers());
            Adversary adversary = new Adversary(site, tally, random, TimeUnit.SECONDS.toMillis(endpointDown));
            List<Fault> faults = faults(site, topology);
            if (faults.isEmpty()) {
                System.out.println("soak: none of the faults that are asked for is done to " + topology.text());
                return;
            }
            Deck deck = new Deck(faults, random);
            for (int round = 1;
                    round <= maxRounds
                            && (round == 1 || System.nanoTime() < end)
                            && tally.broken().isEmpty();
                    round++) {
                round(topology, round, deck.draw(), site, workload, adversary, random);
            }
            if (tally.broken().isEmpty()) {
                new Inspection(site, tally).files(true);
            }
            tally.add(Count.SENT_AT_ONCE, site.recipients().sentAtOnce());
        }
    }

    private void round(
            Topology topology, int round, Fault fault, Site site, Workload workload, Adversary adversary, Random random)
            throws Exception {
        long started = System.nanoTime();
        long broken = tally.broken().size();
        List<Job> jobs = workload.draw(random, "s" + seed + "-r" + round, jobsARound);
        Inspection inspection = new Inspection(site, tally);
        try {
            site.mend();
            adversary.strike(fault, Workload.shuffled(jobs, random));
            long healed = System.nanoTime();
            site.mend();
            all.addAll(jobs);
            awaitQuiet(site, inspection, jobs);
            inspection.jobs(jobs, fault);
            inspection.noMorePlaces(all);
            inspection.journal();
            inspection.owedAtAStart();
            inspection.files(round % 5 == 0);
            Exposure exposure = new Exposure(site, tally);
            exposure.management();
            if (round % 5 == 0) {
                exposure.mbeans();
                exposure.brokerHeap();
            }
            tally.add(Count.ROUNDS);
            tally.add(
                    Count.JOBS, jobs.stream().mapToInt(job -> job.otps().size()).sum());
            tally.add(
                    Count.REQUESTS_SENT,
                    jobs.stream().mapToInt(job -> job.messages().size()).sum());
            System.out.printf(
                    "round %d %s %s: %d jobs, quiet after %.1f s, %.1f s in all; so far %d jobs, %d kills of bridges, %d of"
                            + " the broker, %d of the journal, %s%n",
                    round,
                    topology.text(),
                    fault,
                    jobs.size(),
                    seconds(healed),
                    seconds(started),
                    tally.get(Count.JOBS),
                    tally.get(Count.BRIDGE_KILLS),
                    tally.get(Count.BROKER_KILLS),
                    tally.get(Count.JOURNAL_KILLS),
                    tally.outcomes());
            if (tally.broken().size() == broken) {
                site.dropLogs();
            }
        } catch (Exception | AssertionError e) {
            tally.broken("round " + round + " " + topology.text() + " (" + fault + ") came to no end: " + e);
            throw e;
        } finally {
            tally.broken().stream()
                    .skip(broken)
                    .forEach(what -> System.out.printf(
                            "BROKEN in round %d %s (%s), seed %d: %s%n", round, topology.text(), fault, seed, what));
            if (tally.broken().size() > broken) {
                site.keepJournal();
            }
        }
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    private void awaitQuiet(Site site, Inspection inspection, List<Job> jobs) throws Exception {
        await("the broker has taken every request", site.producer()::idle);
        try {
            await("every job has ended", () -> jobs.stream().allMatch(inspection::ended));
        } catch (IllegalStateException e) {
            for (Job job : jobs) {
                if (!inspection.ended(job)) {
                    tally.broken("1: job " + job.id() + " has not ended: " + inspection.lastWord(job));
                }
            }
            throw e;
        }
        for (Site.Instance bridge : site.bridges()) {
            await(bridge + " has no answer in its hands", bridge::atRest);
        }
        await("the journal is at rest", inspection::journalAtRest);
    }

    private static void await(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("waited " + PATIENCE.toMinutes() + " minutes until " + what);
            }
            Thread.sleep(50);
        }
    }

    private List<Fault> faults(Site site, Topology topology) {
        List<Fault> faults = new ArrayList<>();
        String wanted = System.getProperty("soak.faults", "");
        for (Fault fault : Fault.values()) {
            if (!topology.has(fault)) {
                continue;
            }
            String missing = switch (fault) {
                case DISK_FULL, DISK_READ_ONLY ->
                    site.diskMounted() ? null : "this user may not mount a file system from a file";
                case JOURNAL_FAILS -> Site.straceInstalled() ? null : "strace is not installed";
                case CUT_BROKER -> site.embedded() ? "the embedded broker is reached inside the process" : null;
                default -> null;
            };
            if (missing != null) {
                System.out.println("soak: not produced: " + fault + ": " + missing);
                tally.notProduced(fault + ": " + missing);
            } else if (wanted.isEmpty() || List.of(wanted.split(",")).contains(fault.name())) {
                faults.add(fault);
            }
        }
        return faults;
    }

    private boolean report(Duration took) throws IOException, InterruptedException {
        ObjectNode run = new ObjectMapper().createObjectNode();
        run.put("seed", seed)
                .put("date", LocalDate.now(ZoneOffset.UTC).toString())
                .put("seconds", took.toSeconds());
        run.put("commit", commit()).put("topology", topologiesText());
        run.put("only_faults", System.getProperty("soak.faults", ""))
                .put("jobs_a_round", jobsARound)
                .put("endpoint_down_seconds", endpointDown);
        run.put("java", System.getProperty("java.vendor") + " " + Runtime.version())
                .put("processors", Runtime.getRuntime().availableProcessors());
        run.put(
                "system",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        Path result = Path.of("target/soak/soak-" + seed + ".json");
        tally.write(result, run);
        Map<Count, Long> counts = new EnumMap<>(Count.class);
        for (Count count : Count.values()) {
            counts.put(count, tally.get(count));
        }
        System.out.printf("soak: seed %d, %d s: %s%n", seed, took.toSeconds(), counts);
        System.out.printf("soak: blows of each fault %s, outcomes %s%n", tally.faults(), tally.outcomes());
        boolean kept = tally.broken().isEmpty() && tally.get(Count.ROUNDS) > 0;
        long kills = tally.get(Count.BRIDGE_KILLS) + tally.get(Count.BROKER_KILLS) + tally.get(Count.JOURNAL_KILLS);
        if (kept && kills > 0) {
            System.out.printf(
                    Locale.ROOT,
                    "soak: no promise broken in %d kills: at 95 %% confidence one kill breaks one in at most %.2f %%"
                            + " of cases (rule of three)%n",
                    kills,
                    300.0 / kills);
        }
        System.out.printf(
                "soak: %s; figures in %s%n", kept ? "every promise kept" : "BROKEN: " + tally.broken(), result);
        if (kept) {
            delete(folder);
        }
        return kept;
    }

    private static String commit() throws IOException, InterruptedException {
        try {
            Process git = new ProcessBuilder("git", "describe", "--always", "--dirty")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String commit = new String(git.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return git.waitFor() == 0 ? commit : "not known";
        } catch (IOException e) {
            return "not known"; // no git here
        }
    }

    private Path unpack() throws IOException, InterruptedException {
        delete(folder);
        Files.createDirectories(folder);
        if (Site.run("tar", "xzf", System.getProperty("soak.bundle"), "-C", folder.toString()) != 0) {
            throw new IOException("the bundle cannot be unpacked: " + System.getProperty("soak.bundle"));
        }
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(p -> p.getFileName().toString().startsWith("pairing-bridge-"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static void delete(Path folder) throws IOException, InterruptedException {
        if (Files.exists(folder) && Site.run("rm", "-rf", "--one-file-system", folder.toString()) != 0) {
            throw new IOException(folder + " cannot be removed");
        }
    }
}
