package io.pairingbridge.broker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.access.BrokerAddress;
import jakarta.jms.CompletionListener;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.Destination;
import jakarta.jms.InvalidDestinationException;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TemporaryQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.RoutingType;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.api.jms.management.JMSManagementHelper;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.activemq.artemis.jms.client.ActiveMQQueue;
import org.apache.activemq.artemis.jms.client.ActiveMQSession;
import org.apache.activemq.artemis.jms.client.ActiveMQTopic;

/**
 * Looks at a broker, embedded or remote, for what would lose a job or credentials without a trace. It asks as the user
 * {@code bridge}, changes nothing, and neither sends nor receives on an address of the product.
 *
 * <p>Not checked, because no role can ask for it: how large the memory of duplicate ids is, and without the plugin
 * (docker/artemis) whether {@code journal-datasync} is on.
 */
public final class BrokerCheck {

    private static final String MANAGEMENT_ADDRESS = "activemq.management";
    private static final String BROKER = "broker";
    /** The plugin's part of the management, which answers only where there is one. */
    private static final String ADMISSION = "pairing-admission";

    private static final long REPLY_TIMEOUT_MILLIS = 10_000;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What the bridge receives from. */
    private static final List<BrokerQueue> RECEIVED =
            List.of(BrokerQueue.REQUESTS, BrokerQueue.BATCHES, BrokerQueue.EXPIRED);

    /** What others than the bridge send to. */
    private static final List<BrokerQueue> SENDERS = List.of(BrokerQueue.REQUESTS, BrokerQueue.BATCHES);

    /** What the bridge sends to. */
    private static final List<BrokerQueue> SENT = List.of(
            BrokerQueue.REQUESTS,
            BrokerQueue.CREDENTIALS,
            BrokerQueue.OUTCOMES,
            BrokerQueue.DEAD_LETTERS,
            BrokerQueue.IN_DOUBT);

    /** Only their recipient reads these, whatever becomes of them. */
    private static final List<BrokerQueue> CREDENTIALS = List.of(BrokerQueue.CREDENTIALS, BrokerQueue.REFUSED);

    private BrokerCheck() {}

    /**
     * Checks addresses, queues and settings. What the user may not read becomes one finding of severity
     * {@link Finding.Severity#UNKNOWN}; the rest is checked nevertheless.
     *
     * @param factory made by {@link BrokerConnections} for the user that the bridge works as
     * @return what was found, the worst first; empty if all is well
     * @throws JMSException if the broker can't be reached, refuses the login, or the connection is lost in between
     */
    public static List<Finding> run(ConnectionFactory factory) throws JMSException {
        try (Connection connection = factory.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            if (!(session instanceof ActiveMQSession artemis)) {
                return List.of(Finding.unknown(
                        "broker",
                        "It is not reached through the Artemis JMS client, so nothing about it" + " could be checked",
                        "Give the check a connection factory of Artemis"));
            }
            connection.start();
            List<Finding> findings = new ArrayList<>();
            try {
                for (BrokerQueue queue : BrokerQueue.values()) {
                    address(artemis.getCoreSession(), queue, findings);
                    queue(artemis.getCoreSession(), queue, findings);
                }
                settings(artemis, findings);
            } catch (ActiveMQException e) {
                throw failed("The broker did not answer the start-up check", e);
            }
            return List.copyOf(findings);
        }
    }

    /**
     * Checks what the user may send to and receive from, for the {@code check} command. Receiving is tried with a
     * consumer that no message matches, on a connection that was not started; sending with a message in a transaction
     * that is rolled back, since Artemis looks at the permission when a message is sent. So this is the real permission
     * each time, and no message is ever seen by anybody.
     *
     * @param address the broker, and the user that the bridge works as
     * @return what is missing, and whether credentials could be received, which the bridge must not be able to; empty
     *     if all is well
     * @throws JMSException if the broker can't be reached, refuses the login, or the connection is lost in between
     */
    public static List<Finding> permissions(BrokerAddress address) throws JMSException {
        List<Finding> findings = new ArrayList<>();
        try (ActiveMQConnectionFactory factory = confirming(address);
                Connection connection = factory.createConnection()) {
            for (BrokerQueue queue : RECEIVED) {
                JMSException refusal = tryToReceive(connection, queue);
                if (refusal != null) {
                    findings.add(missing(queue, "receive from", "consume", refusal));
                }
            }
            for (BrokerQueue queue : SENT) {
                JMSException refusal = tryToSend(connection, queue);
                if (refusal != null) {
                    findings.add(missing(queue, "send to", "send", refusal));
                }
            }
            for (BrokerQueue credentials : CREDENTIALS) {
                if (tryToReceive(connection, credentials) == null) {
                    findings.add(Finding.unsafe(
                            credentials.address(),
                            "The bridge's user may receive credentials; only the ERP's credential consumer may",
                            "Take the permission 'consume' on " + credentials.address() + " from the bridge's role"));
                }
            }
        }
        return List.copyOf(findings);
    }

