package io.pairingbridge.batch;

import io.pairingbridge.batch.document.BatchDocument;
import io.pairingbridge.batch.document.Columns;
import io.pairingbridge.batch.document.DocumentEntry;
import io.pairingbridge.batch.document.DocumentEntry.Flaw;
import io.pairingbridge.batch.document.DocumentEntry.Refused;
import io.pairingbridge.batch.document.DocumentEntry.Row;
import io.pairingbridge.batch.document.DocumentException;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.job.Contract;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.RowMark;
import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Batches.Batch;
import io.pairingbridge.journal.Batches.NewRow;
import io.pairingbridge.journal.Batches.Phase;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.text.Text;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns the rows of a document into requests on {@code pairing.requests}, some hundred at a time: first the journal
 * knows of them, so that none can end unnoticed, then the broker has them, in one transaction. After a crash, the last
 * ones are sent once more; they are the same jobs, and the journal knows a job by its id and one-time password.
 *
 * <p>A job's id is the row's own, or it is made of the batch's id and the keyed hash of the one-time password: a
 * document that comes again, also with some rows corrected, added or in another order, means the same jobs.
 */
public final class BatchSubmitter {
    /** What a batch may be called: with the hash behind it, it must be a job id. */
    public static final Pattern ID = Pattern.compile("[A-Za-z0-9._:-]{1,100}");

    /** What became of a document. */
    public enum Taken {
        /** It is read, now or by an earlier delivery of the same document. */
        READ,
        /** Another document of this batch has not ended: it must wait for that. */
        BUSY
    }

    private static final Logger LOG = LoggerFactory.getLogger(BatchSubmitter.class);
    private static final int AT_ONCE = 500;
    /** Characters of rows that are sent at once, at most; three such groups are in the memory. */
    private static final int MOST_AT_ONCE = 4 << 20;
    /**
     * Below that of a single request, 4 unless its sender says otherwise: it must not wait behind ten thousand rows.
     */
    private static final int PRIORITY = 2;

    private static final int HASH_CHARACTERS = 16;

    private final Batches batches;
    private final ConnectionFactory connections;
    private final RequestBody requests;
    private final Set<String> integrators;
    private final OtpHash otpHash;
    private final RowMark marks;
    private final Duration maxAge;
    private final Clock clock;

    /**
     * @param connections to the broker, other ones than the consumer's: what is sent here is sent, whatever becomes of
     *     the document
     * @param maxAge of a job, from when its one-time password was generated, or else from the batch's begin
     */
    public BatchSubmitter(
            Batches batches,
            ConnectionFactory connections,
            RequestBody requests,
            Set<String> integrators,
            OtpHash otpHash,
            Duration maxAge,
            Clock clock) {
        this.batches = batches;
        this.connections = connections;
        this.requests = requests;
        this.integrators = integrators;
        this.otpHash = otpHash;
        this.marks = new RowMark(otpHash::of);
        this.maxAge = maxAge;
        this.clock = clock;
    }

    /**
     * Reads a document and sends its good rows; goes on where an earlier try of the same document ended. A document
     * that can't be understood, or only to some line, is a batch of what came before, with the problem written down.
     *
     * <p>Whatever the document contains, nothing but the exceptions below is thrown for it.
     *
     * @param source names the document: another one must have another name
     * @param document is closed
     * @throws JMSException if the broker, IOException if the source failed, JournalException if the journal did: to be
     *     tried again
     */
    public Taken take(BatchName name, String source, InputStream document) throws JMSException, IOException {
        return take(name, source, document, () -> BatchDocument.open(document));
    }

    /** As {@link #take(BatchName, String, InputStream)}, for a batch that people call as programs do. */
    public Taken take(String batchId, String source, InputStream document) throws JMSException, IOException {
        return take(BatchName.of(batchId), source, document);
    }

    /** As {@link #take(BatchName, String, InputStream)}, for a document that is text already. */
    Taken take(BatchName name, String source, Reader document) throws JMSException, IOException {
        return take(name, source, document, () -> BatchDocument.open(document));
    }

    private interface Opening {
        BatchDocument open() throws DocumentException, IOException;
    }

    private Taken take(BatchName name, String source, Closeable document, Opening opening)
            throws JMSException, IOException {
        String batchId = name.id();
        try (Closeable closed = document) {
            Batch batch = batches.begin(batchId, name.text(), source);
            if (!batch.source().equals(source)) {
                return Taken.BUSY;
            }
            if (batch.phase() == Phase.READING) {
                String problem = readWhatever(batch, opening);
                batches.read(batchId, problem);
                LOG.info(
                        "Batch {}: {} is read{}",
                        batchId,
                        source,
                        problem == null ? "" : ", but not to its end: " + problem);
            }
            return Taken.READ;
        }
    }

