package io.pairingbridge.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.Replacements;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.Result;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.State;
import io.pairingbridge.testing.EndedJob;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.camel.AsyncCallback;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.spi.InterceptStrategy;
import org.apache.camel.support.processor.DelegateAsyncProcessor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is sent in which session: what others can see at a step of a job, and what becomes of a delivery whose step
 * fails, in one process and without a crash. The steps are those of the routes.
 */
class SessionsIT {
    /** Looks at a step, or fails it. */
    private interface Watch {
        void at(Exchange exchange) throws Exception;
    }

    /** By step and job; each is done once. */
    private static final Map<String, Watch> BEFORE = new ConcurrentHashMap<>();

    private static Stage stage;

    @BeforeAll
    static void start(@TempDir Path folder) throws IOException {
        stage = new Stage(folder).set("pairing.retry.max-ambiguous-attempts", "1");
        stage.ledger()
                .when("otp-refused", call -> call.status(400))
                .when("otp-unheard", call -> call.status(400))
                .when("otp-given-back", call -> call.status(400));
        stage.startBridge(Replacements.NONE.withRoutes(camel -> camel.bind("watch", new Watched())));
    }

    @AfterAll
    static void stop() throws IOException {
        stage.close();
    }

    private static final class Watched implements InterceptStrategy {
        @Override
        public Processor wrapProcessorInInterceptors(
                CamelContext context, NamedNode step, Processor target, Processor next) {
            String id = step.getId();
            return new DelegateAsyncProcessor(target) {
                @Override
                public boolean process(Exchange exchange, AsyncCallback callback) {
                    Job job = exchange.getVariable("job", Job.class);
                    Watch watch = job == null ? null : BEFORE.remove(id + " " + job.id());
                    try {
                        if (watch != null) {
                            watch.at(exchange);
                        }
                    } catch (Exception e) {
                        exchange.setException(e);
                        callback.done(true);
                        return true;
                    }
                    return super.process(exchange, callback);
                }
            };
        }
    }

    private static void before(String step, String jobId, Watch watch) {
        BEFORE.put(step + " " + jobId, watch);
    }

    private static void fail(Exchange exchange) {
        throw new IllegalStateException("as the test wants it");
    }

    private static List<String> jobs(List<Received> messages) {
        return messages.stream().map(Received::jobId).toList();
    }

    @Test
    void callsCredentialsPublishedOnlyOnceTheRecipientCanHaveThem() throws Exception {
        List<String> there = new CopyOnWriteArrayList<>();
        before("journal-published", "published", exchange -> {
            stage.gather();
            there.addAll(jobs(stage.credentials()));
        });

        stage.send(Stage.request("published", "otp-published"));

        EndedJob.await(stage, "published", "otp-published").paired();
        assertThat(there)
                .as("seen by the recipient before the journal holds PUBLISHED")
                .contains("published");
    }

    @Test
    void tellsNobodyOfAnEndingBeforeTheRequestIsAcknowledged() throws Exception {
        List<String> told = new CopyOnWriteArrayList<>();
        before(
                "count-ended",
                "refused",
                exchange -> { // the last step before the commit
                    stage.gather();
                    told.addAll(jobs(stage.events()));
                    told.addAll(jobs(stage.deadLetters()));
                });

        stage.send(Stage.request("refused", "otp-refused"));

        EndedJob.await(stage, "refused", "otp-refused").ended("REJECTED", "REFUSED");
        assertThat(told).as("seen before the commit").doesNotContain("refused");
    }

    @Test
    void getsARequestAgainWhoseWorkFailed() throws Exception {
        before("await-turn", "again", SessionsIT::fail);

        stage.send(Stage.request("again", "otp-again"));

        EndedJob.await(stage, "again", "otp-again").paired().attempts(1).posts(1);
    }

    @Test
    void acknowledgesNoRequestWhoseDeadLetterCouldNotBeSent() throws Exception {
        before("send-dead-letter", "unheard", SessionsIT::fail);

        stage.send(Stage.request("unheard", "otp-unheard"));

        EndedJob.await(stage, "unheard", "otp-unheard")
                .ended("REJECTED", "REFUSED")
                .posts(1);
    }

    @Test
    void givesAFailedDeliveryBackInsteadOfTryingAgainInItsThread() throws Exception {
        List<String> exchanges = new CopyOnWriteArrayList<>();
        before("send-event", "given-back", exchange -> {
            exchanges.add(exchange.getExchangeId());
            before("send-event", "given-back", next -> exchanges.add(next.getExchangeId()));
            fail(exchange);
        });

        stage.send(Stage.request("given-back", "otp-given-back"));

        EndedJob.await(stage, "given-back", "otp-given-back")
                .ended("REJECTED", "REFUSED")
                .posts(1);
        assertThat(exchanges).as("two deliveries").hasSize(2).doesNotHaveDuplicates();
    }