    // ---- addresses and queues: any user may ask -------------------------------------------------------------------

    private static void address(ClientSession session, BrokerQueue queue, List<Finding> findings)
            throws ActiveMQException {
        ClientSession.AddressQuery found = session.addressQuery(SimpleString.of(queue.address()));
        String kind = queue.multicast() ? "multicast" : "anycast";
        if (!found.isExists()) {
            findings.add(Finding.unsafe(
                    queue.address(),
                    "The address does not exist",
                    "Define it as " + kind + " with the durable queue " + queue.queue()
                            + ", as in docker/artemis/broker.xml"));
            return;
        }
        boolean right = queue.multicast() ? found.isSupportsMulticast() : found.isSupportsAnycast();
        boolean other = queue.multicast() ? found.isSupportsAnycast() : found.isSupportsMulticast();
        if (!right) {
            findings.add(Finding.unsafe(queue.address(), "The address is not " + kind, "Define it as " + kind));
        } else if (other) {
            findings.add(Finding.unsafe(
                    queue.address(),
                    "The address takes both kinds of routing: a message of the wrong kind would be routed to no queue and vanish",
                    "Define it as " + kind + " only"));
        }
    }

    private static void queue(ClientSession session, BrokerQueue queue, List<Finding> findings)
            throws ActiveMQException {
        ClientSession.QueueQuery found = session.queueQuery(SimpleString.of(queue.queue()));
        String name = queue.queue();
        if (!found.isExists()) {
            findings.add(Finding.unsafe(
                    name,
                    "The queue does not exist: what is sent to " + queue.address() + " would reach nobody",
                    "Define it on the address " + queue.address() + ", durable"));
            return;
        }
        if (!queue.address().equals(String.valueOf(found.getAddress()))) {
            findings.add(Finding.unsafe(
                    name,
                    "The queue belongs to the address " + found.getAddress(),
                    "Define it on the address " + queue.address()));
        }
        if (found.getRoutingType() != (queue.multicast() ? RoutingType.MULTICAST : RoutingType.ANYCAST)) {
            findings.add(Finding.unsafe(
                    name,
                    "The queue is " + found.getRoutingType(),
                    "Define it as " + (queue.multicast() ? "multicast" : "anycast")));
        }
        if (!found.isDurable() || found.isTemporary()) {
            findings.add(Finding.unsafe(
                    name,
                    "The queue is not durable: its messages are gone when the broker stops",
                    "Define it as durable"));
        }
        if (Boolean.TRUE.equals(found.isAutoDelete())) {
            findings.add(Finding.unsafe(
                    name,
                    "The queue is deleted when it is empty and unused, with its memory of duplicate"
                            + " ids, and the next message finds no queue",
                    "Set auto-delete-queues and auto-delete-created-queues to"
                            + " false and define the queue in the broker's configuration"));
        }
        if (Boolean.TRUE.equals(found.isLastValue())) {
            findings.add(Finding.unsafe(
                    name,
                    "The queue is a last-value queue: a message replaces another one",
                    "Define it without last-value"));
        }
        if (Boolean.TRUE.equals(found.isNonDestructive())) {
            findings.add(Finding.unsafe(
                    name,
                    "The queue is non-destructive: every message is delivered again and again",
                    "Define it without non-destructive"));
        }
        if (found.getRingSize() != null && found.getRingSize() >= 0) {
            findings.add(Finding.unsafe(
                    name,
                    "The queue is a ring of " + found.getRingSize() + " messages: the oldest is dropped for the next",
                    "Define it without ring-size"));
        }
        if (found.isPurgeOnNoConsumers()) {
            findings.add(Finding.unsafe(
                    name, "The queue is emptied when nobody receives from it", "Set purge-on-no-consumers to false"));
        }
        if (found.getFilterString() != null && !found.getFilterString().isEmpty()) {
            findings.add(Finding.unsafe(
                    name, "The queue has a filter: what does not match is dropped", "Define it without a filter"));
        }
        if (Boolean.FALSE.equals(found.isEnabled())) {
            findings.add(Finding.unsafe(
                    name, "The queue is disabled: nothing sent to " + queue.address() + " reaches it", "Enable it"));
        }
    }

