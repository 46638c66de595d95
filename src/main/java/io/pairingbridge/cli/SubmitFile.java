package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.access.BrokerException;
import io.pairingbridge.batch.BatchName;
import io.pairingbridge.batch.CheckedRows;
import io.pairingbridge.batch.document.BatchDocument;
import io.pairingbridge.batch.document.DocumentEntry;
import io.pairingbridge.batch.document.DocumentEntry.Flaw;
import io.pairingbridge.batch.document.DocumentEntry.Refused;
import io.pairingbridge.batch.document.DocumentEntry.Row;
import io.pairingbridge.batch.document.DocumentException;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.job.Contract;
import io.pairingbridge.text.Text;
import jakarta.jms.BytesMessage;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;

/** What {@code submit --file} does: checks a batch document, sends it as it is, and follows it. */
final class SubmitFile {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Lets the client send a stream of any size piece by piece (Artemis, "Large messages"). */
    private static final String STREAM = "JMS_AMQ_InputStream";

    private static final int MOST_TOLD = 1_000;

    private final Path file;
    private final Output output;
    private long good;
    private long refused;
    private long tooOld;
    private String problem;
    private final List<Flaw> flaws = new ArrayList<>();

    SubmitFile(Path file, Output output) {
        this.file = file;
        this.output = output;
    }

    /**
     * Reads the document as the bridge will now, and says on stderr, or in the JSON object on stdout, everything that
     * is wrong.
     *
     * @return whether every row is good
     */
    boolean check(RequestBody requests, Duration maxAge) throws IOException {
        try (CheckedRows rows = new CheckedRows(BatchDocument.open(Files.newInputStream(file)), requests, null)) {
            for (DocumentEntry entry = rows.next(); entry != null; entry = rows.next()) {
                if (entry instanceof Refused bad) {
                    refused++;
                    tell(bad.flaws());
                } else if (entry instanceof Row row && tooOld(row, maxAge)) {
                    tooOld++;
                    tell(
                            List.of(
                                    new Flaw(
                                            row.line(),
                                            "otp_generated_at",
                                            "is longer ago than pairing.requests.max-age allows (" + maxAge.toSeconds()
                                                    + " s): the row would end EXPIRED without a call. Generate another one-time password on the terminal")));
                } else {
                    good++;
                }
            }
        } catch (DocumentException e) {
            problem = e.getMessage();
        }
        if (problem != null) {
            Screen.note(file + ": " + problem);
        }
        Screen.note(file + ": " + good + (good == 1 ? " row is good, " : " rows are good, ") + refused
                + (refused == 1 ? " is refused" : " are refused")
                + (tooOld == 0 ? "" : ", " + tooOld + " are too old")
                + (problem == null ? "" : "; the rest could not be read"));
        return refused == 0 && tooOld == 0 && problem == null && good > 0;
    }

    private static boolean tooOld(Row row, Duration maxAge) {
        return row.otpGeneratedAt() != null
                && OffsetDateTime.parse(row.otpGeneratedAt())
                        .toInstant()
                        .plus(maxAge)
                        .isBefore(Instant.now());
    }

    private void tell(List<Flaw> all) {
        for (Flaw flaw : all) {
            if (flaws.size() < MOST_TOLD) {
                flaws.add(flaw);
                flawed(flaw);
            } else if (flaws.size() == MOST_TOLD) {
                flaws.add(new Flaw(flaw.line(), null, "from here on there is more that is not listed"));
                flawed(flaws.get(MOST_TOLD));
            }
        }
    }

    /** As JSON they stand in the result. */
    private void flawed(Flaw flaw) {
        if (!output.json()) {
            Screen.note(flaw.toString());
        }
    }

    /** How many rows a batch of this document has. */
    long rows() {
        return good + refused + tooOld;
    }

    boolean nothingGood() {
        return good == 0;
    }

    void printChecked() {
        if (!output.json()) {
            return;
        }
        ObjectNode node = JSON.createObjectNode()
                .put("file", file.toString())
                .put("good", good)
                .put("refused", refused)
                .put("too_old", tooOld)
                .put("problem", problem);
        ArrayNode all = node.putArray("flaws");
        flaws.forEach(flaw -> all.addObject()
                .put("line", flaw.line())
                .put("column", flaw.column())
                .put("problem", flaw.problem()));
        System.out.println(Text.line(node.toString()));
    }

    /** Sends the document, as bytes and of any size. */
    void send(Connection connection, String batchId) throws JMSException, IOException {
        try (Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                InputStream content = new BufferedInputStream(Files.newInputStream(file))) {
            BytesMessage message = session.createBytesMessage();
            message.setObjectProperty(STREAM, content);
            message.setStringProperty(Contract.BATCH_ID, batchId);
            BatchName name = BatchName.of(file);
            if (name.id().equals(batchId)) {
                message.setStringProperty(Contract.BATCH_NAME, name.text());
            }
            session.createProducer(session.createQueue(Contract.BATCHES)).send(message);
        } catch (JMSException e) {
            throw new BrokerException(
                    "it is not known whether the broker took batch " + batchId + " (" + Failures.root(e)
                            + "): send it again with --batch " + batchId + ", which is safe",
                    e);
        }
    }

    int sent(String batchId) {
        output.done(
                JSON.createObjectNode()
                        .put("batch_id", batchId)
                        .put("queue", Contract.BATCHES)
                        .put("rows", rows()),
                batchId);
        return ExitCodes.DONE;
    }

    int follow(BatchReader batches, String batchId, String earlier, Duration limit) throws InterruptedException {
        Thread hint = new Thread(
                () -> Screen.note("The batch goes on. To watch it again: pairing-bridge batches --watch " + batchId));
        Runtime.getRuntime().addShutdownHook(hint);
        BatchStatus last;
        try {
            last = new BatchProgressBar(batches).follow(batchId, earlier, rows(), limit);
        } finally {
            removeQuietly(hint);
        }
        if (last == null) {
            Screen.note("The bridge has not begun batch " + batchId + " within the time. It is not lost: it lies on "
                    + Contract.BATCHES + "; 'pairing-bridge status' tells whether the bridge runs");
            if (output.json()) {
                Output.print(JSON.createObjectNode().put("batch_id", batchId).putNull("phase"));
            }
            return ExitCodes.NO_ANSWER;
        }
        last.print(output);
        return last.exitCode();
    }

    private static void removeQuietly(Thread hint) {
        try {
            Runtime.getRuntime().removeShutdownHook(hint);
        } catch (IllegalStateException e) {
            // the process is ending: that is what the hint is for
        }
    }
}
