package io.pairingbridge.batch;

import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.journal.Batches.Progress;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.testing.Journals;
import io.pairingbridge.testing.SentRequests;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;

/**
 * An inbox in a process of its own, so that it can have a locale of its own: each line on standard input is a round,
 * with the reports of batches that have ended; each is answered by a line with the number of batches that have not.
 */
public final class InboxProcess {
    private InboxProcess() {}

    /** @param arguments the inbox, and the folder of the journal */
    public static void main(String[] arguments) throws Exception {
        Path data = Path.of(arguments[1]);
        OtpHash hash = new OtpHash(new byte[32]);
        SentRequests sent = new SentRequests();
        try (Journal journal = Journals.open(Journals.file(data), hash)) {
            BatchSubmitter intake = new BatchSubmitter(
                    journal.batches(),
                    sent.connections(),
                    new RequestBody(Path.of("config/schema/pairing-request.schema.json")),
                    Set.of(),
                    hash,
                    Duration.ofHours(1),
                    Clock.systemUTC());
            BatchInbox inbox = new BatchInbox(
                    Path.of(arguments[0]), "one", intake, journal.batches(), Duration.ofDays(7), Clock.systemUTC());
            BatchCompletion reports = new BatchCompletion(
                    journal.batches(), inbox, data.resolve("batches"), row -> "", "simulator", Clock.systemUTC());
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
            System.out.println("answer " + System.getProperty("sun.jnu.encoding"));
            while (in.readLine() != null) {
                inbox.round();
                for (Progress batch : reports.due()) {
                    reports.finished(reports.report(batch));
                }
                System.out.println("answer " + journal.batches().ended().size() + " sent "
                        + sent.take().size());
            }
        }
    }
}