    @Test
    void showsTheRecipientOnceWhatWasSentTwice() throws Exception {
        List<String> there = new CopyOnWriteArrayList<>();
        before("journal-published", "sent-twice", exchange -> {
            stage.gather();
            there.addAll(jobs(stage.credentials()));
            fail(exchange);
        });

        stage.send(Stage.request("sent-twice", "otp-sent-twice"));

        EndedJob.await(stage, "sent-twice", "otp-sent-twice").paired().posts(1);
        assertThat(there).as("sent the first time").contains("sent-twice");
    }

    /** The broker alone keeps both of two messages with one duplicate id, if they come at the same moment. */
    @Test
    void showsTheRecipientOnceWhatTwoThreadsSendAtTheSameMoment() throws Exception {
        int jobs = 60;
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try (ProducerTemplate routes = stage.bridge().camel().createProducerTemplate()) {
            CyclicBarrier together = new CyclicBarrier(2);
            for (int i = 0; i < jobs; i++) {
                Job job = admitted(stage.bridge().journal(), "at-once-" + i, "otp-at-once", "m-at-once-" + i);
                stage.bridge().journal().answered(job, paired("sealed-at-once"));
                Callable<Exchange> send = () -> {
                    together.await(1, TimeUnit.MINUTES);
                    return routes.send("direct:publish", e -> e.setVariable("credentials", job.credentials()));
                };
                for (Future<Exchange> sent : threads.invokeAll(List.of(send, send))) {
                    assertThat(sent.get().getException()).isNull();
                }
            }
        } finally {
            threads.shutdownNow();
        }
        stage.gather();
        assertThat(jobs(stage.credentials()))
                .filteredOn(id -> id.startsWith("at-once-"))
                .hasSize(jobs)
                .doesNotHaveDuplicates();
    }

    /** The answer of a call that was given up comes after the next try has paired: both are credentials of this job. */
    @Test
    void publishesEveryPairingOfAJob() throws Exception {
        Journal journal = stage.bridge().journal();
        Job first = admitted(journal, "pairs-twice", "otp-first", "m1");
        journal.answered(first, new AttemptReport(Result.AMBIGUOUS, null, "no answer", null, null));
        Job second = admitted(journal, "pairs-twice", "otp-second", "m2");
        journal.answered(second, paired("sealed-second"));
        journal.answered(first, paired("sealed-first"));

        stage.awaitUntil(
                () -> journal.unpublished(Instant.now().plusSeconds(1), 1).isEmpty());
        stage.gather();
        assertThat(stage.credentials())
                .filteredOn(m -> "pairs-twice".equals(m.jobId()))
                .extracting(Received::body)
                .containsExactlyInAnyOrder("sealed-first", "sealed-second");
    }

    /** Nobody waits for it any more: the job ended in doubt, and the operator was told. */
    @Test
    void tellsOfAPairingThatCameAfterTheDoubt() throws Exception {
        Journal journal = stage.bridge().journal();
        Job late = admitted(journal, "late", "otp-late", "m3");
        journal.answered(late, new AttemptReport(Result.AMBIGUOUS, null, "no answer", null, null));
        journal.answered(late, paired("sealed-late"));

        JsonNode outcome = stage.awaitOutcome("late");
        assertThat(outcome.path("outcome").asText() + " "
                        + outcome.path("reason").asText())
                .isEqualTo("PAIRED ANSWER_CAME_LATE");
        assertThat(jobs(stage.credentials())).contains("late");
        stage.awaitUntil(() -> journal.find("late").orElseThrow().state() == State.PUBLISHED);
    }

    private static Job admitted(Journal journal, String jobId, String otp, String messageId) {
        Job job = new Job(
                new Job.Origin(jobId, null, null, messageId, Instant.now(), null, 4, false, false),
                new PairingRequest("Till", otp, null, Map.of()),
                "{}");
        journal.admit(job);
        assertThat(job.next()).isEqualTo(NextStep.CALL);
        return job;
    }

    private static AttemptReport paired(String sealed) {
        return new AttemptReport(
                Result.PAIRED,
                200,
                "ok",
                new SealedAnswer(sealed, "test-recipient", "application/jose"),
                new PairedTerminal("pc", "Till", "T1"),
                null);
    }
}
