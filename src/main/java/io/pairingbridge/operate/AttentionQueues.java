package io.pairingbridge.operate;

import io.pairingbridge.job.Contract;
import io.pairingbridge.text.Text;
import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ClientConsumer;
import org.apache.activemq.artemis.api.core.client.ClientMessage;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.core.client.impl.ClientMessageInternal;
import org.apache.activemq.artemis.jms.client.ActiveMQSession;
import org.apache.activemq.artemis.utils.SelectorTranslator;
import org.messaginghub.pooled.jms.JmsPoolSession;

/**
 * The queues of jobs that need a person, with the operator's login at the broker. A message is taken off its queue in
 * the transaction that sends its job again, so that it is in exactly one of the two places whatever crashes.
 */
public final class AttentionQueues {
    /** The two queues, with the names of the contract. */
    public enum Kind {
        DEAD_LETTERS(Contract.DEAD_LETTERS),
        IN_DOUBT(Contract.IN_DOUBT);

        private final String queue;

        Kind(String queue) {
            this.queue = queue;
        }
    }

    /** Which messages: each text that is not empty must be the message's own. */
    public record Filter(String outcome, String reason, String batchId, String jobId) {
        /** All messages. */
        public static final Filter ALL = new Filter("", "", "", "");

        /** As a person says it, such as {@code outcome EXPIRED, batch north}; empty for all. */
        public String words() {
            StringJoiner words = new StringJoiner(", ");
            word(words, "outcome", outcome);
            word(words, "reason", reason);
            word(words, "batch", batchId);
            word(words, "job", jobId);
            return words.toString();
        }

        private static void word(StringJoiner words, String name, String value) {
            if (value != null && !value.isEmpty()) {
                words.add(name + " " + value);
            }
        }

        private String selector() {
            StringJoiner all = new StringJoiner(" AND ");
            term(all, Contract.OUTCOME, outcome);
            term(all, Contract.REASON, reason);
            term(all, Contract.BATCH_ID, batchId);
            term(all, Contract.JOB_ID, jobId);
            return all.length() == 0 ? null : all.toString();
        }

        private static void term(StringJoiner all, String property, String value) {
            if (value != null && !value.isEmpty()) {
                all.add(property + " = " + literal(value));
            }
        }
    }

    /**
     * Some of the messages, in the order in which they came.
     *
     * @param total how many there are in all
     */
    public record Page(long total, List<AttentionMessage> messages) {}

    /**
     * What is to be done with a message: kept where it is, with a reason; or taken away, and its job sent again or not.
     */
    public record Decision(String refusal, Replay replay) {
        public static Decision keep(String refusal) {
            return new Decision(refusal, null);
        }

        public static Decision remove() {
            return new Decision(null, null);
        }

        public static Decision send(Replay replay) {
            return new Decision(null, replay);
        }
    }

    /** The queues of the contract. */
    public static final List<String> QUEUES = List.of(
            Contract.REQUESTS,
            Contract.BATCHES,
            Contract.CREDENTIALS,
            Contract.CREDENTIALS_REFUSED,
            Contract.OUTCOMES_ERP,
            Contract.DEAD_LETTERS,
            Contract.IN_DOUBT,
            Contract.EXPIRED);

    /** How long a message may take to come that is certainly there. */
    private static final long PATIENCE_MILLIS = 5_000;

    private static final int DEFAULT_PRIORITY = 4;
    /** Characters; 500 messages of the usual size have a tenth of it. */
    private static final int LARGEST_PAGE = 4 * 1024 * 1024;

    private static final int MOST_REASONS = 100;
    private static final int LONGEST_REASON = 500;

    private final ConnectionFactory operator;
    private final ConnectionFactory bridge;

    /**
     * @param operator makes connections with the operator's login, or null where it is not known
     * @param bridge makes connections with the bridge's own login, which may ask how long queues are
     */
    public AttentionQueues(ConnectionFactory operator, ConnectionFactory bridge) {
        this.operator = operator;
        this.bridge = bridge;
    }

    /** How many messages lie in each queue, waiting ones included; -1 for one that is not there. */
    public Map<String, Long> depths() throws JMSException {
        try (Connection connection = bridge.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            Session own = session instanceof JmsPoolSession pooled ? pooled.getInternalSession() : session;
            ClientSession core = ((ActiveMQSession) own).getCoreSession();
            Map<String, Long> depths = new LinkedHashMap<>();
            for (String queue : QUEUES) {
                ClientSession.QueueQuery query = core.queueQuery(SimpleString.of(queue));
                depths.put(queue, query.isExists() ? query.getMessageCount() : -1L);
            }
            return depths;
        } catch (ActiveMQException e) {
            throw failed(e);
        }
    }

    /** How many requests the broker has, those included that wait for their time or are in somebody's hands. */
    public long requests() throws JMSException {
        Map<String, Long> depths = depths();
        return depths.get(Contract.REQUESTS) + depths.get(Contract.EXPIRED);
    }

