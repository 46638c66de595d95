package io.pairingbridge;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.pairingbridge.batch.BatchInbox;
import io.pairingbridge.batch.BatchIntake;
import io.pairingbridge.batch.BatchQueue;
import io.pairingbridge.batch.BatchReports;
import io.pairingbridge.broker.BrokerAddress;
import io.pairingbridge.broker.BrokerCheck;
import io.pairingbridge.broker.BrokerClock;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.broker.BrokerQueue;
import io.pairingbridge.broker.BrokerUsers;
import io.pairingbridge.broker.DeliveryInterceptor;
import io.pairingbridge.broker.EmbeddedBroker;
import io.pairingbridge.broker.Finding;
import io.pairingbridge.broker.KnownDestinations;
import io.pairingbridge.broker.UndecodableMessage;
import io.pairingbridge.broker.UndecodableMessages;
import io.pairingbridge.delivery.Messages;
import io.pairingbridge.delivery.Reconciler;
import io.pairingbridge.delivery.Remedy;
import io.pairingbridge.delivery.SendTurns;
import io.pairingbridge.endpoint.EndpointClient;
import io.pairingbridge.endpoint.PairCall;
import io.pairingbridge.intake.CallLimit;
import io.pairingbridge.intake.Intake;
import io.pairingbridge.intake.PreFlight;
import io.pairingbridge.intake.RateLimit;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.intake.RequestReader;
import io.pairingbridge.job.CarrierMark;
import io.pairingbridge.job.RequestGone;
import io.pairingbridge.job.RowMark;
import io.pairingbridge.journal.Journal;
import io.pairingbridge.journal.JournalSteps;
import io.pairingbridge.journal.Limits;
import io.pairingbridge.journal.OtpHash;
import io.pairingbridge.journal.Owner;
import io.pairingbridge.journal.RetryPolicy;
import io.pairingbridge.journal.jdbc.JdbcJournal;
import io.pairingbridge.monitor.Activity;
import io.pairingbridge.monitor.BridgeHealth;
import io.pairingbridge.monitor.BridgeMBean;
import io.pairingbridge.monitor.CertificateStore;
import io.pairingbridge.monitor.ConnectionLimits;
import io.pairingbridge.monitor.ManagementSite;
import io.pairingbridge.monitor.ManagementTls;
import io.pairingbridge.monitor.Metrics;
import io.pairingbridge.monitor.Tracing;
import io.pairingbridge.operate.AttentionQueues;
import io.pairingbridge.operate.AuditLog;
import io.pairingbridge.sealing.PlainSealer;
import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import io.pairingbridge.sealing.RotatingSealer;
import io.pairingbridge.sealing.Sealer;
import io.pairingbridge.settings.PasswordFile;
import io.pairingbridge.settings.PasswordRule;
import io.pairingbridge.settings.Settings;
import io.pairingbridge.settings.SettingsException;
import io.pairingbridge.text.Text;
import io.vertx.core.Vertx;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.CamelContext;
import org.apache.camel.LoggingLevel;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.component.http.HttpActivityListener;
import org.apache.camel.component.http.HttpComponent;
import org.apache.camel.component.jms.JmsComponent;
import org.apache.camel.component.jms.JmsEndpoint;
import org.apache.camel.component.jms.JmsEndpointUriFactory;
import org.apache.camel.component.platform.http.vertx.VertxPlatformHttpRouter;
import org.apache.camel.health.HealthCheckRegistry;
import org.apache.camel.http.base.HttpHeaderFilterStrategy;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainListenerSupport;
import org.apache.camel.main.SimpleMainShutdownStrategy;
import org.apache.camel.support.jsse.SSLContextParameters;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.messaginghub.pooled.jms.JmsPoolConnectionFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;

/**
 * The one place of wiring: puts the parts together, in the order in which one needs the other, and takes them apart in
 * reverse. What happens to a job stands in {@code routes/}.
 */