    /** Writes down a document that can't be read at all, so that whoever sent it is told. */
    public Taken refuse(String batchId, String source, String problem) {
        return refuse(BatchName.of(batchId), source, problem);
    }

    Taken refuse(BatchName name, String source, String problem) {
        String batchId = name.id();
        Batch batch = batches.begin(batchId, name.text(), source);
        if (!batch.source().equals(source)) {
            return Taken.BUSY;
        }
        if (batch.phase() == Phase.READING) {
            batches.read(batchId, problem);
            LOG.warn("Batch {}: {} is refused: {}", batchId, source, problem);
        }
        return Taken.READ;
    }

    /**
     * As {@link #read}. A mistake of ours in reading a document must not bring it back for ever, and keep all others
     * waiting.
     */
    private String readWhatever(Batch batch, Opening opening) throws JMSException, IOException {
        try {
            return read(batch, opening);
        } catch (JournalException e) {
            throw e;
        } catch (RuntimeException e) {
            if (Thread.currentThread().isInterrupted()) {
                throw e;
            }
            LOG.error("Batch {}: {} cannot be read to its end", batch.id(), batch.source(), e);
            return "the bridge could not read the document any further ("
                    + e.getClass().getSimpleName() + "); its log says where. Report it, and send"
                    + " the rows that the report lacks in another form";
        }
    }

    private String read(Batch batch, Opening opening) throws JMSException, IOException {
        String problem = null;
        try (Sending sending = new Sending(batch)) {
            try (CheckedRows rows = new CheckedRows(opening.open(), requests, integrators)) {
                for (DocumentEntry entry = rows.next(); entry != null; entry = rows.next()) {
                    sending.add(entry, rows.body());
                }
            } catch (DocumentException e) {
                problem = e.getMessage();
            }
            sending.flush();
            sending.awaitAll();
            return problem == null && sending.number == 0 ? "the document has no rows" : problem;
        }
    }

    /**
     * A request as it is sent.
     *
     * @param number of its row
     * @param hash the row's
     * @param refused why the row is refused, or null; then the message is there to tell that, and will not be called
     *     for
     */
    private record Request(
            long number,
            String jobId,
            String hash,
            String body,
            String integrator,
            Instant generatedAt,
            String refused) {
        @Override
        public String toString() {
            return "Request[" + jobId + "]"; // the body holds a one-time password
        }
    }

    /**
     * The rows of one document on their way to the broker, with whom it connects when there is something to send. While
     * some are sent, the next ones are written to the journal, and those after them read and checked.
     */
    private final class Sending implements AutoCloseable {
        private final Batch batch;
        private final ExecutorService keeper = thread("batch-keeper");
        private final ExecutorService sender = thread("batch-sender");
        private List<NewRow> rows = new ArrayList<>();
        private List<Request> toSend = new ArrayList<>();
        private long characters;
        private Future<?> kept = CompletableFuture.completedFuture(null);
        private Future<?> underWay = CompletableFuture.completedFuture(null);
        private long number;
        private long sent;
        private volatile Connection connection;
        private Session session;
        private MessageProducer producer;

        Sending(Batch batch) {
            this.batch = batch;
            this.sent = batch.taken();
        }

        private void connect() throws JMSException {
            connection = connections.createConnection();
            session = connection.createSession(true, Session.SESSION_TRANSACTED);
            producer = session.createProducer(session.createQueue(Contract.REQUESTS));
            producer.setDeliveryMode(DeliveryMode.PERSISTENT);
            producer.setPriority(PRIORITY);
        }