    /**
     * Reads messages and leaves them where they are. One that cannot be read is among them, and says why.
     *
     * @param from how many to leave out
     * @param count how many to return at most; fewer come where they are more than {@value #LARGEST_PAGE} characters
     *     together
     */
    public Page page(Kind kind, Filter filter, int from, int count) throws JMSException {
        List<AttentionMessage> messages = new ArrayList<>();
        long[] seen = new long[1];
        int[] room = {LARGEST_PAGE};
        boolean all = filter.selector() == null;
        long total = browse(kind, filter.selector(), all ? (long) from + count : Long.MAX_VALUE, raw -> {
            if (seen[0]++ >= from && messages.size() < count && room[0] > 0) {
                AttentionMessage message = MessageParser.parse(raw).shown();
                room[0] -= message.length();
                messages.add(message);
            }
        });
        return new Page(all ? total : seen[0], messages);
    }

    /**
     * The messages that the condition means.
     *
     * @param limit how many to return at most
     * @param most how many of the queue to look at
     */
    public List<AttentionMessage> search(Kind kind, Predicate<AttentionMessage> wanted, int limit, int most)
            throws JMSException {
        List<AttentionMessage> found = new ArrayList<>();
        browse(kind, null, most, raw -> {
            AttentionMessage message =
                    found.size() < limit ? MessageParser.parse(raw).shown() : null;
            if (message != null && wanted.test(message)) {
                found.add(message);
            }
        });
        return found;
    }

    private interface Reader {
        void read(ClientMessage message) throws JMSException;
    }

    /**
     * Shows up to {@code limit} messages to the reader, one at a time, and returns how many the queue holds. By the
     * client below JMS, which hands over what JMS would give up on: a body that is none of its kind's, or is too large
     * to be loaded.
     */
    private long browse(Kind kind, String selector, long limit, Reader reader) throws JMSException {
        try (Connection connection = operators().createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            connection.start();
            ClientSession core = ((ActiveMQSession) session).getCoreSession();
            long total = core.queueQuery(SimpleString.of(kind.queue)).getMessageCount();
            try (ClientConsumer browser = core.createConsumer(SimpleString.of(kind.queue), filter(selector), true)) {
                boolean large = false;
                for (long n = 0; n < limit && n < total; n++) {
                    ClientMessage raw = browser.receiveImmediate();
                    // While the broker is still writing a large message, or reading a page of them, it says that there
                    // is no other one.
                    if (raw == null
                            && (large
                                    || selector == null
                                            && core.queueQuery(SimpleString.of(kind.queue))
                                                            .getMessageCount()
                                                    > n)) {
                        raw = browser.receive(PATIENCE_MILLIS);
                    }
                    if (raw == null) {
                        break;
                    }
                    reader.read(raw);
                    large = raw.isLargeMessage();
                    discard(raw);
                }
            }
            return total;
        } catch (ActiveMQException e) {
            throw failed(e);
        }
    }

    private static SimpleString filter(String selector) {
        return selector == null ? null : SimpleString.of(SelectorTranslator.convertToActiveMQFilterString(selector));
    }

    private static void discard(ClientMessage raw) {
        if (raw instanceof ClientMessageInternal internal) {
            internal.discardBody();
        }
    }

    /**
     * Asks for a decision on one message and follows it. A message that is refused is only looked at: one that was
     * taken and put back would be out of sight for the queue's redelivery delay.
     *
     * @param announce told of the message when it is in hand, before anything is done about it; what it throws stops
     *     that
     * @param dryRun only asks
     * @return null if it was followed, or would be, else the refusal
     */
    public String handle(
            Kind kind,
            String messageId,
            Function<AttentionMessage, Decision> decide,
            Consumer<AttentionMessage> announce,
            boolean dryRun)
            throws JMSException {
        AttentionMessage[] seen = new AttentionMessage[1];
        String selector = "JMSMessageID = " + literal(messageId);
        browse(kind, selector, 1, raw -> seen[0] = MessageParser.parse(raw));
        String gone = "there is no such letter on " + kind.queue + " any more: somebody may have dealt with it";
        if (seen[0] == null) {
            return gone;
        }
        String refused = decide.apply(seen[0]).refusal();
        if (refused != null || dryRun) {
            return refused;
        }
        try (Connection connection = operators().createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            connection.start();
            ClientSession core = ((ActiveMQSession) session).getCoreSession();
            try (ClientConsumer consumer = core.createConsumer(SimpleString.of(kind.queue), filter(selector))) {
                ClientMessage raw = consumer.receive(PATIENCE_MILLIS);
                if (raw == null) {
                    return gone;
                }
                AttentionMessage message = MessageParser.parse(raw);
                Decision decision = decide.apply(message);
                announce.accept(message);
                if (decision.replay() != null) {
                    send(session, message, decision.replay());
                }
                discard(raw);
                raw.individualAcknowledge();
            }
            session.commit();
            return null;
        } catch (ActiveMQException e) {
            throw failed(e);
        }
    }

