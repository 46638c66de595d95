package io.pairingbridge.soak;

import io.pairingbridge.broker.BrokerUsers;
import io.pairingbridge.guarantees.CrashingBridge;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.Opener;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.sealing.SealedHeader;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Wire;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * The processes of a soak and what lies between them: the bridge from the unpacked bundle, a broker of its own or the
 * embedded one, wires to the broker and to the endpoint, the endpoint's ledger, the recipients, and the journal's disk.
 * Whatever a fault takes away here is put back by {@link #mend}.
 */
final class Site implements AutoCloseable {
  /** For how long one side keeps what it holds for the other: short, so that a round is. */
  static final Duration CONNECTION_TTL = Duration.ofSeconds(6);
  static final Duration DEADLINE = Duration.ofSeconds(5);
  static final int MAX_AMBIGUOUS = 3;
  static final String READY = "takes requests from";

  private static final Path STRACE = Path.of("/usr/bin/strace");

  /** A time in which something was done to the site, in nanoseconds of {@link System#nanoTime}. */
  record Disturbance(long from, long to) {}

  private final Path folder;
  private final Path home;
  private final boolean embedded;
  private final LedgerEndpoint ledger = new LedgerEndpoint();
  private final Wire endpointWire;
  private final Wire brokerWire;
  private final int brokerPort;
  private final BrokerUsers users;
  private final Recipients recipients;
  private final Producer producer;
  private final Triggers triggers = new Triggers();
  private final List<Opener> openers = new ArrayList<>();
  private final Map<String, String> settings = new TreeMap<>();
  private final List<Disturbance> disturbances = new ArrayList<>();
  private final List<Path> logs = new ArrayList<>();
  private final Set<String> owedAtAStart = new HashSet<>();
  private final Path disk;
  private Child broker;
  private Child bridge;
  private boolean diskMounted;
  private int starts;

  /**
   * @param folder an empty folder
   * @param home the unpacked bundle
   * @param embedded whether the broker runs inside the bridge, as the bundle comes
   */
  Site(Path folder, Path home, boolean embedded) throws IOException, InterruptedException {
    this.folder = Files.createDirectories(folder);
    this.home = home;
    this.embedded = embedded;
    this.brokerPort = port();
    Path brokerData = Files.createDirectories(folder.resolve(embedded ? "data" : "artemis"));
    this.users = BrokerUsers.load(brokerData, Map.of());
    this.endpointWire = new Wire(port(), ledger.port());
    this.brokerWire = new Wire(port(), brokerPort);
    Files.createDirectories(folder.resolve("tmp"));
    this.disk = folder.resolve("disk");
    packProcesses();
    rotateKeys();
    settings.put("pairing.environment", "simulator");
    settings.put("pairing.integrator-id", "5f3a1c9e7b20");
    settings.put("pairing.endpoint.url", "http://127.0.0.1:" + endpointWire.port() + LedgerEndpoint.PATH);
    settings.put("pairing.endpoint.connect-timeout", "1s");
    settings.put("pairing.endpoint.deadline", DEADLINE.toSeconds() + "s");
    settings.put("pairing.retry.first-delay", "100ms");
    settings.put("pairing.retry.max-delay", "1s");
    settings.put("pairing.retry.max-ambiguous-attempts", Integer.toString(MAX_AMBIGUOUS));
    settings.put("pairing.intake.probe-delay", "200ms");
    settings.put("pairing.reconcile.interval", "500ms");
    settings.put("pairing.seal.recipient-keys", folder.resolve("recipients.jwks").toString());
    settings.put("pairing.data-directory", folder.resolve("data").toString());
    settings.put("pairing.management.port", Integer.toString(port()));
    settings.put("pairing.broker.connection-ttl", CONNECTION_TTL.toSeconds() + "s");
    if (embedded) {
      settings.put("pairing.broker.embedded.port", Integer.toString(brokerPort));
    } else {
      settings.put("pairing.broker.embedded", "false");
      settings.put("pairing.broker.url", "tcp://127.0.0.1:" + brokerWire.port());
      settings.put("pairing.broker.password", users.password(BrokerUsers.BRIDGE));
    }
    mountDisk();
    String url = "tcp://127.0.0.1:" + brokerPort;
    this.recipients = new Recipients(url, users);
    this.producer = new Producer(url, users);
  }

  LedgerEndpoint ledger() {
    return ledger;
  }

  Wire endpointWire() {
    return endpointWire;
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
    return embedded;
  }

  int managementPort() {
    return Integer.parseInt(settings.get("pairing.management.port"));
  }

  Path data() {
    return folder.resolve("data");
  }

  Path brokerData() {
    return folder.resolve(embedded ? "data/broker" : "artemis");
  }

  Path journal() {
    return (diskMounted ? disk : data()).resolve("journal.db");
  }

  /** What a search for secrets goes through, but for the broker's own files. */
  List<Path> written() throws IOException {
    List<Path> files = new ArrayList<>(logs);
    for (Path place : List.of(data(), disk, folder.resolve("tmp"))) {
      if (Files.exists(place)) {
        try (Stream<Path> all = Files.walk(place)) {
          all.filter(f -> Files.isRegularFile(f) && !f.startsWith(brokerData())).forEach(files::add);
        }
      }
    }
    return files;
  }

  /** The log files so far are read and not needed any more. */
  void dropLogs() throws IOException {
    for (Path log : logs) {
      boolean inUse = bridge != null && bridge.alive() && log.equals(bridge.log())
          || broker != null && broker.alive() && log.equals(broker.log());
      if (!inUse) {
        Files.deleteIfExists(log);
      }
    }
    logs.removeIf(log -> !Files.exists(log));
  }

  // ---- the bridge --------------------------------------------------------------------------------------------------

  Child bridge() {
    return bridge;
  }

  /**
   * The attempts that brought credentials, as the journal held them whenever no bridge was running: what was on the disk then
   * has to reach the recipient, whatever became of the process.
   */
  Set<String> owedAtAStart() {
    return Set.copyOf(owedAtAStart);
  }

  private void readJournalOfTheDead() throws IOException {
    if (!Files.exists(journal())) {
      return;
    }
    Path copy = Files.createDirectories(folder.resolve("copy")).resolve("journal.db");
    for (String part : List.of("", "-wal")) {
      Path from = Path.of(journal() + part);
      Files.deleteIfExists(Path.of(copy + part));
      if (Files.exists(from)) {
        Files.copy(from, Path.of(copy + part));
      }
    }
    Files.deleteIfExists(Path.of(copy + "-shm"));
    try {
      owedAtAStart.addAll(Invariants.paired(copy));
    } catch (SQLException e) {
      throw new IOException("the journal that a dead bridge left cannot be read", e);
    }
  }

  /** Starts the bundle as people do, and does not wait for it. */
  void launchBridge() throws IOException {
    readJournalOfTheDead();
    bridge = launch("bridge", classes("bridge"));
  }

  /** A second bridge on the same data directory. */
  Child launchBeside() throws IOException {
    return launch("beside", classes("bridge"));
  }

  private Child launch(String name, String classes) throws IOException {
    Map<String, String> environment = new HashMap<>();
    settings.forEach((key, value) -> environment.put(key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'), value));
    environment.put("JAVA_OPTS", String.join(" ", jvm()) + " " + classes);
    return Child.start(List.of(home.resolve("bin/pairing-bridge").toString(), "run"), log(name), environment);
  }

  /** Starts the bundle's classes so that they die when a step is reached for the n-th time. */
  void launchBridgeThatDies(String point, int nth) throws IOException {
    bridge = launchDying(classes("dying"), point, "#" + nth);
  }

  /** Starts the bundle's classes on a wall clock that {@link #setClock} bends. */
  void launchBridgeWithClock() throws IOException {
    bridge = launchDying(classes("dying"));
  }

  private Child launchDying(String classes, String... where) throws IOException {
    readJournalOfTheDead();
    Path file = dyingSettings();
    CrashingBridge.writeSettings(settings, file);
    List<String> command = new ArrayList<>(List.of(java()));
    command.addAll(jvm());
    command.addAll(List.of(classes, "-Dpairing.home=" + home, "-Dlogback.configurationFile=" + home.resolve("config/logback.xml"),
        "-cp", classPath(), CrashingBridge.class.getName(), file.toString()));
    command.addAll(List.of(where));
    return Child.start(command, log("bridge"), Map.of());
  }

  private List<String> jvm() {
    return List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.io.tmpdir=" + folder.resolve("tmp"));
  }

  private String classes(String what) {
    Path archive = folder.resolve(what + ".jsa");
    return Files.exists(archive) ? "-XX:SharedArchiveFile=" + archive : "-Xshare:auto";
  }

  /** Starts each kind of process once, to learn which classes it loads: the many starts to come then take half the time. */
  void learnClasses() throws IOException, InterruptedException {
    if (!embedded) {
      broker = launchBroker(learning("broker"));
      awaitBroker();
    }
    bridge = launch("bridge", learning("bridge"));
    awaitReady();
    bridge.stop();
    bridge = launchDying(learning("dying"));
    awaitReady();
    bridge.stop();
    if (!embedded) {
      broker.stop();
    }
  }

  private String learning(String what) {
    return "-XX:ArchiveClassesAtExit=" + folder.resolve(what + ".jsa");
  }

  void awaitReady() {
    bridge.awaitLog(READY, 1);
  }

  boolean ready() throws IOException {
    return Files.readString(bridge.log()).contains(READY);
  }

  /** kill -9, and what it may excuse. */
  void killBridge() throws InterruptedException {
    long now = System.nanoTime();
    bridge.kill();
    disturbed(now, System.nanoTime());
  }

  /** What was done in this time may cost an answer that was on its way. */
  void disturbed(long from, long to) {
    synchronized (disturbances) {
      disturbances.add(new Disturbance(from, to));
    }
  }

  boolean disturbedBetween(long from, long to) {
    synchronized (disturbances) {
      return disturbances.stream().anyMatch(d -> d.from <= to && d.to >= from);
    }
  }

  // ---- the broker --------------------------------------------------------------------------------------------------

  void launchBroker() throws IOException {
    broker = launchBroker(classes("broker"));
  }

  private Child launchBroker(String classes) throws IOException {
    List<String> command = new ArrayList<>(List.of(java()));
    command.addAll(jvm());
    command.addAll(List.of(classes, "-Dlogback.configurationFile=" + home.resolve("config/logback.xml"), "-cp", classPath(),
        BrokerProcess.class.getName(), home.resolve("docker/artemis/broker.xml").toString(),
        folder.resolve("artemis").toString(), Integer.toString(brokerPort)));
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
    return embedded ? bridge : broker;
  }

  // ---- keys --------------------------------------------------------------------------------------------------------

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
    return openers.stream().filter(o -> o.keyIds().contains(header.keyId())).findFirst().orElseThrow(
        () -> new IllegalStateException("sealed to the unknown key " + header.keyId())).open(sealed);
  }

  // ---- disk --------------------------------------------------------------------------------------------------------

  /** A file system of its own for the journal, if this user may mount one. */
  private void mountDisk() throws IOException, InterruptedException {
    Files.createDirectories(disk);
    Path image = folder.resolve("disk.img");
    diskMounted = run("truncate", "-s", "160M", image.toString()) == 0 && run("mkfs.ext4", "-q", "-F", image.toString()) == 0
        && mount();
    if (diskMounted) {
      settings.put("pairing.journal.url", "jdbc:sqlite:" + disk.resolve("journal.db"));
    }
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
    Child strace = Child.start(List.of(STRACE.toString(), "-f", "-p", Long.toString(bridge.pid()), "-P", journal().toString(), "-P",
        journal() + "-wal", "-e", "trace=" + calls, "-e", "inject=" + calls + ":error=" + error, "-o", "/dev/null"), log("strace"),
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
        ? run("mount", "-o", "loop,ro", folder.resolve("disk.img").toString(), disk.toString()) == 0 : mount();
    if (!mounted) {
      throw new IllegalStateException("the journal's disk cannot be mounted again");
    }
  }

  private boolean mount() throws IOException, InterruptedException {
    return run("mount", "-o", "loop", folder.resolve("disk.img").toString(), disk.toString()) == 0;
  }

  // ---- clock -------------------------------------------------------------------------------------------------------

  /** The wall clock of bridges that are started with {@link #launchBridgeWithClock} is this far off, from now on. */
  void setClock(Duration ahead) throws IOException {
    CrashingBridge.setAhead(CrashingBridge.clock(dyingSettings()), ahead);
  }

  private Path dyingSettings() {
    return folder.resolve("dying.properties");
  }

  // ---- all of it ---------------------------------------------------------------------------------------------------

  /** Everything as it should be: wires open, disk free, broker and bridge running. */
  void mend() throws IOException, InterruptedException {
    triggers.disarm();
    brokerWire.mode(Wire.Mode.OPEN);
    endpointWire.mode(Wire.Mode.OPEN);
    freeDisk();
    setClock(Duration.ZERO);
    if (!embedded && (broker == null || !broker.alive())) {
      launchBroker();
      awaitBroker();
    }
    if (bridge == null || !bridge.alive()) {
      launchBridge();
    }
    awaitReady();
  }

  static int run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
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

  /**
   * A free port below those that the system gives to clients: while nobody listens on it, no client may get it for its own
   * end, nor connect to itself.
   */
  private static int port() throws IOException {
    for (int tries = 0; ; tries++) {
      try (ServerSocket socket = new ServerSocket(ThreadLocalRandom.current().nextInt(20_000, 32_000), 1,
          InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        if (tries == 100) {
          throw e;
        }
      }
    }
  }

  private static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** The bundle's libraries, and of the tests what makes a process die or be a broker. */
  private String classPath() {
    return home.resolve("lib") + "/*:" + folder.resolve("processes.jar");
  }

  private void packProcesses() throws IOException {
    try {
      Path classes = Path.of(Site.class.getProtectionDomain().getCodeSource().getLocation().toURI());
      int exit = ToolProvider.findFirst("jar").orElseThrow().run(System.out, System.err, "-cf",
          folder.resolve("processes.jar").toString(), "-C", classes.toString(), "io/pairingbridge/guarantees", "-C",
          classes.toString(), "io/pairingbridge/soak");
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
      for (Child child : new Child[] {bridge, broker}) {
        if (child != null) {
          child.kill();
        }
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
    endpointWire.close();
    ledger.close();
  }
}
