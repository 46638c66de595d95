package io.pairingbridge.soak;

import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.guarantees.CrashingBridge;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.sealing.SealedHeader;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.testing.BridgeSettings;
import io.pairingbridge.testing.BrokerProcess;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Management;
import io.pairingbridge.testing.PostgresServer;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Wire;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;

/**
 * The processes of a soak and what lies between them: one bridge from the unpacked bundle or two, a broker of its own
 * or the embedded one, wires to the broker and to the endpoint, the endpoint's ledger, the recipients, and the
 * journal's disk or server. Whatever a fault takes away here is put back by {@link #mend}.
 */
final class Site implements AutoCloseable {
    /** For how long one side keeps what it holds for the other: short, so that a round is. */
    static final Duration CONNECTION_TTL = Duration.ofSeconds(6);

    static final Duration DEADLINE = Duration.ofSeconds(5);
    /** What a bridge grants another one's call beyond its deadline. */
    static final Duration GRACE = Duration.ofSeconds(2);

    static final int MAX_AMBIGUOUS = 3;
    static final String READY = "takes requests from";

    private static final Path STRACE = Path.of("/usr/bin/strace");

    /** A time in which something was done to a bridge or its wires, in nanoseconds of {@link System#nanoTime}. */
    private record Disturbance(Instance whose, long from, long to) {}

    private final Path folder;
    private final Path home;
    private final Topology topology;
    private final LedgerEndpoint ledger = new LedgerEndpoint();
    private final Wire brokerWire;
    private final int brokerPort;
    private final BrokerUsers users;
    private final Recipients recipients;
    private final Producer producer;
    private final Triggers triggers = new Triggers();
    private final List<Opener> openers = new ArrayList<>();
    private final List<Instance> bridges = new ArrayList<>();
    private final List<Disturbance> disturbances = new ArrayList<>();
    private final List<Path> logs = new ArrayList<>();
    private final Set<String> owedAtAStart = new HashSet<>();
    private final Path disk;
    private final PostgresServer server;
    private final Settings.JournalStore store;
    private Child broker;
    private boolean diskMounted;
    private boolean serverRuns;
    private int starts;

    /**
     * @param folder an empty folder
     * @param home the unpacked bundle
     */
    Site(Path folder, Path home, Topology topology) throws IOException, InterruptedException, SQLException {
        this.folder = Files.createDirectories(folder);
        this.home = home;
        this.topology = topology;
        this.brokerPort = Stage.portOfOurOwn();
        Path brokerData = Files.createDirectories(folder.resolve(embedded() ? "data" : "artemis"));
        this.users = BrokerUsers.load(brokerData, Map.of());
        this.brokerWire = new Wire(Stage.portOfOurOwn(), brokerPort);
        Files.createDirectories(folder.resolve("tmp"));
        this.disk = folder.resolve("disk");
        packProcesses();
        rotateKeys();
        if (shared()) {
            this.server = PostgresServer.start(
                    List.of("max_wal_size = 64MB", "min_wal_size = 32MB")); // all of it is searched each round
            this.store = server.journal();
            this.serverRuns = true;
        } else {
            this.server = null;
            mountDisk();
            this.store = new Settings.JournalStore("jdbc:sqlite:" + journalFile(), "", "", Duration.ofDays(90), "");
        }
        for (int number = 1; number <= topology.bridges(); number++) {
            bridges.add(new Instance(number));
        }
        String url = "tcp://127.0.0.1:" + brokerPort;
        this.recipients = new Recipients(url, users, bridges.size());
        this.producer = new Producer(url, users);
    }