public class Bridge implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Bridge.class);
    /** How long after a start deliveries may come that the process before had in its hands when it died. */
    private static final long AFTER_CRASH = TimeUnit.MINUTES.toNanos(1);

    /** In the data directory. */
    public static final String MANAGEMENT_USERS = "management-users.properties";

    private final Settings settings;
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private Journal journal;
    private Intake intake;
    private EmbeddedBroker broker;
    private BrokerAddress address;
    private String operatorsPassword;
    private Main main;
    private volatile boolean started;

    public Bridge(Settings settings) {
        this.settings = settings;
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

    private void open() throws Exception {
        refuseWireLog();
        LOG.info(
                "Pairing Bridge {} starts: environment {}, data directory {}",
                Version.get(),
                settings.environment(),
                settings.dataDirectory());
        EarlierData.of(settings.home(), settings.dataDirectory())
                .ifPresent(earlier -> LOG.warn(
                        "{} is new, and {} has a journal: if this is"
                                + " that bridge's new version, stop it and set pairing.data-directory to that folder, or move what is in it here; what it has called"
                                + " this one does not know",
                        settings.dataDirectory(),
                        earlier));
        Clock clock = clock();
        // Before the port: where another process has both, it is that process that matters, and it may be paused.
        DataDirectory data =
                open(DataDirectory.open(settings.dataDirectory(), "production".equals(settings.environment())));
        refuseTakenPort(settings.management());
        SSLContextParameters managementTls =
                settings.management().tls() ? ManagementTls.server(settings.management()) : null;
        RotatingSealer rotating = settings.seal().jwe()
                ? new RotatingSealer(
                        settings.seal().recipientKeys(), settings.seal().breakGlassKeys(), clock)
                : null;
        Sealer sealer = sealer(rotating != null ? rotating : new PlainSealer());
        Supplier<List<KeyInUse>> keys = rotating != null ? rotating::keys : List::of;
        Supplier<Optional<String>> keyProblem = rotating != null ? rotating::problem : Optional::empty;
        sealer.verify();
        String instance = settings.instanceId().isEmpty() ? data.instanceId() : settings.instanceId();
        OtpHash otpHash = otpHash(data);
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        JdbcJournal stored = openJournal(instance, otpHash, clock);
        journal = open(journal(stored));
        stored.measureReaders(meters);

        address = brokerAddress();
        JmsPoolConnectionFactory outConnections = outConnections();
        refuseUnsafeBroker();

        Output output = new Output(outConnections);
        PreFlight preFlight = new PreFlight(sealer, journal, output);
        CallLimit callLimit = new CallLimit(settings.requests().concurrency());
        Doors doors = new Doors(callLimit);
        intake = open(new Intake(
                doors,
                journal,
                preFlight,
                settings.intake().closeAfter(),
                settings.intake().probeDelay(),
                clock));
        AttentionQueues queues = new AttentionQueues(operatorConnections(), outConnections);
        EndpointClient client = open(new EndpointClient(
                settings.endpoint(),
                BridgeMBean.MOST_CALLS,
                "pairing-bridge/" + Version.get(),
                sealer,
                clock,
                callLimit::free));
        Activity activity = new Activity(
                open(new Metrics(
                        meters,
                        journal.reader(),
                        intake,
                        queues::depths,
                        client.connections(),
                        keys,
                        certificates(),
                        clock,
                        Version.get())),
                clock);
        long startedNanos = System.nanoTime();

        main = new Main();
        main.setShutdownStrategy(new SimpleMainShutdownStrategy()); // whoever starts the bridge stops it
        ConnectionLimits connections = new ConnectionLimits();
        Vertx vertx = Vertx.vertx();
        opened.push(
                () -> vertx.close().toCompletionStage().toCompletableFuture().get(10, TimeUnit.SECONDS));
        main.bind("managementVertx", connections.limited(vertx));
        UndecodableMessages undecodable = new UndecodableMessages(address, intake::blocked, clock);
        main.bind("jms", sessionOfTheConsumer(undecodable));
        main.bind("jmsout", aloneFromTheConsumer(outConnections));
        main.bind("jmsoutUris", new OutUris());
        HttpComponent http = http(client);
        main.bind(settings.endpoint().url().getScheme(), http);
        main.bind("metricsRegistry", meters);
        CarrierMark carriers = new CarrierMark(CarrierMark.PROPERTY, otpHash::of);
        CarrierMark gone = new CarrierMark(RequestGone.PROPERTY, otpHash::of);
        RequestBody requests = new RequestBody(settings.home().resolve("config/schema/pairing-request.schema.json"));
        main.bind(
                "requestReader",
                new RequestReader(
                        requests,
                        settings.integrators().keySet(),
                        journal,
                        settings.requests().maxBegun(),
                        () -> data.afterCrash() && System.nanoTime() - startedNanos < AFTER_CRASH,
                        carriers,
                        gone,
                        new RowMark(otpHash::of),
                        clock));
        main.bind("intake", intake);
        RateLimit rateLimit = new RateLimit(settings.rateLimit());
        main.bind("rateLimit", rateLimit);
        main.bind("journalSteps", new JournalSteps(journal, activity, clock));
        main.bind("pairCall", new PairCall(settings.integratorId(), settings.integrators()));
        main.bind("callLimit", callLimit);
        main.bind(
                "messages",
                new Messages(
                        settings.environment(), clock, new BrokerClock(outConnections, clock)::now, carriers, gone));
        main.bind("sendTurns", new SendTurns(journal::acquireLease));
        main.bind(
                "reconciler",
                new Reconciler(journal, queues::requests, settings.journal().retention(), clock));
        AuditLog audit = new AuditLog(settings.dataDirectory(), clock);
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
                        keys,
                        keyProblem,
                        doors::reconcile),
                settings.requests().concurrency()));
        BatchIntake batches = new BatchIntake(
                journal.batches(),
                outConnections,
                requests,
                settings.integrators().keySet(),
                otpHash,
                settings.requests().maxAge(),
                clock);
        BatchInbox inbox = new BatchInbox(
                settings.batchInbox(), instance, batches, journal.batches(), settings.batchKeep(), clock);
        main.bind("batchQueue", new BatchQueue(batches));
        main.bind("batchInbox", inbox);
        BatchReports reports = new BatchReports(
                journal.batches(),
                inbox,
                settings.dataDirectory().resolve("batches"),
                Remedy::of,
                settings.environment(),
                clock);
        main.bind("batchReports", reports);
        configure(main);
        Tracing tracing = settings.tracing().url() != null ? open(new Tracing(settings.tracing(), instance)) : null;
        main.addMainListener(new MainListenerSupport() {
            @Override
            public void beforeConfigure(BaseMainSupport camel) {
                if (managementTls != null) {
                    // What Camel calls global is used by its servers alone: no component of this bridge is told to take
                    // it.
                    camel.getCamelContext().setSSLContextParameters(managementTls);
                }
                if (tracing != null) {
                    tracing.follow(camel.getCamelContext());
                }
            }
        });
        beforeStart(main);
        main.init();
        CamelContext context = main.getCamelContext();
        HealthCheckRegistry checks = HealthCheckRegistry.get(context);
        BridgeHealth.checks(intake, journal.reader(), keys, keyProblem, undecodable::problem)
                .forEach(checks::register);
        doors.context = context;
        opened.push(main::stop);
        main.start();
        undecodable.start(message -> tell(message, context, batches));
        open(undecodable);
        mount(context, audit, meters, connections, reports);
        data.started();
        started = true;
        LOG.info(
                "Pairing Bridge {} takes requests from {} and calls {} ({})",
                Version.get(),
                address.url(),
                settings.endpoint().url(),
                settings.environment());
    }

    /** Where people find it, by which name and with which password. */
    private void sayWhereThePageIs() {
        Settings.Management management = settings.management();
        String host = management.host().indexOf(':') < 0 ? management.host() : "[" + management.host() + "]";
        LOG.info(
                "The operator's page is {}://{}:{}{}/; log in as user {}, whose password {}",
                management.tls() ? "https" : "http",
                host,
                management.port(),
                ManagementSite.CONSOLE,
                BrokerUsers.OPERATOR,
                management.password().isEmpty()
                        ? "lies in " + settings.dataDirectory().resolve(MANAGEMENT_USERS)
                        : "is the setting pairing.management.password");
    }

    /** The operator's page and JMX, on the management server that Camel has just started. */
    private void mount(
            CamelContext context,
            AuditLog audit,
            PrometheusMeterRegistry meters,
            ConnectionLimits connections,
            BatchReports reports) {
        VertxPlatformHttpRouter router = VertxPlatformHttpRouter.lookup(
                context,
                VertxPlatformHttpRouter.getRouterNameFromPort(
                        settings.management().port()));
        if (router == null) {
            LOG.warn("There is no operator's page and no health over HTTP: camel.management.enabled is false");
            return;
        }
        PasswordFile logins = new PasswordFile(
                settings.dataDirectory().resolve(MANAGEMENT_USERS),
                "The management's passwords",
                "# Logins of the operator's page and of JMX over HTTP, made at the first start. Add a line for each person, so that the\n"
                        + "# audit log can tell who did what. A setting pairing.management.password wins for the user operator.\n");
        String configured = settings.management().password();
        if (configured.isEmpty()) {
            logins.load(List.of(BrokerUsers.OPERATOR));
        }
        boolean production = "production".equals(settings.environment());
        Set<String> refused = ConcurrentHashMap.newKeySet();
        ManagementSite site = open(new ManagementSite(
                () -> {
                    Map<String, String> users = new HashMap<>(logins.read());
                    if (!configured.isEmpty()) {
                        users.put(BrokerUsers.OPERATOR, configured);
                    }
                    if (production) {
                        // A line that was added since the start; before it, the start itself is refused.
                        users.entrySet().removeIf(user -> weak(user.getKey(), user.getValue(), logins.file(), refused));
                    }
                    return users;
                },
                settings.home().resolve("config/jolokia-access.xml"),
                audit,
                meters,
                connections));
        site.reports(reports::page).mount(router, router.vertx());
        sayWhereThePageIs();
    }

    private static boolean weak(String user, String password, Path file, Set<String> said) {
        String fault = PasswordRule.fault(user, password);
        if (fault != null && said.add(user + " " + fault)) {
            LOG.warn(
                    "User {} cannot log in: the password in {} {}; choose a random one, for example with 'openssl rand -base64 24'",
                    Text.line(user, 64),
                    file,
                    fault);
        }
        return fault != null;
    }

    /** Returns once the journal and the broker have what tells of the message's end. */
    private static void tell(UndecodableMessage message, CamelContext context, BatchIntake batches) throws Exception {
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

    private List<CertificateStore> certificates() {
        List<CertificateStore> stores = new ArrayList<>();
        Settings.Endpoint endpoint = settings.endpoint();
        if (endpoint.truststore() != null) {
            stores.add(
                    CertificateStore.read("endpoint.truststore", endpoint.truststore(), endpoint.truststorePassword()));
        }
        Settings.Broker b = settings.broker();
        if (!b.embedded() && b.truststore() != null) {
            stores.add(CertificateStore.read("broker.truststore", b.truststore(), b.truststorePassword()));
        }
        if (!b.embedded() && b.keystore() != null) {
            stores.add(CertificateStore.read("broker.keystore", b.keystore(), b.keystorePassword()));
        }
        if (settings.management().tls()) {
            stores.add(CertificateStore.read(
                    "management.keystore",
                    settings.management().keystore(),
                    settings.management().keystorePassword()));
        }
        return stores;
    }

    /** For tests that put something between the bridge and its journal. */
    protected Journal journal(Journal opened) {
        return opened;
    }

    /** For tests that put something between the bridge and its sealer. */
    protected Sealer sealer(Sealer loaded) {
        return loaded;
    }

    /** For tests that watch or stop the routes' steps. */
    protected void beforeStart(Main camel) {}

    /** For tests that move the time. */
    protected Clock clock() {
        return Clock.systemUTC();
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

    private BrokerAddress brokerAddress() {
        Settings.Broker b = settings.broker();
        if (!b.embedded()) {
            operatorsPassword = b.users().get(BrokerUsers.OPERATOR);
            return new BrokerAddress(
                    b.url(),
                    b.username(),
                    b.password(),
                    b.truststore(),
                    b.truststorePassword(),
                    b.keystore(),
                    b.keystorePassword());
        }
        BrokerUsers users = BrokerUsers.load(settings.dataDirectory(), b.users());
        operatorsPassword = users.password(BrokerUsers.OPERATOR);
        broker = open(
                EmbeddedBroker.start(b.config(), settings.dataDirectory(), b.embeddedHost(), b.embeddedPort(), users));
        return new BrokerAddress(broker.url(), BrokerUsers.BRIDGE, users.password(BrokerUsers.BRIDGE));
    }

    /** For what the operator may do at the broker and the bridge may not; null if that login is not known. */
    private ActiveMQConnectionFactory operatorConnections() {
        if (operatorsPassword == null) {
            return null;
        }
        ActiveMQConnectionFactory connections = BrokerConnections.factory(new BrokerAddress(
                address.url(),
                BrokerUsers.OPERATOR,
                operatorsPassword,
                address.truststore(),
                address.truststorePassword(),
                address.keystore(),
                address.keystorePassword()));
        // Bytes. Letters are browsed, thousands at a time; with more, a page that needs only the first ones is often
        // closed while the broker is
        // still sending, which the broker logs as an error (AMQ224046).
        connections.setConsumerWindowSize(64 * 1024);
        return connections;
    }

    private void refuseUnsafeBroker() throws JMSException {
        List<Finding> findings;
        try {
            findings = BrokerCheck.run(BrokerConnections.factory(address));
        } catch (JMSException e) {
            throw new SettingsException("the broker " + address.url() + " cannot be used as user " + address.username()
                    + ": " + rootMessage(e) + "; check pairing.broker.url, the login and that the broker runs");
        }
        findings.stream()
                .filter(f -> f.severity() == Finding.Severity.UNKNOWN)
                .forEach(f -> LOG.warn("Broker not checked: {}: {} {}", f.subject(), f.problem(), f.remedy()));
        List<String> unsafe = findings.stream()
                .filter(f -> f.severity() == Finding.Severity.UNSAFE)
                .map(f ->
                        "the broker is not safe for this work: " + f.subject() + ": " + f.problem() + " " + f.remedy())
                .toList();
        if (!unsafe.isEmpty()) {
            throw new SettingsException(unsafe);
        }
    }

    private ActiveMQConnectionFactory brokerConnections() {
        ActiveMQConnectionFactory connections = BrokerConnections.factory(address);
        BrokerConnections.giveUpAfter(connections, settings.broker().connectionTtl());
        return connections;
    }

    /**
     * What is sent here is sent when the consumer's session commits, together with its acknowledgement, or not at all.
     */
    private JmsComponent sessionOfTheConsumer(UndecodableMessages undecodable) {
        ActiveMQConnectionFactory connections = brokerConnections();
        connections.getServerLocator().addIncomingInterceptor(new DeliveryInterceptor(undecodable::consumerRemoved));
        // The commit is what is waited for. When the broker goes away, the client sends what was not yet acknowledged
        // on the
        // dead connection, one session after the other, and would wait half a minute for each before it connects again.
        connections.setBlockOnAcknowledge(false);
        JmsComponent jms = component(connections);
        jms.setTransacted(true);
        jms.setLazyCreateTransactionManager(false);
        jms.setCacheLevelName("CACHE_CONSUMER");
        jms.setRecoveryInterval(1_000);
        return jms;
    }

    /**
     * What is sent here is on the broker's disk when the send returns. Another connection factory, or Camel would join
     * it.
     */
    private JmsComponent aloneFromTheConsumer(ConnectionFactory connections) {
        JmsComponent jms = component(connections);
        jms.setTransacted(false);
        return jms;
    }

    private static JmsComponent component(ConnectionFactory connections) {
        JmsComponent jms = new JmsComponent();
        jms.setConnectionFactory(connections);
        jms.setDeliveryPersistent(true);
        jms.setDisableReplyTo(true);
        jms.setErrorHandlerLogStackTrace(false);
        jms.setErrorHandlerLoggingLevel(LoggingLevel.DEBUG); // the routes' own error handler has said it
        jms.setAcceptMessagesWhileStopping(false);
        jms.setDestinationResolver(new KnownDestinations());
        return jms;
    }

    private JmsPoolConnectionFactory outConnections() {
        JmsPoolConnectionFactory pool = new JmsPoolConnectionFactory();
        pool.setConnectionFactory(brokerConnections());
        pool.setMaxConnections(1);
        pool.setMaxSessionsPerConnection(CallLimit.inHand(BridgeMBean.MOST_CALLS) + 8);
        pool.setUseProviderJMSContext(false);
        opened.push(pool::stop);
        pool.start();
        return pool;
    }

    private static HttpComponent http(EndpointClient client) {
        HttpComponent http = new HttpComponent();
        http.setHttpClientConfigurer(client);
        http.setAutomaticRetriesDisabled(true);
        http.setRedirectHandlingDisabled(true);
        http.setCookieManagementDisabled(true);
        HttpHeaderFilterStrategy headers = new HttpHeaderFilterStrategy();
        headers.getOutFilter().addAll(Tracing.CONTEXT); // added by the tracer after the route has written its headers
        http.setHeaderFilterStrategy(headers);
        // Its presence makes camel-http leave the exchange in the request's context, where SealingExchange finds the
        // attempt.
        http.setHttpActivityListener(new HttpActivityListener() {
            @Override
            public void onRequestSubmitted(
                    Object source,
                    org.apache.camel.Exchange exchange,
                    HttpHost host,
                    HttpRequest request,
                    HttpEntity entity) {}

            @Override
            public void onResponseReceived(
                    Object source,
                    org.apache.camel.Exchange exchange,
                    HttpHost host,
                    HttpResponse response,
                    HttpEntity entity,
                    long elapsed) {}
        });
        return http;
    }

    private void configure(Main camel) {
        Properties properties = new Properties();
        properties.setProperty("camel.main.name", "pairing-bridge");
        properties.setProperty("camel.main.autoConfigurationLogSummary", "false");
        properties.setProperty("camel.main.startupRecorder", "off");
        properties.setProperty("camel.main.jmxEnabled", "true");
        properties.setProperty("camel.main.useMdcLogging", "false");
        // A call under way may take its full deadline before it is cut off; the journal knows what was cut off.
        properties.setProperty(
                "camel.main.shutdownTimeout",
                Long.toString(settings.endpoint().deadline().toSeconds() + 5));
        properties.setProperty("camel.main.shutdownLogInflightExchangesOnTimeout", "true");
        properties.setProperty("camel.management.enabled", "true");
        properties.setProperty("camel.management.host", settings.management().host());
        properties.setProperty(
                "camel.management.port", Integer.toString(settings.management().port()));
        properties.setProperty(
                "camel.management.useGlobalSslContextParameters",
                Boolean.toString(settings.management().tls()));
        properties.setProperty("camel.management.healthCheckEnabled", "true");
        properties.setProperty("camel.management.healthPath", "/observe/health");
        properties.setProperty(
                "camel.management.metricsEnabled", "false"); // ManagementSite serves them, whatever the client accepts
        properties.setProperty("camel.management.infoEnabled", "true");
        properties.setProperty("camel.management.infoPath", "/observe/info");
        properties.setProperty("camel.management.jolokiaEnabled", "false");
        properties.setProperty("camel.metrics.enabled", "true");
        properties.setProperty("camel.metrics.enableRoutePolicy", "true");
        properties.setProperty("camel.metrics.enableMessageHistory", "false");
        // Timers of every send to every endpoint, beside those of the routes: a tenth of Camel's processor time for
        // nothing that is asked.
        properties.setProperty("camel.metrics.enableExchangeEventNotifier", "false");
        properties.setProperty("camel.health.exposureLevel", "full");
        properties.putAll(settings.camel());
        // Only what the routes name; secrets are not among the properties that Camel knows.
        properties.setProperty("pairing.endpoint.url", settings.endpoint().url().toString());
        properties.setProperty(
                "pairing.requests.in-hand",
                Integer.toString(CallLimit.inHand(settings.requests().concurrency())));
        properties.setProperty(
                "pairing.reconcile.interval",
                Long.toString(settings.reconcileInterval().toMillis()));
        camel.setDefaultPropertyPlaceholderLocation("false");
        camel.setOverrideProperties(properties);
        camel.configure().withRoutesIncludePattern("file:" + routes() + "/*.camel.yaml");
    }

    /** Camel looks into no folder that is a link, finds no routes then, and starts without them. */
    private Path routes() {
        Path folder = settings.home().resolve("routes");
        try {
            if (Files.exists(folder.resolve("requests.camel.yaml"))) {
                return folder.toRealPath();
            }
        } catch (IOException e) {
            throw new SettingsException(
                    "the routes in " + folder + " cannot be read (" + e + "): check its permissions");
        }
        throw new SettingsException("there are no routes in " + folder + ": restore the folder from the bundle");
    }

    /** The HTTP client's wire log prints secrets; nobody may switch it on by mistake and find out too late. */
    private static void refuseWireLog() {
        for (String name : List.of("org.apache.hc.client5.http.wire", "org.apache.hc.client5.http.headers")) {
            if (LoggerFactory.getLogger(name).isDebugEnabled()) {
                throw new SettingsException("the logger " + name
                        + " is at DEBUG and would print one-time passwords and secrets;" + " set it to WARN");
            }
        }
    }

    /** The management server only logs that it could not start, and nobody would see the bridge's health. */
    private static void refuseTakenPort(Settings.Management management) {
        try (ServerSocket free = new ServerSocket(management.port(), 1, InetAddress.getByName(management.host()))) {
            LOG.debug("Management on {}", free.getLocalSocketAddress());
        } catch (IOException e) {
            throw new SettingsException(
                    "the management address " + management.host() + ":" + management.port() + " cannot be used ("
                            + e.getMessage()
                            + "): end the program that uses the port, or choose others with pairing.management.port and"
                            + " pairing.management.host");
        }
    }

    private <T extends AutoCloseable> T open(T part) {
        opened.push(part);
        return part;
    }

    private static String rootMessage(Throwable e) {
        Throwable root = NestedExceptionUtils.getMostSpecificCause(e);
        return root.getMessage() == null ? root.toString() : root.getMessage();
    }

    /** Stops taking requests, lets calls under way end within their deadline, and closes everything. Repeatable. */
    @Override
    public synchronized void close() {
        boolean ran = started;
        started = false;
        if (ran) {
            LOG.info(
                    "Pairing Bridge stops: it takes no more requests; calls under way have {} s to end",
                    settings.endpoint().deadline().toSeconds() + 5);
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

    /**
     * Makes {@code destinationType} mean the same on {@code jmsout} as on {@code jms}. Camel knows a component's
     * parameters by its own name only; of any other name it would take each destination for a queue.
     */
    private static final class OutUris extends JmsEndpointUriFactory {
        @Override
        public boolean isEnabled(String scheme) {
            return "jmsout".equals(scheme);
        }
    }

    /** The way to the credentials queue: a live connection, on which a session can be had. */
    private record Output(JmsPoolConnectionFactory connections) implements PreFlight.Output {
        @Override
        public void check() throws JMSException {
            try (Connection connection = connections.createConnection();
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                session.getTransacted();
            }
        }
    }

    /** The consumers of the request queue are the routes {@code requests} (all) and {@code probe} (one). */
    private static final class Doors implements Intake.Consumers {
        private static final Duration LONGEST_WAIT = Duration.ofMinutes(2);
        private final CallLimit callLimit;
        private volatile CamelContext context;

        Doors(CallLimit callLimit) {
            this.callLimit = callLimit;
        }

        @Override
        public void all() throws Exception {
            stop("probe");
            if (context.getRouteController().getRouteStatus("requests").isSuspended()) {
                context.getRouteController().resumeRoute("requests");
            } else {
                context.getRouteController().startRoute("requests");
            }
        }

        /** The listener container gives no consumer up while it has work, so the route begins anew. */
        @Override
        public void width(int calls) throws Exception {
            boolean open =
                    context.getRouteController().getRouteStatus("requests").isStarted();
            context.getRouteController().stopRoute("requests", LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS);
            ((JmsEndpoint) context.getRoute("requests").getEndpoint()).setConcurrentConsumers(CallLimit.inHand(calls));
            callLimit.change(calls);
            if (open) {
                context.getRouteController().startRoute("requests");
            }
        }

        /** Its timer fires half a second after it starts. */
        void reconcile() throws Exception {
            context.getRouteController().stopRoute("reconcile", LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS);
            context.getRouteController().startRoute("reconcile");
        }

        @Override
        public void one() throws Exception {
            if (context.getRouteController().getRouteStatus("probe").isSuspended()) {
                context.getRouteController().resumeRoute("probe");
            } else {
                context.getRouteController().startRoute("probe");
            }
        }

        @Override
        public void none() throws Exception {
            stop("requests");
            stop("probe");
        }

        private void stop(String route) throws Exception {
            if (context.getRouteController().getRouteStatus(route).isStarted()) {
                context.getRouteController().suspendRoute(route, LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS);
            }
        }
    }
}
