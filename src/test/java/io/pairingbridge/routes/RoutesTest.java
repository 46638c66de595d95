package io.pairingbridge.routes;

import static org.assertj.core.api.Assertions.assertThat;

import io.pairingbridge.delivery.Messages;
import io.pairingbridge.delivery.PublishLeases;
import io.pairingbridge.endpoint.Answers;
import io.pairingbridge.endpoint.CallFailed;
import io.pairingbridge.endpoint.PairCall;
import io.pairingbridge.intake.CallLimit;
import io.pairingbridge.job.Attempt;
import io.pairingbridge.job.Credentials;
import io.pairingbridge.job.Ending;
import io.pairingbridge.job.Job;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.PairedTerminal;
import io.pairingbridge.job.PairingRequest;
import io.pairingbridge.job.SealedAnswer;
import io.pairingbridge.job.SignedValue;
import io.pairingbridge.journal.Journal.AttemptReport;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.Journal.Orphan;
import io.pairingbridge.journal.JournalSteps;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
 * Where a job goes in the routes, without a broker, a database or a network: the queues are mocks, the journal a
 * script. What the real parts make of it is shown by the ITs; this shows the order of the steps, and that each is
 * reached.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoutesTest extends CamelMainTestSupport {
    private static final Set<String> REACHED = new ConcurrentSkipListSet<>();

    private final List<String> steps = new ArrayList<>();
    private Consumer<Job> admit = job -> {};
    private Consumer<Job> answered = job -> {};
    private RuntimeException notReady;
    private boolean turn = true;
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
        registry.bind("intake", new Gate());
        registry.bind("callLimit", new CallLimit(1));
        registry.bind("rateLimit", new Turn());
        registry.bind("journalSteps", new Steps());
        registry.bind("pairCall", new PairCall("5f3a1c9e7b20", Map.of(), delivery -> {}));
        SignedValue mark = new SignedValue("P", text -> "0".repeat(32));
        registry.bind("messages", new Messages("simulator", Clock.systemUTC(), Instant::now, mark, mark));
        registry.bind("publishLeases", new PublishLeases(credentials -> turn));
        registry.bind("reconciler", new LeftBehind());
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

    public final class Gate {
        public void preFlight() {
            if (notReady != null) {
                throw notReady;
            }
        }

        public void journalFailed(JournalException e) {
            synchronized (steps) {
                steps.add("closed: " + e.getMessage());
            }
        }
    }

    public static final class Turn {
        public void awaitTurn() {}
    }

    public final class Steps {
        public void admit(@Variable("job") Job job, Exchange delivery) {
            admit.accept(job);
            JournalSteps.exposeNextStep(job, delivery);
        }

        public void answered(@Variable("job") Job job, @Body AttemptReport report, Exchange delivery) {
            synchronized (steps) {
                steps.add("result: " + report.result());
            }
            answered.accept(job);
            JournalSteps.exposeNextStep(job, delivery);
        }

        public void published(@Variable("job") Job job, Exchange delivery) {
            if (job != null) {
                job.finish(ending(Outcome.PAIRED), false);
                JournalSteps.exposeNextStep(job, delivery);
            }
        }

        public void ended(@Variable("job") Job job) {}
    }

    public final class LeftBehind {
        public List<Credentials> due() {
            return List.of(credentials(false), credentials(true));
        }

        public boolean nobodyElseTells(@Variable("credentials") Credentials credentials) {
            return credentials != null;
        }

        public List<Orphan> orphans() {
            return List.of(new Orphan("job-2", "batch-1", 1, Instant.now(), Map.of()));
        }

        public void purge() {}
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
        turn = false;
        try {
            assertThat(deliver("pair", job()))
                    .contains("acquire-publish-lease")
                    .doesNotContain("publish-credentials", "journal-published", "send-event");
        } finally {
            turn = true;
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
        notReady = new IllegalStateException("not ready");
        try {
            assertThat(deliver("pair", job())).contains("pre-flight").doesNotContain("read-request");
        } finally {
            notReady = null;
        }
    }

    @Test
    void closesTheIntakeWhenTheJournalFails() {
        admit = job -> {
            throw new JournalException("the disk is full", null);
        };
        assertThat(deliver("pair", job()))
                .contains("closed: the disk is full")
                .doesNotContain("call-endpoint", "send-event");
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
