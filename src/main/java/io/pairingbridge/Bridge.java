package io.pairingbridge;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.batch.BatchCompletion;
import io.pairingbridge.batch.BatchInbox;
import io.pairingbridge.batch.BatchMessages;
import io.pairingbridge.batch.BatchSubmitter;
import io.pairingbridge.broker.BrokerClock;
import io.pairingbridge.broker.BrokerQueue;
import io.pairingbridge.broker.UndecodableMessage;
import io.pairingbridge.broker.UndecodableMessages;
import io.pairingbridge.delivery.Messages;
import io.pairingbridge.delivery.PublishLeases;
import io.pairingbridge.delivery.Reconciler;
import io.pairingbridge.delivery.Remedy;
import io.pairingbridge.endpoint.EndpointClient;
import io.pairingbridge.endpoint.PairCall;
import io.pairingbridge.intake.CallLimit;
import io.pairingbridge.intake.Intake;
import io.pairingbridge.intake.PreFlight;
import io.pairingbridge.intake.RateLimit;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.intake.RequestReader;
import io.pairingbridge.job.JobListeners;
import io.pairingbridge.job.RequestGone;
import io.pairingbridge.job.RowMark;
import io.pairingbridge.job.SignedValue;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.JournalSteps;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.journal.jdbc.JdbcJournal;
import io.pairingbridge.monitor.Activity;
import io.pairingbridge.monitor.BridgeHealth;
import io.pairingbridge.monitor.Metrics;
import io.pairingbridge.monitor.Tracing;
import io.pairingbridge.operate.AttentionQueues;
import io.pairingbridge.operate.AuditLog;
import io.pairingbridge.operate.BridgeMBean;
import io.pairingbridge.sealing.PlainSealer;
import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import io.pairingbridge.sealing.RotatingSealer;
import io.pairingbridge.sealing.Sealer;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import io.pairingbridge.site.ManagementSite;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.camel.CamelContext;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.main.Main;
import org.apache.camel.support.jsse.SSLContextParameters;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;

/**
 * The bridge's life cycle: opens its parts in the order in which one needs the other, and closes them in reverse. What
 * happens to a job stands in {@code routes/}.
 */