        @Override
        public void close() throws JMSException {
            keeper.shutdownNow(); // it may wait for the sender
            sender.shutdown();
            disconnect(); // what is still being sent fails, and is sent again by the next try
            try {
                keeper.awaitTermination(1, TimeUnit.MINUTES);
                sender.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            disconnect(); // from a connection that was made meanwhile
        }

        private void disconnect() throws JMSException {
            if (connection != null) {
                connection.close(); // and all that belongs to it
            }
        }

        /** Returns once the broker has all that was flushed. */
        void awaitAll() throws JMSException {
            await(kept);
            await(underWay);
        }

        private void await(Future<?> task) throws JMSException {
            try {
                task.get();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof JMSException failure) {
                    throw failure;
                }
                if (e.getCause() instanceof JournalException failure) {
                    throw failure;
                }
                throw new IllegalStateException(
                        "the rows of batch " + batch.id() + " cannot be sent: " + e.getCause(), e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("stopped while rows of batch " + batch.id() + " were sent", e);
            }
        }

        void add(DocumentEntry entry, String body) throws JMSException {
            number++;
            if (number <= batch.taken()) {
                return; // by an earlier try
            }
            if (entry instanceof Row row) {
                String hash = otpHash.of(row.otp());
                String jobId =
                        row.jobId() != null ? row.jobId() : batch.id() + "." + hash.substring(0, HASH_CHARACTERS);
                add(
                        row.line(),
                        row.fields(),
                        null,
                        new Request(
                                number,
                                jobId,
                                hash,
                                body,
                                row.integrator(),
                                row.otpGeneratedAt() == null
                                        ? null
                                        : OffsetDateTime.parse(row.otpGeneratedAt())
                                                .toInstant(),
                                null));
            } else if (entry instanceof Refused refused) {
                String why = Text.line(
                        "line " + refused.line() + ": "
                                + refused.flaws().stream()
                                        .map(BatchSubmitter::told)
                                        .collect(Collectors.joining("; ")),
                        RowMark.LONGEST_REASON);
                String jobId = ownJobId(refused) ? refused.row().jobId() : batch.id() + ".row-" + number;
                String hash =
                        marks.hashOfRefused(jobId, batch.id(), batch.startedAt().toEpochMilli(), number, why);
                add(
                        refused.line(),
                        refused.row() == null ? Map.of() : refused.row().fields(),
                        refused.sameOtpAs(),
                        new Request(number, jobId, hash, RefusedRow.body(refused.row()), null, null, why));
            }
            characters += entry.characters();
            if (rows.size() == AT_ONCE || characters > MOST_AT_ONCE) {
                flush();
            }
        }

        private void add(long line, Map<String, String> fields, Long sameAs, Request request) {
            rows.add(new NewRow(
                    request.number(), line, request.jobId(), request.hash(), fields, request.refused(), sameAs));
            toSend.add(request);
        }

        void flush() throws JMSException {
            if (rows.isEmpty()) {
                return;
            }
            List<NewRow> someRows = rows;
            List<Request> someRequests = toSend;
            await(kept);
            kept = keeper.submit(() -> {
                keep(someRows, someRequests);
                return null;
            });
            rows = new ArrayList<>();
            toSend = new ArrayList<>();
            characters = 0;
        }

        /** First the journal, then the broker; and the broker has had all before. */
        private void keep(List<NewRow> some, List<Request> requests) throws JMSException {
            Set<Long> refusedBefore = Set.copyOf(batches.take(batch.id(), some, sent));
            Map<String, String> hashes = new HashMap<>();
            requests.forEach(request -> hashes.put(request.jobId(), request.hash()));
            Set<String> known = Set.copyOf(batches.known(hashes));
            requests.removeIf(request -> request.refused() == null && refusedBefore.contains(request.number())
                    || known.contains(request.jobId())
                            && hashes.get(request.jobId()).equals(request.hash()));
            await(underWay);
            sent = some.get(0).number() - 1;
            if (requests.isEmpty()) {
                return;
            }
            if (producer == null) {
                connect();
            }
            underWay = sender.submit(() -> {
                for (Request request : requests) {
                    send(request);
                }
                session.commit();
                return null;
            });
        }

        private void send(Request request) throws JMSException {
            Message message = session.createTextMessage(request.body());
            message.setStringProperty(Contract.JOB_ID, request.jobId());
            message.setStringProperty(Contract.BATCH_ID, batch.id());
            if (request.integrator() != null) {
                message.setStringProperty(Contract.INTEGRATOR, request.integrator());
            }
            if (request.refused() != null) {
                message.setStringProperty(
                        RowMark.PROPERTY,
                        RowMark.ofRefused(batch.startedAt().toEpochMilli(), request.number(), request.hash()));
                message.setStringProperty(RowMark.REFUSED, request.refused());
                producer.setTimeToLive(0);
            } else {
                message.setStringProperty(RowMark.PROPERTY, request.hash());
                Instant from = request.generatedAt() == null ? batch.startedAt() : request.generatedAt();
                // One that is too old by now ends as every job that expired in its queue.
                producer.setTimeToLive(Math.max(
                        1, Duration.between(clock.instant(), from.plus(maxAge)).toMillis()));
            }
            producer.send(message);
        }
    }

    /** Whether a refused row is told of under the id that it was given: not if that one is wrong, or another row's. */
    private static boolean ownJobId(Refused refused) {
        return refused.row() != null
                && refused.row().jobId() != null
                && Job.ID.matcher(refused.row().jobId()).matches()
                && refused.flaws().stream().noneMatch(flaw -> Columns.JOB_ID.equals(flaw.column()));
    }

    private static ExecutorService thread(String name) {
        return Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    private static String told(Flaw flaw) {
        return flaw.column() == null ? flaw.problem() : flaw.column() + " " + flaw.problem();
    }
}
