package io.pairingbridge.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.delivery.Messages;
import io.pairingbridge.delivery.PublishLeases;
import io.pairingbridge.delivery.Reconciler;
import io.pairingbridge.endpoint.Answers;
import io.pairingbridge.endpoint.CallFailed;
import io.pairingbridge.endpoint.PairCall;
import io.pairingbridge.intake.CallLimit;
import io.pairingbridge.intake.Gate;
import io.pairingbridge.intake.Intake;
import io.pairingbridge.intake.PreFlight;
import io.pairingbridge.intake.RateLimit;
import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.JobListeners;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.job.SignedValue;
import io.pairingbridge.journal.Batches;
import io.pairingbridge.journal.Entry;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.journal.JournalReader;
import io.pairingbridge.journal.JournalSteps;
import io.pairingbridge.journal.State;
import io.pairingbridge.sealing.PlainSealer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Consumer;
import org.apache.camel.Body;
import org.apache.camel.CamelContext;
import org.apache.camel.Endpoint;
import org.apache.camel.Exchange;
import org.apache.camel.NamedNode;
import org.apache.camel.Processor;
import org.apache.camel.Variable;
import org.apache.camel.component.mock.MockComponent;
import org.apache.camel.component.mock.MockEndpoint;
import org.apache.camel.main.MainConfigurationProperties;
import org.apache.camel.spi.Registry;
import org.apache.camel.support.DefaultConsumer;
import org.apache.camel.support.DefaultExchange;
import org.apache.camel.test.junit5.CamelContextConfiguration;
import org.apache.camel.test.main.junit5.CamelMainTestSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Where a job goes in the routes, without a broker, a database or a network: the steps are the real ones, the queues
 * are mocks, the journal a script. What the real parts make of it is shown by the ITs; this shows the order of the
 * steps, and that each is reached.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoutesTest extends CamelMainTestSupport {
    private static final Orphan ORPHAN = new Orphan("job-2", "batch-1", 1, Instant.now(), Map.of());
    private static final Set<String> REACHED = new ConcurrentSkipListSet<>();

    private final List<String> steps = new ArrayList<>();
    private Consumer<Job> admit = job -> {};
    private Consumer<Job> answered = job -> {};
    private final ScriptedJournal journal = new ScriptedJournal();
    private final Intake intake = new Intake(
            new NoConsumers(),
            journal,
            new PreFlight(new PlainSealer(), journal, () -> {}),
            5,
            Duration.ofHours(1),
            Clock.systemUTC());
    /** Why the journal cannot write; null if it can. */
    private String problem;
    /** Whether this bridge gets the publish lease. */
    private boolean ours = true;

    private final List<Processor> doors = new ArrayList<>();

    @Override
    protected void configure(MainConfigurationProperties configuration) {
        configuration.withRoutesIncludePattern("file:routes/*.camel.yaml");
        configuration.setAutoStartup(true);
    }

    @Override
    public void configureContext(CamelContextConfiguration configuration) {
        super.configureContext(configuration);
        Properties properties = new Properties();
        properties.setProperty("pairing.endpoint.url", "endpoint:pair");
        properties.setProperty("pairing.requests.consumers", "1");
        properties.setProperty("pairing.reconcile.interval", "3600000");
        configuration.withUseOverridePropertiesWithPropertiesComponent(properties);
    }

    @Override
    protected void bindToRegistry(Registry registry) {
        // Queues and the endpoint become mocks; their names tell them apart.
        for (String scheme : List.of("jms", "jms-publish", "endpoint")) {
            registry.bind(scheme, new Mocks());
        }
        registry.bind("requestReader", new Reader());
        registry.bind("intake", intake);
        registry.bind("callLimit", new CallLimit(1));
        registry.bind("rateLimit", new RateLimit(0));
        registry.bind("journalSteps", new JournalSteps(journal, new JobListeners(intake), Clock.systemUTC()));
        registry.bind("pairCall", new PairCall("5f3a1c9e7b20", Map.of(), delivery -> {}));
        SignedValue mark = new SignedValue("P", text -> "0".repeat(32));
        registry.bind("messages", new Messages("simulator", Clock.systemUTC(), Instant::now, mark, mark));
        registry.bind("publishLeases", new PublishLeases(journal::acquireLease));
        Reconciler reconciler = new Reconciler(journal, () -> 0, Duration.ofDays(30), Clock.systemUTC());
        try {
            assertThat(reconciler.orphans()).as("seen once").isEmpty();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
        registry.bind("reconciler", reconciler);
        registry.bind("batchQueue", new Documents());
        registry.bind("batchInbox", new Documents());
        registry.bind("batchReports", new Documents());
    }

    @Override
    protected CamelContext createCamelContext() throws Exception {
        CamelContext context = super.createCamelContext();
        context.getCamelContextExtension().addInterceptStrategy(this::watch);
        return context;
    }

    private Processor watch(CamelContext context, NamedNode step, Processor target, Processor next) {
        return exchange -> {
            REACHED.add(step.getId());
            synchronized (steps) {
                steps.add(step.getId());
            }
            target.process(exchange);
        };
    }

    /** A component whose endpoints are mocks named after what they stand for. */
    private final class Mocks extends MockComponent {
        @Override
        protected Endpoint createEndpoint(String uri, String remaining, Map<String, Object> parameters) {
            parameters.clear();
            return new MockEndpoint(uri, this) {
                @Override
                public org.apache.camel.Consumer createConsumer(Processor processor) {
                    doors.add(processor); // opened by the test
                    return new DefaultConsumer(this, processor);
                }
            };
        }
    }

    /** Bean: reads whatever the test puts into the body. */
    public static final class Reader {
        public void read(@Body Job job, Exchange delivery) {
            delivery.setVariable("job", job);
            JournalSteps.exposeNextStep(job, delivery);
        }

        public void refuse(@Body Job job, Exchange delivery) {
            read(job, delivery);
        }
    }

    /** Decides as the test says; what no step of a route asks, it refuses. */
    private final class ScriptedJournal implements Journal {
        @Override
        public void admit(Job job) {
            admit.accept(job);
        }

        @Override
        public void answered(Job job, AttemptReport report) {
            synchronized (steps) {
                steps.add("result: " + report.result());
            }
            answered.accept(job);
        }

        @Override
        public Entry published(String jobId, String attemptId) {
            return entry(jobId, State.PUBLISHED, attemptId);
        }

        @Override
        public List<Credentials> unpublished(Instant before, int limit) {
            return List.of(credentials(false), credentials(true));
        }

        @Override
        public boolean acquireLease(Credentials credentials) {
            return ours;
        }

        @Override
        public List<Orphan> orphans(boolean nothingWaits, int limit) {
            return List.of(ORPHAN);
        }

        @Override
        public Optional<Entry> find(String jobId) {
            return Optional.of(entry(jobId, State.SEALED, "attempt-1"));
        }

        @Override
        public int purge(Duration olderThan) {
            return 0;
        }

        @Override
        public Optional<String> failure() {
            return Optional.ofNullable(problem);
        }

        @Override
        public void recover() {}

        @Override
        public void close() {}

        @Override
        public int countDelivery(String originalMessageId, String jobId) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Ending refused(Job job, Ending ending) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void refusedRow(Job job, Ending ending) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Entry quarantine(Job job, Ending ending) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<String> runningJob(String originalMessageId, Instant requestedAt) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void gone(Job notice, Orphan orphan) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Batches batches() {
            throw new UnsupportedOperationException();
        }

        @Override
        public JournalReader reader() {
            throw new UnsupportedOperationException();
        }
    }

    private static Entry entry(String jobId, State state, String attemptId) {
        Instant now = Instant.now();
        return new Entry(
                jobId, state, null, "1", null, Map.of(), now, null, null, 0, 1, 0, attemptId, null, null, null, null,
                200, "pc", "Till", "T", now);
    }

    /** Which consumers run is not shown here. */
    private static final class NoConsumers implements Intake.Consumers {
        @Override
        public void open() {}

        @Override
        public void probe() {}

        @Override
        public void close() {}

        @Override
        public void setConcurrency(int calls) {}
    }

    /** Beans of the batches: one document at each door, and one batch whose last row has ended. */
    public final class Documents {
        public void take(@Body Object document) {}

        public void round() {}

        public List<String> due() {
            return List.of("batch-1");
        }

        public String report(@Body String batch) {
            return batch;
        }

        public void event(@Variable("batch") String batch, Exchange exchange) {
            exchange.getMessage().setBody("event of " + batch);
        }

        public void finished(@Variable("batch") String batch) {}
    }

    private static Job job() {
        return new Job(
                new Job.Origin("job-1", null, null, "1", Instant.now(), null, 4, false, false),
                new PairingRequest("Till", "otp-1", null, Map.of()),
                "{}");
    }

    private static Credentials credentials(boolean late) {
        return new Credentials(
                "attempt-1",
                "job-1",
                null,
                new SealedAnswer("sealed", "key", "application/jose"),
                new PairedTerminal("pc", "Till", "T"),
                "a",
                Instant.now(),
                late,
                Map.of(),
                Instant.now(),
                1);
    }

    private static Ending ending(Outcome outcome) {
        return new Ending(outcome, "REASON", "detail", null, 1, PairedTerminal.UNKNOWN, "attempt-1", Instant.now());
    }

    /** Sends one delivery through the flow and returns the ids of the steps it took. */
    private List<String> deliver(String route, Object body) {
        synchronized (steps) {
            steps.clear();
        }
        template().send("direct:" + route, exchange -> exchange.getMessage().setBody(body));
        synchronized (steps) {
            return List.copyOf(steps);
        }
    }

    private void endpointAnswers(Processor answer) {
        MockEndpoint endpoint = (MockEndpoint) context()
                .getEndpoint("endpoint:pair?httpMethod=POST&throwExceptionOnFailure=false"
                        + "&skipControlHeaders=true&skipResponseHeaders=true&copyHeaders=false");
        endpoint.whenAnyExchangeReceived(answer);
    }

    @Test
    void journalsTheSealedAnswerBeforeItIsPublishedAndTellsTheOutcomeLast() {
        admit = job -> job.call(new Attempt("attempt-1", 1, Duration.ofMinutes(1)));
        answered = job -> job.publish(credentials(false));
        endpointAnswers(Answers::paired);

        assertThat(deliver("pair", job()))
                .containsSubsequence(
                        "pre-flight",
                        "read-request",
                        "await-permit",
                        "await-turn",
                        "admit",
                        "write-call",
                        "marshal-call",
                        "bind-attempt",
                        "call-endpoint",
                        "classify-answer",
                        "journal-answered",
                        "result: PAIRED",
                        "write-credentials",
                        "publish-credentials",
                        "journal-published",
                        "write-event",
                        "send-event",
                        "count-ended");
    }

    @Test
    void takesAFailedCallForAResult() {
        admit = job -> job.call(new Attempt("attempt-1", 1, Duration.ofMinutes(1)));
        answered = job -> job.waitFor(Duration.ZERO);
        endpointAnswers(exchange -> {
            throw new CallFailed("no connection", null);
        });

        assertThat(deliver("pair", job()))
                .containsSubsequence(
                        "call-endpoint",
                        "classify-failure",
                        "journal-answered",
                        "result: NOT_SENT",
                        "write-waiting",
                        "schedule-request")
                .doesNotContain("classify-answer", "send-event");
    }

    @Test
    void setsARefusedJobAsideAndTellsItsOutcome() {
        admit = job -> job.call(new Attempt("attempt-1", 1, Duration.ofMinutes(1)));
        answered = job -> job.finish(ending(Outcome.REJECTED), false);
        endpointAnswers(call -> Answers.status(call, 400));

        assertThat(deliver("pair", job()))
                .containsSubsequence(
                        "journal-answered",
                        "result: REJECTED",
                        "write-attention",
                        "send-dead-letter",
                        "write-event",
                        "send-event");
    }

    @Test
    void setsADoubtfulJobAsideElsewhere() {
        admit = job -> job.finish(ending(Outcome.IN_DOUBT), false);
        assertThat(deliver("pair", job()))
                .contains("send-in-doubt", "send-event")
                .doesNotContain("send-dead-letter", "call-endpoint");
    }

    @Test
    void tellsARepeatedEndingWithoutASecondDeadLetter() {
        admit = job -> job.finish(ending(Outcome.REJECTED), true);
        assertThat(deliver("pair", job())).contains("send-event").doesNotContain("write-attention");
    }

    @Test
    void publishesAndWaitsWithoutACall() {
        admit = job -> job.publish(credentials(false));
        assertThat(deliver("pair", job()))
                .contains("publish-credentials", "send-event")
                .doesNotContain("call-endpoint");
        admit = job -> job.waitFor(Duration.ZERO);
        assertThat(deliver("pair", job())).contains("schedule-request").doesNotContain("call-endpoint", "send-event");
    }

    @Test
    void sendsNothingWhileAnotherBridgeMaySendIt() {
        awaitTheReconcilersFirstRound(); // which publishes, too
        admit = job -> job.publish(credentials(false));
        ours = false;
        try {
            assertThat(deliver("pair", job()))
                    .contains("acquire-publish-lease")
                    .doesNotContain("publish-credentials", "journal-published", "send-event");
        } finally {
            ours = true;
        }
    }

    @Test
    void leavesAJobAloneThatEndedAtTheDoor() {
        Job refused = job();
        refused.finish(ending(Outcome.INVALID), false);
        assertThat(deliver("pair", refused))
                .contains("send-dead-letter", "send-event")
                .doesNotContain("await-turn", "admit");
    }

    @Test
    void endsWhatNoConsumerCanGet() {
        Job undecodable = job();
        undecodable.finish(ending(Outcome.INVALID), false);
        assertThat(deliver("undecodable", undecodable))
                .containsSubsequence("end-undecodable", "send-dead-letter", "send-event")
                .doesNotContain("admit");
    }

    @Test
    void readsNothingWhileThePreFlightFails() {
        problem = "the disk is full";
        try {
            assertThat(deliver("pair", job())).contains("pre-flight").doesNotContain("read-request");
        } finally {
            problem = null;
        }
    }

    @Test
    void closesTheIntakeWhenTheJournalFails() {
        intake.openByOperator(); // another test may have closed it
        Awaitility.await().until(() -> intake.status().gate() == Gate.OPEN);
        admit = job -> {
            throw new JournalException("the commit failed", null);
        };

        assertThat(deliver("pair", job())).contains("close-intake").doesNotContain("call-endpoint", "send-event");

        assertThat(intake.status().gate()).isEqualTo(Gate.CLOSED);
        assertThat(intake.status().reason()).isEqualTo("the commit failed");
    }

    @Test
    void publishesWhatWasLeftBehindAndTellsALateOutcome() {
        awaitTheReconcilersFirstRound();
        assertThat(REACHED)
                .contains(
                        "take-left-behind",
                        "publish-credentials",
                        "write-late-event",
                        "send-late-event",
                        "write-left-behind-event",
                        "send-left-behind-event",
                        "journal-published",
                        "write-request-gone",
                        "send-request-gone");
    }

    /** It begins with the routes. */
    private static void awaitTheReconcilersFirstRound() {
        Awaitility.await().until(() -> REACHED.contains("purge"));
    }

    @Test
    void tellsNothingOfAJobThatHasMovedSinceItsRequestWasMissed() {
        Job moved = job();
        moved.drop();
        assertThat(deliver("pair", moved))
                .contains("read-request")
                .doesNotContain("admit", "send-event", "send-dead-letter", "schedule-request");
    }

    @Test
    void reportsABatchBeforeItIsToldOfAndFinishesItLast() {
        Awaitility.await().untilAsserted(() -> {
            synchronized (steps) {
                assertThat(steps)
                        .containsSubsequence(
                                "write-report", "write-batch-event", "send-batch-event", "journal-batch-finished");
            }
        });
    }

    @Test
    void dropsHeadersAtEveryDoor() throws Exception {
        assertThat(doors).as("requests, probe, expired, batch-queue").hasSize(4);
        admit = job -> {
            throw new IllegalStateException("far enough");
        };
        for (Processor door : doors) {
            Exchange exchange = new DefaultExchange(context());
            exchange.getMessage().setBody(job());
            exchange.getMessage().setHeader("CamelHttpUri", "http://elsewhere");
            door.process(exchange);
            assertThat(exchange.getMessage().getHeaders()).doesNotContainKey("CamelHttpUri");
        }
    }

    @AfterAll
    static void everyStepWasReached() {
        Set<String> missed = new TreeSet<>(RouteFilesTest.stepIds().keySet());
        missed.removeAll(REACHED);
        assertThat(missed).as("steps that no test reaches").isEmpty();
    }
}