public final class Bridge implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Bridge.class);
    /** How long after a start deliveries may come that the process before had in flight when it died. */
    private static final long AFTER_CRASH = TimeUnit.MINUTES.toNanos(1);

    /** In the data directory. */
    public static final String MANAGEMENT_USERS = "management-users.properties";

    private final Settings settings;
    private final Replacements replacements;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private Journal journal;
    private Intake intake;
    private BrokerAddress address;
    private Main main;
    private volatile boolean started;

    public Bridge(Settings settings) {
        this(settings, Replacements.NONE);
    }

    /** For tests. */
    public Bridge(Settings settings, Replacements replacements) {
        this.settings = settings;
        this.replacements = replacements;
    }

    /**
     * Starts everything and returns once requests are taken.
     *
     * @throws RuntimeException whose message names what is at fault; whatever had been started is stopped again
     */
    public void start() {
        try {
            open();
        } catch (RuntimeException e) {
            close();
            throw e;
        } catch (Exception e) {
            close();
            throw new IllegalStateException("the bridge cannot start: " + rootMessage(e), e);
        }
    }

    /** What seals answers, and what is told of its keys. */
    private record Sealing(Sealer sealer, Supplier<List<KeyInUse>> keys, Supplier<Optional<String>> keyProblem) {}

    private void open() throws Exception {
        refuseWireLog();
        LOG.info(
                "Pairing Bridge {} starts: environment {}, data directory {}",
                Version.get(),
                settings.environment(),
                settings.dataDirectory());
        EarlierData.of(settings.home(), settings.dataDirectory())
                .ifPresent(earlier -> LOG.warn(
                        "{} is new, and {} has a journal: if this is that bridge's new version, stop it and set"
                                + " pairing.data-directory to that folder, or move what is in it here; what it has"
                                + " called this one does not know",
                        settings.dataDirectory(),
                        earlier));
        Clock clock = replacements.clock();
        // Before the port: where another process has both, it is that process that matters, and it may be paused.
        DataDirectory data =
                open(DataDirectory.open(settings.dataDirectory(), "production".equals(settings.environment())));
        ManagementSetup.refuseTakenPort(settings.management());
        SSLContextParameters managementTls = ManagementSetup.tls(settings.management());
        Sealing sealing = sealing(clock);
        String instance = settings.instanceId().isEmpty() ? data.instanceId() : settings.instanceId();
        OtpHash otpHash = otpHash(data);
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        JdbcJournal stored = open(openJournal(instance, otpHash, clock));
        stored.measureReaders(meters);
        journal = stored;
        BrokerSetup broker = open(new BrokerSetup(settings, CallLimit.consumers(BridgeMBean.MOST_CALLS)));
        address = broker.address();

        PreFlight preFlight = new PreFlight(sealing.sealer(), journal, broker::checkPublisher);
        CallLimit callLimit = new CallLimit(settings.requests().concurrency());
        RouteSwitch routes = new RouteSwitch(callLimit);
        intake = open(new Intake(
                routes,
                journal,
                preFlight,
                settings.intake().closeAfter(),
                settings.intake().probeDelay(),
                clock));
        AttentionQueues queues = new AttentionQueues(broker.operators(), broker.publishers());
        EndpointClient client = open(new EndpointClient(
                settings.endpoint(),
                BridgeMBean.MOST_CALLS,
                "pairing-bridge/" + Version.get(),
                sealing.sealer(),
                clock));
        ManagementSetup management = open(new ManagementSetup(settings));
        Activity activity = new Activity(clock);
        Metrics metrics = open(new Metrics(
                meters,
                journal.reader(),
                intake,
                activity,
                queues::depths,
                client.connections(),
                sealing.keys(),
                management.certificates(),
                clock,
                Version.get()));
        RateLimit rateLimit = new RateLimit(settings.rateLimit());
        RequestBody requests = new RequestBody(settings.home().resolve("config/schema/pairing-request.schema.json"));
        SignedValue originals = new SignedValue(SignedValue.ORIGINAL_MESSAGE, otpHash::of);
        SignedValue gone = new SignedValue(RequestGone.PROPERTY, otpHash::of);
        UndecodableMessages undecodable = new UndecodableMessages(address, intake::blocked, clock);
        BatchSubmitter batches = new BatchSubmitter(
                journal.batches(),
                broker.publishers(),
                requests,
                settings.integrators().keySet(),
                otpHash,
                settings.requests().maxAge(),
                clock);
        BatchInbox inbox = new BatchInbox(
                settings.batchInbox(), instance, batches, journal.batches(), settings.batchKeep(), clock);
        BatchCompletion reports = new BatchCompletion(
                journal.batches(),
                inbox,
                settings.dataDirectory().resolve("batches"),
                Remedy::of,
                settings.environment(),
                clock);
        AuditLog audit = new AuditLog(settings.dataDirectory(), clock);
        Tracing tracing = settings.tracing().url() != null ? open(new Tracing(settings.tracing(), instance)) : null;
        long startedNanos = System.nanoTime();

        CamelSetup camel = new CamelSetup(settings);
        main = camel.main(managementTls, tracing);
        main.bind("managementVertx", management.vertx());
        main.bind("metricsRegistry", meters);
        main.bind("jms", broker.consumerComponent(undecodable::consumerRemoved));
        main.bind(BrokerSetup.PUBLISHER, broker.publisherComponent());
        main.bind("publisherUris", new BrokerSetup.PublisherUris());
        main.bind(settings.endpoint().url().getScheme(), camel.http(client));
        // The steps of the routes, in their order.
        main.bind("intake", intake);
        main.bind(
                "requestReader",
                new RequestReader(
                        requests,
                        settings.integrators().keySet(),
                        journal,
                        settings.requests().maxBegun(),
                        () -> data.afterCrash() && System.nanoTime() - startedNanos < AFTER_CRASH,
                        originals,
                        gone,
                        new RowMark(otpHash::of),
                        clock));
        main.bind("callLimit", callLimit);
        main.bind("rateLimit", rateLimit);
        main.bind("journalSteps", new JournalSteps(journal, new JobListeners(intake, activity, metrics), clock));
        main.bind("pairCall", new PairCall(settings.integratorId(), settings.integrators(), callLimit::release));
        main.bind("publishLeases", new PublishLeases(journal::acquireLease));
        main.bind(
                "messages",
                new Messages(
                        settings.environment(),
                        clock,
                        new BrokerClock(broker.publishers(), clock)::now,
                        originals,
                        gone));
        main.bind(
                "reconciler",
                new Reconciler(journal, queues::requests, settings.journal().retention(), clock));
        main.bind("batchQueue", new BatchMessages(batches));
        main.bind("batchInbox", inbox);
        main.bind("batchReports", reports);
        open(new BridgeMBean(
                new BridgeMBean.Parts(
                        Version.get(),
                        instance,
                        settings.environment(),
                        settings.dataDirectory(),
                        clock,
                        journal.reader(),
                        intake,
                        activity,
                        rateLimit,
                        queues,
                        requests,
                        audit,
                        sealing.keys(),
                        sealing.keyProblem(),
                        routes::reconcile),
                settings.requests().concurrency()));
        replacements.routes().accept(main);
        main.init();
        CamelContext context = main.getCamelContext();
        HealthCheckRegistry checks = HealthCheckRegistry.get(context);
        BridgeHealth.checks(intake, journal.reader(), sealing.keys(), sealing.keyProblem(), undecodable::problem)
                .forEach(checks::register);
        routes.of(context);
        opened.push(main::stop);
        main.start();
        undecodable.start(message -> tell(message, context, batches));
        open(undecodable);
        ManagementSite site = management.mount(context, audit, meters, reports);
        if (site != null) {
            open(site);
        }
        data.started();
        started = true;
        LOG.info(
                "Pairing Bridge {} takes requests from {} and calls {} ({})",
                Version.get(),
                address.url(),
                settings.endpoint().url(),
                settings.environment());
    }

    public Journal journal() {
        return journal;
    }

    public Intake intake() {
        return intake;
    }

    public CamelContext camel() {
        return main.getCamelContext();
    }

    /** Where the broker listens, and the bridge's login. */
    public BrokerAddress broker() {
        return address;
    }

    private Sealing sealing(Clock clock) {
        Sealing sealing;
        if (settings.seal().jwe()) {
            RotatingSealer rotating = new RotatingSealer(
                    settings.seal().recipientKeys(), settings.seal().breakGlassKeys(), clock);
            sealing = new Sealing(replacements.sealer().apply(rotating), rotating::keys, rotating::problem);
        } else {
            sealing = new Sealing(replacements.sealer().apply(new PlainSealer()), List::of, Optional::empty);
        }
        sealing.sealer().verify();
        return sealing;
    }

    private OtpHash otpHash(DataDirectory data) {
        String key = settings.journal().otpKey().isEmpty()
                ? data.otpKey()
                : settings.journal().otpKey();
        return new OtpHash(key.getBytes(StandardCharsets.UTF_8));
    }

    private JdbcJournal openJournal(String instance, OtpHash otpHash, Clock clock) {
        Settings.Retry retry = settings.retry();
        Limits limits = new Limits(
                settings.endpoint().deadline(),
                settings.requests().maxAge(),
                retry.maxAmbiguousAttempts(),
                new RetryPolicy(retry.firstDelay(), retry.maxDelay(), retry.multiplier(), retry.jitter()));
        return JdbcJournal.open(
                settings.journal(),
                limits,
                new Owner(instance, UUID.randomUUID().toString().substring(0, 13)),
                otpHash,
                clock);
    }

    /** Returns once the journal and the broker have what tells of the message's end. */
    private static void tell(UndecodableMessage message, CamelContext context, BatchSubmitter batches)
            throws Exception {
        if (message.queue() == BrokerQueue.BATCHES) {
            batches.refuse(
                    message.batchId() != null ? message.batchId() : "message-" + message.key(),
                    "message " + message.key(),
                    message.detail());
            return;
        }
        try (ProducerTemplate routes = context.createProducerTemplate()) {
            routes.sendBody("direct:undecodable", message);
        }
    }

    /** The HTTP client's wire log prints secrets; nobody may switch it on by mistake and find out too late. */
    private static void refuseWireLog() {
        for (String name : List.of("org.apache.hc.client5.http.wire", "org.apache.hc.client5.http.headers")) {
            if (LoggerFactory.getLogger(name).isDebugEnabled()) {
                throw new SettingsException("the logger " + name
                        + " is at DEBUG and would print one-time passwords and secrets; set it to WARN");
            }
        }
    }

    private <T extends AutoCloseable> T open(T part) {
        opened.push(part);
        return part;
    }

    static String rootMessage(Throwable e) {
        Throwable root = NestedExceptionUtils.getMostSpecificCause(e);
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }

    /** How long calls under way have to end when the bridge is stopped. */
    static long secondsToEnd(Settings settings) {
        return settings.endpoint().deadline().toSeconds() + 5;
    }

    /** Stops taking requests, lets calls under way end within their deadline, and closes everything. Repeatable. */
    @Override
    public synchronized void close() {
        boolean ran = started;
        started = false;
        if (ran) {
            LOG.info(
                    "Pairing Bridge stops: it takes no more requests; calls under way have {} s to end",
                    secondsToEnd(settings));
        }
        while (!opened.isEmpty()) {
            try {
                opened.pop().close();
            } catch (Exception e) {
                LOG.warn("While stopping: {}", e.toString());
            }
        }
        if (ran) {
            LOG.info("Pairing Bridge has stopped");
        }
    }
}