    // ---- settings: through management messages, as far as the role allows -----------------------------------------

    private static void settings(ActiveMQSession session, List<Finding> findings)
            throws JMSException, ActiveMQException {
        try (Management management = new Management(session)) {
            broker(management, findings);
            for (BrokerQueue queue : BrokerQueue.values()) {
                addressSettings(management, session.getCoreSession(), queue, findings);
            }
        } catch (RefusedException e) {
            findings.add(mayNotRead(e));
        }
    }

    private static void broker(Management management, List<Finding> findings) throws JMSException, RefusedException {
        require(
                management,
                "isPersistenceEnabled",
                "persistence-enabled",
                "Nothing survives a stop of the broker",
                findings);
        require(
                management,
                "isJournalSyncTransactional",
                "journal-sync-transactional",
                "The broker answers a commit before it is on the disk",
                findings);
        require(
                management,
                "isJournalSyncNonTransactional",
                "journal-sync-non-transactional",
                "The broker answers a send before it is on the disk: credentials could be erased here and lost there",
                findings);
        require(
                management,
                "isPersistIDCache",
                "persist-id-cache",
                "The broker forgets duplicate ids when it stops: the ERP could see the same credentials twice",
                findings);
        require(
                management,
                "isSecurityEnabled",
                "security-enabled",
                "Whoever reaches the port may receive credentials",
                findings);
        admission(management, findings);
    }

    /** A broker of one's own may be without the plugin; the bridge then ends what it cannot read, as far as it can. */
    private static void admission(Management management, List<Finding> findings) throws JMSException {
        try {
            if (!Boolean.parseBoolean(management.askOf(ADMISSION, "isJournalDatasync"))) {
                findings.add(Finding.unsafe(
                        "journal-datasync",
                        "journal-datasync is false. The broker answers before its journal is on the"
                                + " disk: a power cut loses jobs whose senders were told that they are accepted",
                        "Set journal-datasync to true"));
            }
        } catch (RefusedException e) {
            boolean absent = e.getMessage().contains("AMQ229067"); // cannot find resource
            findings.add(
                    absent
                            ? Finding.unknown(
                                    "broker-plugins",
                                    "The broker has no AdmissionPlugin. It takes messages that nobody can read or that are too"
                                            + " large, forged dead letters, and from strangers any number of bytes and other people's sessions; and it is not known"
                                            + " whether journal-datasync is true",
                                    "Copy pairing-bridge-<version>-broker-plugin.jar into its lib/ and add the plugin to"
                                            + " broker.xml, as docs/operate/broker.md says, and see that journal-datasync is true")
                            : mayNotRead(e));
        }
    }

    private static void require(
            Management management, String operation, String setting, String consequence, List<Finding> findings)
            throws JMSException, RefusedException {
        if (!Boolean.parseBoolean(management.ask(operation))) {
            findings.add(Finding.unsafe(setting, setting + " is false. " + consequence, "Set " + setting + " to true"));
        }
    }

    private static void addressSettings(
            Management management, ClientSession session, BrokerQueue queue, List<Finding> findings)
            throws JMSException, ActiveMQException, RefusedException {
        String address = queue.address();
        JsonNode settings = json(management.ask("getAddressSettingsAsJSON", address));

        // Artemis leaves out what nobody has set; 10 is its own default.
        int attempts = settings.path("maxDeliveryAttempts").asInt(10);
        if (queue == BrokerQueue.REQUESTS && attempts != -1) {
            findings.add(Finding.unsafe(
                    address,
                    "max-delivery-attempts is " + attempts + ": crashes of the bridge would"
                            + " dead-letter jobs that it never looked at",
                    "Set max-delivery-attempts of " + address + " to -1"));
        }
        if (CREDENTIALS.contains(queue) && attempts != -1) {
            findings.add(Finding.unsafe(
                    address,
                    "max-delivery-attempts is " + attempts + ": credentials that the ERP fails to"
                            + " take so often would move to where the operator reads",
                    "Set max-delivery-attempts of " + address + " to -1"));
        }
        String deadLetters = settings.path("deadLetterAddress").asText("");
        if (CREDENTIALS.contains(queue) && !deadLetters.equals(BrokerQueue.REFUSED.address())) {
            findings.add(Finding.unsafe(
                    address,
                    "Its dead-letter-address is " + (deadLetters.isEmpty() ? "not set" : deadLetters)
                            + ": credentials that their recipient refuses would be out of his reach",
                    "Set dead-letter-address of " + address + " to " + BrokerQueue.REFUSED.address()));
        } else if (deadLetters.isEmpty()) {
            findings.add(Finding.unsafe(
                    address,
                    "It has no dead-letter-address: what can't be delivered is dropped silently",
                    "Set dead-letter-address of " + address + " to " + BrokerQueue.UNROUTABLE.address()));
        } else if (SENDERS.contains(queue) && deadLetters.equals(BrokerQueue.DEAD_LETTERS.address())) {
            findings.add(Finding.unsafe(
                    address,
                    "Its dead-letter-address is " + deadLetters + ": a sender can write dead letters there, with any"
                            + " outcome and any advice",
                    "Set dead-letter-address of " + address + " to " + BrokerQueue.UNROUTABLE.address()));
        } else if (!takesMessages(session, deadLetters)) {
            findings.add(Finding.unsafe(
                    address,
                    "Its dead-letter-address " + deadLetters + " has no queue: what can't be" + " delivered is dropped",
                    "Set it to " + BrokerQueue.DEAD_LETTERS.address()));
        }
        expiry(session, queue, settings, findings);
        for (String policy : List.of("addressFullMessagePolicy", "pageFullMessagePolicy", "diskFullMessagePolicy")) {
            if ("DROP".equals(settings.path(policy).asText())) {
                findings.add(Finding.unsafe(
                        address,
                        policy + " is DROP: a full broker drops messages silently",
                        "Set it to PAGE (address-full-policy) or remove it"));
            }
        }
    }