    /** What came of handling many: how many were dealt with, and how many were left for each reason. */
    public record Handled(long done, Map<String, Long> refused) {}

    /**
     * As {@link #handle}, for all messages that were there at the beginning and that the filter means, a hundred in a
     * transaction. Those that are refused stay where they are, and so do those that cannot be read.
     *
     * @param decide asked twice about a message: when it is looked at and when it is in hand
     * @param before told the ids of the jobs of each transaction before it is committed; if it throws, nothing of it is
     *     done
     * @param dryRun only asks
     */
    public Handled handleAll(
            Kind kind,
            Filter filter,
            Function<AttentionMessage, Decision> decide,
            Consumer<List<String>> before,
            boolean dryRun)
            throws JMSException {
        List<String> good = new ArrayList<>();
        Map<String, Long> refused = new LinkedHashMap<>();
        browse(kind, filter.selector(), Long.MAX_VALUE, raw -> {
            AttentionMessage message = MessageParser.parse(raw);
            String refusal = decide.apply(message).refusal();
            if (refusal == null) {
                good.add(message.messageId());
            } else {
                refuse(refused, refusal, 1);
            }
        });
        if (dryRun) {
            return new Handled(good.size(), refused);
        }
        long done = 0;
        try (Connection connection = operators().createConnection();
                Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
            connection.start();
            for (int from = 0; from < good.size(); from += 100) {
                List<String> some = good.subList(from, Math.min(good.size(), from + 100));
                done += handle(session, kind, some, decide, before, refused);
            }
        } catch (ActiveMQException e) {
            throw failed(e);
        }
        return new Handled(done, refused);
    }

    /** Some reasons quote what strangers wrote, so that there may be as many as messages. */
    private static void refuse(Map<String, Long> refused, String refusal, long count) {
        String reason = Text.line(refusal, LONGEST_REASON);
        refused.merge(
                refused.containsKey(reason) || refused.size() < MOST_REASONS ? reason : "other reasons",
                count,
                Long::sum);
    }

    private static long handle(
            Session session,
            Kind kind,
            List<String> messageIds,
            Function<AttentionMessage, Decision> decide,
            Consumer<List<String>> before,
            Map<String, Long> refused)
            throws JMSException, ActiveMQException {
        List<String> jobs = new ArrayList<>();
        StringJoiner ids = new StringJoiner(", ", "JMSMessageID IN (", ")");
        messageIds.forEach(id -> ids.add(literal(id)));
        long done = 0;
        ClientSession core = ((ActiveMQSession) session).getCoreSession();
        try (ClientConsumer consumer = core.createConsumer(SimpleString.of(kind.queue), filter(ids.toString()))) {
            for (int n = 0; n < messageIds.size(); n++) {
                ClientMessage raw = consumer.receive(PATIENCE_MILLIS);
                if (raw == null) {
                    refuse(refused, "somebody else has dealt with it meanwhile", messageIds.size() - n);
                    break;
                }
                AttentionMessage message = MessageParser.parse(raw);
                Decision decision = decide.apply(message);
                if (decision.refusal() != null) {
                    throw new IllegalStateException("the letter of job " + Text.line(message.jobId(), LONGEST_REASON)
                            + " has changed: " + decision.refusal());
                }
                if (decision.replay() != null) {
                    send(session, message, decision.replay());
                }
                discard(raw);
                raw.individualAcknowledge();
                jobs.add(message.jobId());
                done++;
            }
        }
        before.accept(jobs);
        session.commit();
        return done;
    }

    private static void send(Session session, AttentionMessage message, Replay replay) throws JMSException {
        Message request = session.createTextMessage(replay.body());
        request.setJMSCorrelationID(message.jobId());
        request.setStringProperty(Contract.JOB_ID, message.jobId());
        if (!message.batchId().isEmpty()) {
            request.setStringProperty(Contract.BATCH_ID, message.batchId());
        }
        if (!message.integrator().isEmpty()) {
            request.setStringProperty(Contract.INTEGRATOR, message.integrator());
        }
        if (replay.sameOtp()) {
            request.setStringProperty(Contract.REPLAY, "true");
        }
        try (MessageProducer producer = session.createProducer(session.createQueue(Contract.REQUESTS))) {
            producer.send(request, DeliveryMode.PERSISTENT, DEFAULT_PRIORITY, 0);
        }
    }

    private static String literal(String value) {
        return "'" + value.replace("'", "''") + "'";
    }

    private ConnectionFactory operators() {
        if (operator == null) {
            throw new IllegalStateException(
                    "the operator's login at the broker is not known: set pairing.broker.users.operator.password");
        }
        return operator;
    }

    private static JMSException failed(ActiveMQException e) {
        JMSException failed = new JMSException(e.getMessage());
        failed.setLinkedException(e);
        return failed;
    }
}