    /** The settings of a bridge, but for what is each one's own. */
    private BridgeSettings settings() throws IOException {
        BridgeSettings settings = BridgeSettings.in(folder)
                .set("pairing.endpoint.connect-timeout", "1s")
                .set("pairing.endpoint.deadline", DEADLINE.toSeconds() + "s")
                .set("pairing.retry.first-delay", "100ms")
                .set("pairing.retry.max-delay", "1s")
                .set("pairing.retry.max-ambiguous-attempts", MAX_AMBIGUOUS)
                .set("pairing.intake.probe-delay", "200ms")
                .set("pairing.reconcile.interval", "500ms")
                .set("pairing.broker.connection-ttl", CONNECTION_TTL.toSeconds() + "s");
        if (embedded()) {
            settings.set("pairing.broker.embedded.port", brokerPort);
        } else {
            settings.broker("tcp://127.0.0.1:" + brokerWire.port(), users.password(BrokerUsers.BRIDGE));
        }
        if (shared()) {
            settings.sharedJournal(store);
        } else if (diskMounted) {
            settings.set("pairing.journal.url", store.url());
        }
        return settings;
    }

    LedgerEndpoint ledger() {
        return ledger;
    }

    Wire brokerWire() {
        return brokerWire;
    }

    Recipients recipients() {
        return recipients;
    }

    Producer producer() {
        return producer;
    }

    Triggers triggers() {
        return triggers;
    }

    boolean embedded() {
        return topology == Topology.EMBEDDED;
    }

    boolean shared() {
        return topology == Topology.SHARED;
    }

    Path brokerData() {
        return folder.resolve(embedded() ? "data/broker" : "artemis");
    }

    private Path journalFile() {
        return (diskMounted ? disk : folder.resolve("data")).resolve("journal.db");
    }

    /** The journal, to look into. */
    Connection journal() throws SQLException {
        return DriverManager.getConnection(store.url(), store.username(), store.password());
    }

    /** What a search for secrets goes through, but for the broker's own files. */
    List<Path> written() throws IOException {
        List<Path> files = new ArrayList<>(logs);
        List<Path> places = new ArrayList<>(List.of(disk, folder.resolve("tmp")));
        bridges.forEach(bridge -> places.add(bridge.data()));
        if (shared()) {
            places.add(server.folder());
        }
        for (Path place : places) {
            if (Files.exists(place)) {
                files(place).stream().filter(f -> !f.startsWith(brokerData())).forEach(files::add);
            }
        }
        return files;
    }

