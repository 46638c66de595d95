package io.pairingbridge.testing;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.pairingbridge.settings.Settings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.springframework.util.FileSystemUtils;

/**
 * A real PostgreSQL server of Debian's package, on loopback, in a folder of its own; one for all tests of a process
 * that do not ask for another, ended with it; where there is none, the test that asks is skipped. Its programs refuse
 * to run as root: then they run as user postgres.
 */
public final class PostgresServer implements AutoCloseable {
    private static final String PASSWORD = "password-of-the-bridges-role";
    private static PostgresServer shared;

    private final Path programs;
    private final Path folder;
    private final int port;
    private Settings.JournalStore journal;

    private PostgresServer(Path programs) throws IOException {
        this.programs = programs;
        this.folder = Files.createTempDirectory("postgres");
        this.port = Stage.portOfOurOwn(); // clients ask for it while it is killed
        if (root()) {
            run(List.of("chown", "postgres", folder.toString()));
        }
        asPostgres("initdb", "-D", data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N");
        start();
        Runtime.getRuntime().addShutdownHook(new Thread(this::close));
    }

    /** For tests that leave it as it was. */
    public static synchronized PostgresServer shared() throws IOException {
        if (shared == null) {
            shared = start(List.of());
        }
        return shared;
    }

    /** A server of one's own, with lines for its postgresql.conf. */
    public static PostgresServer start(List<String> settings) throws IOException {
        Optional<Path> programs = programs();
        assumeTrue(
                programs.isPresent(), "no PostgreSQL server under /usr/lib/postgresql: install the package postgresql");
        PostgresServer server = new PostgresServer(programs.get());
        if (!settings.isEmpty()) {
            server.configure(settings);
        }
        return server;
    }

    /** Whether there is one to be started on this machine. */
    public static boolean installed() {
        return programs().isPresent();
    }

    private static Optional<Path> programs() {
        Path all = Path.of("/usr/lib/postgresql");
        if (!Files.isDirectory(all)) {
            return Optional.empty();
        }
        try (Stream<Path> versions = Files.list(all)) {
            return versions.map(version -> version.resolve("bin"))
                    .filter(bin -> Files.isExecutable(bin.resolve("initdb")))
                    .sorted()
                    .reduce((older, newer) -> newer);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Starts it anew with these lines at the end of its configuration. */
    public void configure(List<String> settings) throws IOException {
        asPostgres("pg_ctl", "-D", data(), "-w", "-m", "fast", "stop");
        String lines = String.join("\n", settings);
        if (root()) {
            run(List.of(
                    "runuser",
                    "-u",
                    "postgres",
                    "--",
                    "sh",
                    "-c",
                    "echo \"$0\" > " + data() + "/postgresql.auto.conf",
                    lines));
        } else {
            Files.writeString(folder.resolve("data/postgresql.auto.conf"), lines);
        }
        start();
    }

    /** Starts it anew with TLS. Those who do not ask for TLS are let in without it. */
    public void configureTls(Path certificate, Path key) throws IOException {
        Path own = folder.resolve("server.key"); // it takes none that others may read
        Files.copy(key, own, StandardCopyOption.REPLACE_EXISTING);
        run(List.of("chmod", "600", own.toString()));
        if (root()) {
            run(List.of("chown", "postgres", own.toString()));
        }
        Path shown = Files.copy(certificate, folder.resolve("server.crt"), StandardCopyOption.REPLACE_EXISTING);
        run(List.of("chmod", "644", shown.toString()));
        configure(List.of("ssl = on", "ssl_cert_file = '" + shown + "'", "ssl_key_file = '" + own + "'"));
    }

    public void start() throws IOException {
        Path log = folder.resolve("log");
        try {
            asPostgres(
                    "pg_ctl",
                    "-D",
                    data(),
                    "-w",
                    "-t",
                    "60",
                    "-l",
                    log.toString(),
                    "-o",
                    "-c listen_addresses=127.0.0.1 -c port=" + port + " -c unix_socket_directories=",
                    "start");
        } catch (IOException e) {
            throw Files.exists(log) ? new IOException(e.getMessage() + "\n" + Files.readString(log), e) : e;
        }
    }

    /** Ends it as a power cut would, as far as a process can. */
    public void kill() throws IOException {
        asPostgres("pg_ctl", "-D", data(), "-w", "-m", "immediate", "stop");
    }

    /** kill -9 of every process of it, whatever they are doing. */
    public void killAll() throws IOException {
        Path file = folder.resolve("data/postmaster.pid");
        ProcessHandle postmaster = ProcessHandle.of(
                        Long.parseLong(Files.readAllLines(file).get(0)))
                .orElseThrow();
        run(List.of("sh", "-c", "kill -STOP " + postmaster.pid())); // so that it starts no other one meanwhile
        List<ProcessHandle> all = new ArrayList<>(List.of(postmaster));
        postmaster.descendants().forEach(all::add);
        all.forEach(ProcessHandle::destroyForcibly);
        for (ProcessHandle process : all) {
            Awaitility.await().atMost(Stage.PATIENCE).until(() -> gone(process));
        }
        Files.deleteIfExists(file); // a number that nobody has waited for still looks like a running server
    }

    private static boolean gone(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"))
                    .matches("(?s).*\\) [ZX] .*");
        } catch (IOException e) {
            return true;
        }
    }

    /** Writes the rows of the bridges' database to a file. */
    public void dump(Path file) throws IOException {
        run(List.of(
                programs.resolve("pg_dump").toString(),
                "-a",
                "-h",
                "127.0.0.1",
                "-p",
                Integer.toString(port),
                "-U",
                "postgres",
                "-f",
                file.toString(),
                "pairing"));
    }

    /** Where its data and its log are. */
    public Path folder() {
        return folder;
    }

    /**
     * The bridges' database, empty, and how they reach it. The script that the product ships makes it when it is first
     * asked for.
     */
    public synchronized Settings.JournalStore journal() throws IOException, SQLException {
        if (journal == null) {
            grant();
            journal = login("pairing_bridge");
        } else {
            ask(
                    journal,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
            ask(journal, "DROP SCHEMA pairing CASCADE; CREATE SCHEMA pairing AUTHORIZATION pairing_bridge");
        }
        return journal;
    }

    /** How bridges reach it that may change rows and nothing else. */
    public Settings.JournalStore journalOfRows() throws IOException {
        grant("-v", "rows_role=bridge_rows", "-v", "rows_password_file=" + folder.resolve("password"));
        return login("bridge_rows");
    }

    /** Runs the script that the product ships; what is given here comes after the variables that every run has. */
    public void grant(String... more) throws IOException {
        Files.writeString(folder.resolve("password"), PASSWORD);
        List<String> command = new ArrayList<>(List.of(
                programs.resolve("psql").toString(),
                "-q",
                "-h",
                "127.0.0.1",
                "-p",
                Integer.toString(port),
                "-U",
                "postgres",
                "-v",
                "ON_ERROR_STOP=1",
                "-v",
                "password_file=" + folder.resolve("password")));
        command.addAll(List.of(more));
        command.addAll(List.of("-f", "docker/postgres/grants.sql", "postgres"));
        run(command);
    }

    private Settings.JournalStore login(String role) {
        return new Settings.JournalStore(
                "jdbc:postgresql://127.0.0.1:" + port + "/pairing", role, PASSWORD, Duration.ofDays(90), "");
    }

    /** As a superuser, on that database. */
    public Connection admin(Settings.JournalStore store) throws SQLException {
        return DriverManager.getConnection(store.url(), "postgres", "");
    }

    /** The first column of the first row. */
    public String ask(Settings.JournalStore store, String sql) throws SQLException {
        try (Connection admin = admin(store);
                Statement statement = admin.createStatement()) {
            if (!statement.execute(sql)) {
                return "";
            }
            try (ResultSet row = statement.getResultSet()) {
                return row.next() ? row.getString(1) : "";
            }
        }
    }

    @Override
    public synchronized void close() {
        if (Files.exists(folder)) {
            try {
                if (Files.exists(folder.resolve("data/postmaster.pid"))) {
                    kill();
                }
                FileSystemUtils.deleteRecursively(folder);
            } catch (IOException e) {
                System.err.println("PostgreSQL in " + folder + " was not ended: " + e.getMessage());
            }
        }
    }

    private String data() {
        return folder.resolve("data").toString();
    }

    private static boolean root() {
        return "root".equals(System.getProperty("user.name"));
    }

    private void asPostgres(String program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(root() ? List.of("runuser", "-u", "postgres", "--") : List.of());
        command.add(programs.resolve(program).toString());
        command.addAll(List.of(arguments));
        run(command);
    }

    private static void run(List<String> command) throws IOException {
        Path said = Files.createTempFile("postgres", ".out"); // and no pipe: the server would keep it open
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            if (process.waitFor() != 0) {
                throw new IOException(
                        String.join(" ", command) + ": " + Files.readString(said, StandardCharsets.UTF_8));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } finally {
            Files.delete(said);
        }
    }
}
