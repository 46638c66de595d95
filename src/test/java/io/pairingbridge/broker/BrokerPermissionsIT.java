package io.pairingbridge.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.access.BrokerUsers;
import jakarta.jms.Connection;
import jakarta.jms.Destination;
import jakarta.jms.InvalidDestinationException;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.Message;
import jakarta.jms.Session;
import jakarta.jms.TemporaryQueue;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.jms.management.JMSManagementHelper;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.activemq.artemis.jms.client.ActiveMQQueue;
import org.apache.activemq.artemis.jms.client.ActiveMQSession;
import org.apache.activemq.artemis.jms.client.ActiveMQTopic;
import org.apache.qpid.jms.JmsConnectionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every role, address and action: allowed where the table says so, refused everywhere else. */
class BrokerPermissionsIT {

    private enum Action {
        SEND,
        CONSUME,
        BROWSE
    }

    /** Who may do what; this is the table of the contract, and whatever is not in it is refused. */
    private static final Map<BrokerQueue, Map<Action, Set<String>>> ALLOWED = new EnumMap<>(Map.of(
            BrokerQueue.UNROUTABLE,
                    Map.of(
                            Action.CONSUME, Set.of(BrokerUsers.OPERATOR),
                            Action.BROWSE, Set.of(BrokerUsers.OPERATOR)),
            BrokerQueue.REQUESTS,
                    Map.of(
                            Action.SEND, Set.of(BrokerUsers.ERP_REQUESTER, BrokerUsers.BRIDGE, BrokerUsers.OPERATOR),
                            Action.CONSUME, Set.of(BrokerUsers.BRIDGE)),
            BrokerQueue.BATCHES,
                    Map.of(
                            Action.SEND, Set.of(BrokerUsers.ERP_REQUESTER),
                            Action.CONSUME, Set.of(BrokerUsers.BRIDGE)),
            BrokerQueue.CREDENTIALS,
                    Map.of(
                            Action.SEND, Set.of(BrokerUsers.BRIDGE),
                            Action.CONSUME, Set.of(BrokerUsers.ERP_CREDENTIALS)),
            BrokerQueue.REFUSED,
                    Map.of(
                            Action.CONSUME, Set.of(BrokerUsers.ERP_CREDENTIALS),
                            Action.BROWSE, Set.of(BrokerUsers.ERP_CREDENTIALS)),
            BrokerQueue.OUTCOMES,
                    Map.of(
                            Action.SEND, Set.of(BrokerUsers.BRIDGE),
                            Action.CONSUME, Set.of(BrokerUsers.ERP_REQUESTER),
                            Action.BROWSE, Set.of(BrokerUsers.ERP_REQUESTER)),
            BrokerQueue.DEAD_LETTERS,
                    Map.of(
                            Action.SEND, Set.of(BrokerUsers.BRIDGE),
                            Action.CONSUME, Set.of(BrokerUsers.OPERATOR),
                            Action.BROWSE, Set.of(BrokerUsers.OPERATOR)),
            BrokerQueue.IN_DOUBT,
                    Map.of(
                            Action.SEND, Set.of(BrokerUsers.BRIDGE),
                            Action.CONSUME, Set.of(BrokerUsers.OPERATOR),
                            Action.BROWSE, Set.of(BrokerUsers.OPERATOR)),
            BrokerQueue.EXPIRED,
                    Map.of(
                            Action.SEND, Set.of(BrokerUsers.BRIDGE),
                            Action.CONSUME, Set.of(BrokerUsers.BRIDGE))));

    @TempDir
    private static Path directory;

    private static TestBroker broker;

