package io.pairingbridge.bench;

import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.testing.Journals;
import io.pairingbridge.testing.PostgresServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.springframework.util.FileSystemUtils;

/**
 * New jobs entered in a journal in the folder for temporary files, each with its first attempt and durable when the
 * call returns: jobs a second, of all threads together. It hangs on what an fsync of that folder's disk costs.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
public class JournalBench {
    private final AtomicLong jobs = new AtomicLong();

    /** PostgreSQL is a server of its own on this machine. */
    @Param({"sqlite", "postgresql"})
    public String store;

    private Path folder;
    private PostgresServer server;
    private Journal journal;

    @Setup
    public void open() throws Exception {
        folder = Files.createTempDirectory("journal-bench");
        server = "postgresql".equals(store) ? PostgresServer.start(List.of()) : null;
        journal = Journals.open(server == null ? Journals.file(folder) : server.journal(), new OtpHash(new byte[32]));
    }

    @TearDown
    public void close() throws IOException {
        journal.close();
        if (server != null) {
            server.close();
        }
        FileSystemUtils.deleteRecursively(folder);
    }

    /** A commit for each job. */
    @Benchmark
    @Threads(1)
    public void admitAlone() {
        admit();
    }

    /**
     * A commit for all jobs that came while the last one ran: what this has beyond {@link #admitAlone} is what sharing
     * brings.
     */
    @Benchmark
    @Threads(32)
    public void admitBy32Threads() {
        admit();
    }

    private void admit() {
        String number = Long.toString(jobs.incrementAndGet());
        Job job = new Job(
                new Job.Origin("job-" + number, null, null, number, Instant.now(), null, 4, false, false),
                new PairingRequest("Till 3", "031337", null, Map.of("store", "0815")),
                "{}");
        journal.admit(job);
        if (job.next() != NextStep.CALL) {
            throw new IllegalStateException(job + " was taken for a known one");
        }
    }
}