    /** The files below a folder in which a process may be making and removing some. */
    static List<Path> files(Path place) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(place, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (attributes.isRegularFile()) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (Files.exists(file)) {
                    throw e;
                }
                return FileVisitResult.CONTINUE;
            }
        });
        return files;
    }

    /** The log files so far are read and not needed any more. */
    void dropLogs() throws IOException {
        for (Path log : logs) {
            boolean inUse = processes().stream().anyMatch(child -> child.alive() && log.equals(child.log()));
            if (!inUse) {
                Files.deleteIfExists(log);
            }
        }
        logs.removeIf(log -> !Files.exists(log));
    }

    // ---- bridges --------------------------------------------------------------------------------------------------

    /** One bridge, or as many as share the journal. */
    List<Instance> bridges() {
        return bridges;
    }

    /**
     * The bridge whose post this was, of this one-time password the n-th; they reach the endpoint by wires of their
     * own.
     */
    Instance poster(String otp, int number) {
        String head = ledger.heads(otp).get(number - 1);
        return bridges.stream()
                .filter(bridge -> head.contains(":" + bridge.endpointWire().port() + "\r\n"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("a post by nobody: " + head));
    }

    /**
     * The attempts that brought credentials, as the journal held them whenever a bridge was started or the journal's
     * server killed: what was on the disk then has to reach the recipient, whatever became of the process.
     */
    Set<String> owedAtAStart() {
        return Set.copyOf(owedAtAStart);
    }

    /** Of a file a copy is read, as the dead bridge left it; a server is asked, if it runs. */
    private void readJournal() throws IOException {
        try {
            if (shared()) {
                if (serverRuns) {
                    try (Connection journal = journal()) {
                        owedAtAStart.addAll(Invariants.paired(journal));
                    }
                }
            } else if (Files.exists(journalFile())) {
                try (Connection copy = DriverManager.getConnection("jdbc:sqlite:" + copyOfTheJournal())) {
                    owedAtAStart.addAll(Invariants.paired(copy));
                }
            }
        } catch (SQLException e) {
            throw new IOException("the journal that a dead bridge left cannot be read", e);
        }
    }

    private Path copyOfTheJournal() throws IOException {
        Path copy = Files.createDirectories(folder.resolve("copy")).resolve("journal.db");
        for (String part : List.of("", "-wal")) {
            Path from = Path.of(journalFile() + part);
            Files.deleteIfExists(Path.of(copy + part));
            if (Files.exists(from)) {
                Files.copy(from, Path.of(copy + part));
            }
        }
        Files.deleteIfExists(Path.of(copy + "-shm"));
        return copy;
    }

    /** One bridge, whatever process it is just now: what is its own, and how it is started and ended. */
    final class Instance {
        private final String name;
        private final Path data;
        private final Wire endpointWire;
        private final BridgeSettings settings = settings();
        private final List<Disturbance> pauses = new ArrayList<>();
        private Child process;
        private long pausedFrom;
        /** When it was killed, until it is started anew. */
        private Long killedFrom;

        private Long journalAwayFrom;

        private Instance(int number) throws IOException {
            this.name = number == 1 ? "bridge" : "bridge" + number;
            this.data = folder.resolve(number == 1 ? "data" : "data" + number);
            this.endpointWire = new Wire(Stage.portOfOurOwn(), ledger.port());
            settings.set("pairing.data-directory", data)
                    .set("pairing.management.port", Stage.portOfOurOwn())
                    .set("pairing.endpoint.url", "http://127.0.0.1:" + endpointWire.port() + LedgerEndpoint.PATH);
            if (shared()) {
                settings.set("pairing.instance-id", name);
            }
        }

        Path data() {
            return data;
        }

        Wire endpointWire() {
            return endpointWire;
        }

        int managementPort() {
            return Integer.parseInt(settings.get("pairing.management.port"));
        }

        Child process() {
            return process;
        }

        boolean alive() {
            return process != null && process.alive();
        }

        /** Starts the bundle as people do, and does not wait for it. */
        void launch() throws IOException {
            readJournal();
            goesOnAs(launch(name, classes("bridge")));
            journalAwayFrom = null;
        }

        /** A second bridge on the same data directory. */
        Child launchBeside() throws IOException {
            return launch("beside", classes("bridge"));
        }

        private Child launch(String log, String classes) throws IOException {
            Map<String, String> environment = new HashMap<>(settings.environment());
            environment.put("JAVA_OPTS", String.join(" ", jvm()) + " " + classes);
            return Child.start(List.of(home.resolve("bin/pairing-bridge").toString(), "run"), log(log), environment);
        }

        /** Starts the bundle's classes so that they die when a step is reached for the n-th time. */
        void launchThatDies(String point, int nth) throws IOException {
            goesOnAs(launchDying(classes("dying"), point, "#" + nth));
        }

        /** Starts the bundle's classes on a wall clock that {@link #setClock} bends. */
        void launchWithClock() throws IOException {
            goesOnAs(launchDying(classes("dying")));
        }

        private Child launchDying(String classes, String... where) throws IOException {
            readJournal();
            Path file = folder.resolve(name + ".properties");
            CrashingBridge.writeSettings(settings.texts(), file);
            List<String> command = new ArrayList<>(List.of(java()));
            command.addAll(jvm());
            command.addAll(List.of(
                    classes,
                    "-Dpairing.home=" + home,
                    "-Dlogback.configurationFile=" + home.resolve("config/logback.xml"),
                    "-cp",
                    classPath(),
                    CrashingBridge.class.getName(),
                    file.toString()));
            command.addAll(List.of(where));
            return Child.start(command, log(name), Map.of());
        }

        /**
         * Starts each kind of process once, to learn which classes it loads: the many starts to come then take half the
         * time.
         */
        private void learnClasses() throws IOException, InterruptedException {
            process = launch(name, learning("bridge"));
            awaitReady();
            process.stop();
            process = launchDying(learning("dying"));
            awaitReady();
            process.stop();
        }

        void awaitReady() {
            process.awaitLog(READY, 1);
        }

        boolean ready() throws IOException {
            return Files.readString(process.log()).contains(READY);
        }

        /** kill -9, and what it may excuse: with the journal away also the answers that were kept in memory since. */
        void kill() throws InterruptedException {
            long from = journalAwayFrom == null ? System.nanoTime() : journalAwayFrom;
            process.kill();
            disturbed(from, System.nanoTime());
            killedFrom = from;
        }

        /**
         * A request may be on the wire when its bridge is killed, and the endpoint take it up and answer while nobody
         * is there.
         */
        private void goesOnAs(Child next) {
            if (killedFrom != null) {
                disturbed(killedFrom, System.nanoTime());
                killedFrom = null;
            }
            process = next;
        }

        /** What was done to this bridge in this time may cost an answer that was on its way. */
        void disturbed(long from, long to) {
            synchronized (disturbances) {
                disturbances.add(new Disturbance(this, from, to));
            }
        }

        boolean disturbedBetween(long from, long to) {
            synchronized (disturbances) {
                return disturbances.stream().anyMatch(d -> d.whose == this && d.from <= to && d.to >= from);
            }
        }

        /** Stops it where it is (SIGSTOP). */
        void pause() throws IOException, InterruptedException {
            pausedFrom = System.nanoTime();
            process.pause();
        }

        /** SIGCONT, and what the pause may excuse. */
        void resume() throws IOException, InterruptedException {
            process.resume();
            long now = System.nanoTime();
            disturbed(pausedFrom, now);
            pauses.add(new Disturbance(this, pausedFrom, now));
        }

        /** Whether it stood still then, or had done so a moment before and may not have let go yet of what it held. */
        boolean pausedAt(long nanos) {
            return pauses.stream().anyMatch(pause -> pause.from <= nanos && nanos <= pause.to + GRACE.toNanos());
        }

        /**
         * Whether it has no call in its hands and owes its journal no answer. Another bridge may have ended the job
         * meanwhile; an answer that the journal did not take is written before the intake looks for jobs again.
         */
        boolean atRest() throws IOException, InterruptedException {
            return Management.operator(managementPort(), data)
                                    .read("OldestInFlightSeconds")
                                    .asDouble()
                            == 0
                    && lookedForJobs();
        }

        private boolean lookedForJobs() throws IOException, InterruptedException {
            return !"CLOSED"
                    .equals(Management.operator(managementPort(), data)
                            .read("IntakeState")
                            .asText());
        }

        @Override
        public String toString() {
            return name;
        }
    }

    private List<String> jvm() {
        return List.of(
                "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + folder.resolve("tmp"));
    }

    private String classes(String what) {
        Path archive = folder.resolve(what + ".jsa");
        return Files.exists(archive) ? "-XX:SharedArchiveFile=" + archive : "-Xshare:auto";
    }

    /** See {@link Instance#learnClasses}; the broker's too. */
    void learnClasses() throws IOException, InterruptedException {
        if (!embedded()) {
            broker = launchBroker(learning("broker"));
            awaitBroker();
        }
        bridges.get(0).learnClasses();
        if (!embedded()) {
            broker.stop();
        }
    }

    private String learning(String what) {
        return "-XX:ArchiveClassesAtExit=" + folder.resolve(what + ".jsa");
    }

    // ---- the broker -----------------------------------------------------------------------------------------------

    void launchBroker() throws IOException {
        broker = launchBroker(classes("broker"));
    }

    private Child launchBroker(String classes) throws IOException {
        List<String> command = new ArrayList<>(List.of(java()));
        command.addAll(jvm());
        command.addAll(List.of(
                classes,
                "-Dlogback.configurationFile=" + home.resolve("config/logback.xml"),
                "-cp",
                classPath(),
                BrokerProcess.class.getName(),
                home.resolve("docker/artemis/broker.xml").toString(),
                folder.resolve("artemis").toString(),
                Integer.toString(brokerPort)));
        return Child.start(command, log("broker"), Map.of());
    }

    void awaitBroker() {
        broker.awaitLog(BrokerProcess.READY, 1);
    }

    void killBroker() throws InterruptedException {
        broker.kill();
    }

    /** The process that holds the broker. */
    Child broker() {
        return embedded() ? bridges.get(0).process() : broker;
    }

    // ---- keys -----------------------------------------------------------------------------------------------------

    /** A new key seals from the next start on; what is sealed to older ones can still be opened. */
    void rotateKeys() {
        int next = openers.size();
        RecipientKeyPair pair = KeyPairs.generate(next % 3 == 2 ? KeyKind.P256 : KeyKind.RSA3072, "recipient-" + next);
        Path file = folder.resolve(pair.keyId() + ".jwk");
        KeyPairs.writePrivate(pair, file);
        openers.add(Opener.load(file));
        KeyPairs.writePublic(pair, folder.resolve("recipients.jwks"));
    }

    byte[] open(String sealed) {
        SealedHeader header = Opener.header(sealed);
        return openers.stream()
                .filter(o -> o.keyIds().contains(header.keyId()))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("sealed to the unknown key " + header.keyId()))
                .open(sealed);
    }

    // ---- the journal's server -------------------------------------------------------------------------------------

    /** kill -9 of all its processes; what was committed before is still owed. */
    void killServer() throws IOException, InterruptedException {
        readJournal();
        for (Instance bridge : bridges) {
            if (bridge.journalAwayFrom == null
                    || bridge.lookedForJobs()) { // else it has not had it back since the last time
                bridge.journalAwayFrom = System.nanoTime();
            }
        }
        serverRuns = false;
        server.killAll();
    }

    void startServer() throws IOException {
        server.start();
        serverRuns = true;
    }

    /**
     * Writes down what the journal holds, for a person who looks into a breach; the server's files are gone by then.
     */
    void keepJournal() {
        if (shared() && serverRuns) {
            try {
                server.dump(folder.resolve("journal.sql"));
            } catch (IOException e) {
                System.err.println("soak: what the journal holds could not be kept: " + e.getMessage());
            }
        }
    }

    // ---- disk -----------------------------------------------------------------------------------------------------

    /** A file system of its own for the journal, if this user may mount one. */
    private void mountDisk() throws IOException, InterruptedException {
        Files.createDirectories(disk);
        Path image = folder.resolve("disk.img");
        diskMounted = run("truncate", "-s", "160M", image.toString()) == 0
                && run("mkfs.ext4", "-q", "-F", image.toString()) == 0
                && mount();
    }

    boolean diskMounted() {
        return diskMounted;
    }

    /** Takes every byte that is left on the journal's disk. */
    void fillDisk() throws IOException, InterruptedException {
        run("dd", "if=/dev/zero", "of=" + disk.resolve("filler"), "bs=4k");
    }

    void freeDisk() throws IOException {
        Files.deleteIfExists(disk.resolve("filler"));
    }

    static boolean straceInstalled() {
        return Files.isExecutable(STRACE);
    }

    /** Until the returned process ends, the kernel answers every write and sync of the journal with this error. */
    Child failJournal(String error) throws IOException {
        String calls = "pwrite64,fsync,fdatasync,ftruncate";
        Child strace = Child.start(
                List.of(
                        STRACE.toString(),
                        "-f",
                        "-p",
                        Long.toString(bridges.get(0).process().pid()),
                        "-P",
                        journalFile().toString(),
                        "-P",
                        journalFile() + "-wal",
                        "-e",
                        "trace=" + calls,
                        "-e",
                        "inject=" + calls + ":error=" + error,
                        "-o",
                        "/dev/null"),
                log("strace"),
                Map.of());
        strace.awaitLog("attached", 1);
        return strace;
    }

    /** Mounts the journal's disk anew; only with no process on it. */
    void remountDisk(boolean readOnly) throws IOException, InterruptedException {
        if (run("umount", disk.toString()) != 0) {
            throw new IllegalStateException("the journal's disk is still in use");
        }
        boolean mounted = readOnly
                ? run("mount", "-o", "loop,ro", folder.resolve("disk.img").toString(), disk.toString()) == 0
                : mount();
        if (!mounted) {
            throw new IllegalStateException("the journal's disk cannot be mounted again");
        }
    }

    private boolean mount() throws IOException, InterruptedException {
        return run("mount", "-o", "loop", folder.resolve("disk.img").toString(), disk.toString()) == 0;
    }

    // ---- clock ----------------------------------------------------------------------------------------------------

    /**
     * The wall clock of bridges that are started with {@link Instance#launchWithClock} is this far off, from now on.
     */
    void setClock(Duration ahead) throws IOException {
        CrashingBridge.setAhead(CrashingBridge.clock(folder.resolve("any of them")), ahead);
    }

    // ---- all of it ------------------------------------------------------------------------------------------------

    /** Everything as it should be: wires open, disk free, the journal's server, broker and bridges running. */
    void mend() throws IOException, InterruptedException {
        triggers.disarm();
        brokerWire.mode(Wire.Mode.OPEN);
        for (Instance bridge : bridges) {
            bridge.endpointWire().mode(Wire.Mode.OPEN);
        }
        freeDisk();
        setClock(Duration.ZERO);
        if (shared() && !serverRuns) {
            startServer();
        }
        if (!embedded() && (broker == null || !broker.alive())) {
            launchBroker();
            awaitBroker();
        }
        launchDead();
        for (Instance bridge : bridges) {
            bridge.awaitReady();
            bridge.journalAwayFrom = null;
        }
    }

    /** Starts the bridges that do not run, and does not wait for them. */
    void launchDead() throws IOException {
        for (Instance bridge : bridges) {
            if (!bridge.alive()) {
                bridge.launch();
            }
        }
    }

    private List<Child> processes() {
        List<Child> all = new ArrayList<>();
        bridges.forEach(bridge -> all.add(bridge.process()));
        all.add(broker);
        all.removeIf(Objects::isNull);
        return all;
    }

    static int run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("this took more than a minute: " + String.join(" ", command));
        }
        return process.exitValue();
    }

    private Path log(String name) {
        Path log = folder.resolve(name + "-" + ++starts + ".log");
        logs.add(log);
        return log;
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    /** The bundle's libraries, and of the tests what makes a process die or be a broker. */
    private String classPath() {
        return home.resolve("lib") + "/*:" + folder.resolve("processes.jar");
    }

    private static String folderOf(Class<?> process) {
        return process.getPackageName().replace('.', '/');
    }

    private void packProcesses() throws IOException {
        try {
            Path classes = Path.of(Site.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            int exit = ToolProvider.findFirst("jar")
                    .orElseThrow()
                    .run(
                            System.out,
                            System.err,
                            "-cf",
                            folder.resolve("processes.jar").toString(),
                            "-C",
                            classes.toString(),
                            folderOf(CrashingBridge.class),
                            "-C",
                            classes.toString(),
                            folderOf(BrokerProcess.class));
            if (exit != 0) {
                throw new IOException("the classes of the tests cannot be packed");
            }
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
    }

    /** Kills every process and lets go of the disk, whatever is under way. */
    void abandon() {
        try {
            for (Child child : processes()) {
                child.kill();
            }
            if (shared()) {
                server.close();
            }
            if (diskMounted) {
                run("umount", disk.toString());
            }
        } catch (IOException | InterruptedException | RuntimeException e) {
            System.err.println("soak: " + folder + " could not be left in order: " + e);
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        recipients.close();
        producer.close();
        abandon();
        brokerWire.close();
        for (Instance bridge : bridges) {
            bridge.endpointWire().close();
        }
        ledger.close();
    }
}