    private static void expiry(ClientSession session, BrokerQueue queue, JsonNode settings, List<Finding> findings)
            throws ActiveMQException {
        String address = queue.address();
        String expired = settings.path("expiryAddress").asText("");
        boolean neverExpires = settings.path("noExpiry").asBoolean(false);
        if (queue == BrokerQueue.REQUESTS && !expired.equals(BrokerQueue.EXPIRED.address())) {
            findings.add(Finding.unsafe(
                    address,
                    "Its expiry-address is "
                            + (expired.isEmpty()
                                    ? "not set: jobs whose time runs out are dropped silently"
                                    : expired + ": jobs whose time runs out never get an outcome"),
                    "Set expiry-address of " + address + " to " + BrokerQueue.EXPIRED.address()));
        } else if (!neverExpires && (expired.isEmpty() || !takesMessages(session, expired))) {
            findings.add(Finding.unsafe(
                    address,
                    "Its expiry-address is "
                            + (expired.isEmpty() ? "not set" : expired + ", which has no queue")
                            + ": a message whose time runs out is dropped",
                    "Set expiry-address of " + address + " to " + BrokerQueue.EXPIRED.address()));
        }
        boolean expiresAll = settings.path("expiryDelay").asLong(-1) >= 0
                || settings.path("maxExpiryDelay").asLong(-1) >= 0;
        if (CREDENTIALS.contains(queue) && expiresAll && !neverExpires) {
            findings.add(Finding.unsafe(
                    address,
                    "The broker gives credentials an expiration: they would leave their queue",
                    "Set no-expiry of " + address + " to true"));
        }
    }

    private static boolean takesMessages(ClientSession session, String address) throws ActiveMQException {
        ClientSession.AddressQuery found = session.addressQuery(SimpleString.of(address));
        return found.isExists() && !found.getQueueNames().isEmpty();
    }

    private static JsonNode json(String text) throws JMSException {
        try {
            return JSON.readTree(text);
        } catch (JsonProcessingException e) {
            throw failed("The broker's answer about its settings is not JSON", e);
        }
    }

    private static Finding mayNotRead(RefusedException refused) {
        return Finding.unknown(
                "broker settings",
                "They may not be read (" + refused.getMessage()
                        + "), so it is not known whether the broker writes to the disk"
                        + " before it answers, and where messages go that expire or can't be delivered",
                "Give the bridge's role 'manage' on " + MANAGEMENT_ADDRESS
                        + ", 'view' on the methods mops.broker.* that"
                        + " docker/artemis/broker.xml names, and createNonDurableQueue, deleteNonDurableQueue, deleteAddress, send and"
                        + " consume on its temporary queues; or compare the settings by hand with that file");
    }

    // ---- permissions ----------------------------------------------------------------------------------------------

    private static JMSException tryToReceive(Connection connection, BrokerQueue queue) throws JMSException {
        try (Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            Destination source = new ActiveMQQueue(queue.fullyQualified());
            // The connection was not started and the selector matches nothing: either alone would keep messages where
            // they are.
            session.createConsumer(source, "PairingPermissionProbe = '" + UUID.randomUUID() + "'")
                    .close();
            return null;
        } catch (JMSSecurityException | InvalidDestinationException e) {
            return e;
        }
    }