    @BeforeAll
    static void start() {
        broker = TestBroker.start(directory);
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @ParameterizedTest
    @MethodSource("everyCombination")
    void allowsWhatTheTableSaysAndNothingElse(String user, BrokerQueue queue, Action action) throws JMSException {
        boolean allowed = ALLOWED.get(queue).getOrDefault(action, Set.of()).contains(user);

        try (Connection connection = broker.factory(user).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            if (allowed) {
                attempt(session, queue, action);
            } else {
                assertThatThrownBy(() -> attempt(session, queue, action)).isInstanceOf(JMSSecurityException.class);
            }
        }
    }

    static Stream<Arguments> everyCombination() {
        return BrokerUsers.ALL.stream()
                .flatMap(user -> Stream.of(BrokerQueue.values())
                        .flatMap(queue -> Stream.of(Action.values()).map(action -> Arguments.of(user, queue, action))));
    }

    private static void attempt(Session session, BrokerQueue queue, Action action) throws JMSException {
        switch (action) {
            case SEND ->
                session.createProducer(TestBroker.target(session, queue)).send(session.createTextMessage("{}"));
            case CONSUME ->
                session.createConsumer(session.createQueue(queue.fullyQualified()))
                        .close();
            case BROWSE ->
                session.createBrowser(session.createQueue(queue.fullyQualified()))
                        .getEnumeration()
                        .hasMoreElements();
            default -> throw new IllegalArgumentException(action.name());
        }
    }

    @Test
    void isTheTableOfTheDeploymentPage() throws IOException {
        StringBuilder table = new StringBuilder("| address | send | consume | browse |\n|---|---|---|---|\n");
        for (BrokerQueue queue : BrokerQueue.values()) {
            table.append("| `").append(queue.address()).append("` |");
            for (Action action : Action.values()) {
                List<String> users = Stream.of(
                                BrokerUsers.ERP_REQUESTER,
                                BrokerUsers.ERP_CREDENTIALS,
                                BrokerUsers.BRIDGE,
                                BrokerUsers.OPERATOR)
                        .filter(ALLOWED.get(queue).getOrDefault(action, Set.of())::contains)
                        .toList();
                table.append(users.isEmpty() ? " |" : " " + String.join(", ", users) + " |");
            }
            table.append('\n');
        }
        assertThat(Files.readString(Path.of("docs", "operate", "broker.md"))).contains("\n" + table + "\n");
    }

    /** The same doors, whatever language is spoken at them: sending over AMQP. */
    @ParameterizedTest
    @MethodSource("everyRoleAndQueue")
    void allowsTheSameOverAmqp(String user, BrokerQueue queue) throws JMSException {
        boolean allowed = ALLOWED.get(queue).getOrDefault(Action.SEND, Set.of()).contains(user);

        try (Connection connection = new JmsConnectionFactory(
                                user, TestBroker.password(user), "amqp://127.0.0.1:" + broker.port())
                        .createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            if (allowed) {
                attempt(session, queue, Action.SEND);
            } else {
                assertThatThrownBy(() -> attempt(session, queue, Action.SEND)).isInstanceOf(JMSSecurityException.class);
            }
        }
    }

    /** And over STOMP. */
    @ParameterizedTest
    @MethodSource("everyRoleAndQueue")
    void allowsTheSameOverStomp(String user, BrokerQueue queue) throws IOException {
        boolean allowed = ALLOWED.get(queue).getOrDefault(Action.SEND, Set.of()).contains(user);
        String routing = queue.multicast() ? "MULTICAST" : "ANYCAST";

        assertThat(stomp(
                        user,
                        TestBroker.password(user),
                        "SEND\ndestination:" + queue.address() + "\ndestination-type:" + routing + "\nreceipt:1\n\n{}"))
                .isEqualTo(allowed ? "RECEIPT" : "ERROR");
    }

    @Test
    void refusesAnonymousAndWrongLoginsOverStomp() throws IOException {
        String send = "SEND\ndestination:pairing.requests\ndestination-type:ANYCAST\nreceipt:1\n\n{}";
        assertThat(stomp(null, null, send)).isEqualTo("ERROR");
        assertThat(stomp(BrokerUsers.ERP_REQUESTER, "wrong", send)).isEqualTo("ERROR");
        assertThat(stomp("nobody", "nobody-password", send)).isEqualTo("ERROR");
    }

    static Stream<Arguments> everyRoleAndQueue() {
        return BrokerUsers.ALL.stream()
                .flatMap(user -> Stream.of(BrokerQueue.values()).map(queue -> Arguments.of(user, queue)));
    }

    /** The command of the first frame that is no CONNECTED, or of the one that refuses the connection. */
    private static String stomp(String user, String password, String frame) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", broker.port())) {
            socket.setSoTimeout(20_000);
            String login = user == null ? "" : "login:" + user + "\npasscode:" + password + "\n";
            socket.getOutputStream()
                    .write(("CONNECT\naccept-version:1.2\nhost:broker\n" + login + "\n\0" + frame + "\0")
                            .getBytes(StandardCharsets.UTF_8));
            try (Scanner frames = new Scanner(socket.getInputStream(), StandardCharsets.UTF_8).useDelimiter("\0")) {
                String command = frames.next().strip().lines().findFirst().orElseThrow();
                return "CONNECTED".equals(command)
                        ? frames.next().strip().lines().findFirst().orElseThrow()
                        : command;
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesQueuesOfOnesOwnExceptForOutcomes(BrokerQueue queue) throws JMSException {
        for (String user : BrokerUsers.ALL) {
            if (queue == BrokerQueue.OUTCOMES && user.equals(BrokerUsers.ERP_REQUESTER)) {
                continue;
            }
            try (Connection connection = broker.factory(user).createConnection();
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                assertThatThrownBy(() -> ((ActiveMQSession) session)
                                .getCoreSession()
                                .createQueue(QueueConfiguration.of("copy-for-" + user)
                                        .setAddress(queue.address())
                                        .setRoutingType(RoutingType.MULTICAST)
                                        .setDurable(false)
                                        .setTemporary(true)))
                        .hasMessageContaining("CREATE_NON_DURABLE_QUEUE");
            }
        }
    }

    @Test
    void letsOnlyTheBridgeAskTheManagementAddress() throws JMSException {
        for (String user : BrokerUsers.ALL) {
            if (!user.equals(BrokerUsers.BRIDGE)) {
                try (Connection connection = broker.factory(user).createConnection();
                        Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                    Message question = session.createMessage();
                    JMSManagementHelper.putOperationInvocation(question, "broker", "isPersistenceEnabled");
                    var management = session.createProducer(new ActiveMQQueue("activemq.management"));
                    assertThatThrownBy(() -> management.send(question))
                            .isInstanceOf(JMSSecurityException.class)
                            .hasMessageContaining("MANAGE");
                    assertThatThrownBy(session::createTemporaryQueue).isInstanceOf(JMSSecurityException.class);
                }
            }
        }
    }

    @Test
    void letsTheBridgeReadSettingsThroughManagementAndNothingElse() throws Exception {
        try (Connection connection = broker.factory(BrokerUsers.BRIDGE).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            assertThat(manage(session, "broker", "isPersistenceEnabled")).isEqualTo("true: true");
            for (String operation : List.of("browse", "listMessages", "countMessages", "removeAllMessages", "pause")) {
                Object[] parameters = operation.equals("listMessages") ? new Object[] {""} : new Object[0];
                assertThat(manage(session, "queue.pairing.credentials", operation, parameters))
                        .startsWith("false")
                        .contains("does not have permission");
            }
            for (String operation :
                    List.of("listConnectionIDs", "getAcceptorsAsJSON", "forceFailover", "disableMessageCounters")) {
                assertThat(manage(session, "broker", operation))
                        .startsWith("false")
                        .contains("does not have permission");
            }
        }
    }

    private static String manage(Session session, String resource, String operation, Object... parameters)
            throws Exception {
        TemporaryQueue replies = session.createTemporaryQueue();
        try (var answers = session.createConsumer(replies);
                var questions = session.createProducer(new ActiveMQQueue("activemq.management"))) {
            Message question = session.createMessage();
            JMSManagementHelper.putOperationInvocation(question, resource, operation, parameters);
            question.setJMSReplyTo(replies);
            questions.send(question);
            Message answer = answers.receive(10_000);
            return JMSManagementHelper.hasOperationSucceeded(answer) + ": " + JMSManagementHelper.getResult(answer);
        }
    }

    @Test
    void letsARequesterWaitForOutcomesOnASubscriptionOfItsOwn() throws JMSException {
        try (Connection connection = broker.factory(BrokerUsers.ERP_REQUESTER).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            var subscription = session.createConsumer(
                    session.createTopic(BrokerQueue.OUTCOMES.address()), "PairingJobId = 'mine'");

            broker.send(BrokerUsers.BRIDGE, BrokerQueue.OUTCOMES, "not mine", Map.of("PairingJobId", "other"));
            broker.send(BrokerUsers.BRIDGE, BrokerQueue.OUTCOMES, "mine", Map.of("PairingJobId", "mine"));

            assertThat(subscription.receive(10_000).getBody(String.class)).isEqualTo("mine");
            subscription.close();
        }
    }

    @Test
    void refusesDurableSubscriptionsAndThoseOfOthers() throws JMSException {
        for (String user : BrokerUsers.ALL) {
            try (Connection connection = broker.factory(user).createConnection();
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                var outcomes = session.createTopic(BrokerQueue.OUTCOMES.address());
                assertThatThrownBy(() -> session.createSharedDurableConsumer(outcomes, "forever"))
                        .isInstanceOf(JMSSecurityException.class);
                if (!user.equals(BrokerUsers.ERP_REQUESTER)) {
                    assertThatThrownBy(() -> session.createConsumer(outcomes)).isInstanceOf(JMSSecurityException.class);
                }
            }
        }
    }

    @Test
    void refusesToDeleteWhatIsPredefined() throws JMSException {
        for (String user : BrokerUsers.ALL) {
            try (Connection connection = broker.factory(user).createConnection();
                    Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
                for (BrokerQueue queue : BrokerQueue.values()) {
                    assertThatThrownBy(() ->
                                    ((ActiveMQSession) session).getCoreSession().deleteQueue(queue.queue()))
                            .hasMessageContaining("DELETE_DURABLE_QUEUE");
                }
            }
        }
    }

    @ParameterizedTest
    @FieldSource("io.pairingbridge.access.BrokerUsers#ALL")
    void createsNoAddressForAMistypedName(String user) throws Exception {
        try (Connection connection = broker.factory(user).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            for (Destination mistyped :
                    List.of(new ActiveMQQueue("pairing.request"), new ActiveMQTopic("pairing.outcome"))) {
                assertThatThrownBy(() -> session.createProducer(mistyped))
                        .isInstanceOf(InvalidDestinationException.class);
                assertThatThrownBy(() -> session.createConsumer(mistyped))
                        .isInstanceOf(InvalidDestinationException.class);
            }
            var core = ((ActiveMQSession) session).getCoreSession();
            assertThatThrownBy(() -> core.createAddress(SimpleString.of("pairing.request"), RoutingType.ANYCAST, false))
                    .hasMessageContaining("CREATE_ADDRESS");
            assertThat(core.addressQuery(SimpleString.of("pairing.request")).isExists())
                    .isFalse();
        }
    }

    @ParameterizedTest
    @FieldSource("io.pairingbridge.access.BrokerUsers#ALL")
    void createsNoAddressForAMistypedNameOverAmqp(String user) throws JMSException {
        try (Connection connection = new JmsConnectionFactory(
                                user, TestBroker.password(user), "amqp://127.0.0.1:" + broker.port())
                        .createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            assertThatThrownBy(() -> session.createProducer(session.createQueue("pairing.request")))
                    .isInstanceOf(JMSException.class);
        }
    }

    @Test
    void refusesAMessageOfTheWrongKindInsteadOfLosingIt() throws JMSException {
        try (Connection connection = broker.factory(BrokerUsers.ERP_REQUESTER).createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            assertThatThrownBy(() -> session.createProducer(session.createTopic(BrokerQueue.REQUESTS.address())))
                    .isInstanceOf(JMSException.class);
        }
    }

    @Test
    void refusesAnonymousAndWrongLogins() {
        for (String url : List.of(broker.url(), "amqp://127.0.0.1:" + broker.port())) {
            for (String[] login : new String[][] {
                {null, null},
                {"", ""},
                {BrokerUsers.BRIDGE, "wrong"},
                {BrokerUsers.BRIDGE, null},
                {BrokerUsers.BRIDGE, ""},
                {"nobody", "nobody-password"},
                {"admin", "admin"},
                // Artemis' own default for clusters.
                {"ACTIVEMQ.CLUSTER.ADMIN.USER", "CHANGE ME!!"}
            }) {
                assertThatThrownBy(() -> connect(url, login[0], login[1]).close())
                        .as("%s as %s", url, login[0])
                        .isInstanceOf(JMSSecurityException.class);
            }
        }
    }

    private static Connection connect(String url, String user, String password) throws JMSException {
        if (url.startsWith("amqp")) {
            Connection connection = new JmsConnectionFactory(user, password, url).createConnection();
            try {
                connection.start();
                return connection;
            } catch (JMSException e) {
                connection.close();
                throw e;
            }
        }
        try (ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(url)) {
            return factory.createConnection(user, password);
        }
    }
}