    /**
     * Inside a transaction a send does not wait for the broker's answer, whatever was set: a refusal would only be seen
     * at the commit, which must not happen here. With a confirmation window the broker answers each send to its
     * listener.
     */
    private static ActiveMQConnectionFactory confirming(BrokerAddress address) {
        ActiveMQConnectionFactory factory = BrokerConnections.factory(address);
        factory.setConfirmationWindowSize(1024);
        return factory;
    }

    private static JMSException tryToSend(Connection connection, BrokerQueue queue) throws JMSException {
        try (Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            // Not through the session, which fails on a queue that does not exist before anybody asked for it.
            Destination target =
                    queue.multicast() ? new ActiveMQTopic(queue.address()) : new ActiveMQQueue(queue.address());
            MessageProducer producer = session.createProducer(target);
            producer.setDeliveryMode(DeliveryMode.NON_PERSISTENT);
            CompletableFuture<Void> answer = new CompletableFuture<>();
            producer.send(session.createTextMessage(""), new CompletionListener() {
                @Override
                public void onCompletion(Message sent) {
                    answer.complete(null);
                }

                @Override
                public void onException(Message refused, Exception why) {
                    answer.completeExceptionally(why);
                }
            });
            await(answer);
            session.rollback();
            return null;
        } catch (JMSSecurityException | InvalidDestinationException e) {
            return e;
        }
    }

    private static void await(CompletableFuture<Void> answer) throws JMSException {
        try {
            answer.get(REPLY_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof JMSException refused) {
                throw refused;
            }
            throw failed("The broker did not take a message", e.getCause());
        } catch (TimeoutException e) {
            throw failed("The broker did not answer to a message", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed("Interrupted while waiting for the broker", e);
        }
    }

    private static JMSException failed(String message, Throwable cause) {
        JMSException failure = new JMSException(message + ": " + cause.getMessage());
        failure.initCause(cause);
        return failure;
    }

    private static Finding missing(BrokerQueue queue, String verb, String permission, JMSException refusal) {
        return Finding.unsafe(
                queue.address(),
                "The bridge's user may not " + verb + " it: " + refusal.getMessage(),
                refusal instanceof JMSSecurityException
                        ? "Give the bridge's role the permission '" + permission + "' on " + queue.address()
                        : "Define the address as in docker/artemis/broker.xml");
    }

    /** The broker does not let the user read something. */
    private static final class RefusedException extends Exception {

        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    /**
     * Asks the broker's management address, one question at a time, with a reply queue of its own, which ends with the
     * connection at the latest.
     */
    private static final class Management implements AutoCloseable {

        private final ActiveMQSession session;
        private final TemporaryQueue replies;
        private final MessageConsumer answers;
        private final MessageProducer questions;

        Management(ActiveMQSession session) throws JMSException, RefusedException {
            this.session = session;
            try {
                replies = session.createTemporaryQueue();
                answers = session.createConsumer(replies);
                questions = session.createProducer(new ActiveMQQueue(MANAGEMENT_ADDRESS));
            } catch (JMSSecurityException e) {
                throw new RefusedException(e.getMessage());
            }
        }

        String ask(String operation, Object... parameters) throws JMSException, RefusedException {
            return askOf(BROKER, operation, parameters);
        }

        String askOf(String resource, String operation, Object... parameters) throws JMSException, RefusedException {
            Message question = session.createMessage();
            JMSManagementHelper.putOperationInvocation(question, resource, operation, parameters);
            question.setJMSReplyTo(replies);
            try {
                questions.send(question);
            } catch (JMSSecurityException e) {
                throw new RefusedException(e.getMessage());
            }
            Message answer = answers.receive(REPLY_TIMEOUT_MILLIS);
            if (answer == null) {
                throw new RefusedException("no answer from " + MANAGEMENT_ADDRESS + " to " + operation);
            }
            return result(answer, operation);
        }

        private static String result(Message answer, String operation) throws JMSException, RefusedException {
            Object result;
            try {
                result = JMSManagementHelper.getResult(answer);
            } catch (Exception e) {
                throw new RefusedException("an answer to " + operation + " that can't be read");
            }
            if (!JMSManagementHelper.hasOperationSucceeded(answer)) {
                throw new RefusedException(String.valueOf(result));
            }
            return String.valueOf(result);
        }

        @Override
        public void close() throws JMSException {
            answers.close();
            try {
                replies.delete();
            } catch (JMSSecurityException e) {
                // Then the broker deletes it when the connection ends, which is right after this.
                return;
            }
        }
    }
}
