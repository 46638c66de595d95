package io.pairingbridge.operate;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Queue;
import jakarta.jms.QueueBrowser;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ClientSession;
import org.apache.activemq.artemis.jms.client.ActiveMQSession;
import org.messaginghub.pooled.jms.JmsPoolSession;

/**
 * The queues of jobs that need a person, with the operator's login at the broker. A letter is taken off its queue in the
 * transaction that sends its job again, so that it is in exactly one of the two places whatever crashes.
 */
public final class AttentionQueues {
  /** The two queues, with the names of the contract. */
  public enum Kind {
    DEAD_LETTERS("pairing.dead-letters"), IN_DOUBT("pairing.in-doubt");

    private final String queue;

    Kind(String queue) {
      this.queue = queue;
    }
  }

  /** Which letters: each text that is not empty must be the letter's own. */
  public record Filter(String outcome, String reason, String batchId, String jobId) {
    /** All letters. */
    public static final Filter ALL = new Filter("", "", "", "");

    private String selector() {
      StringJoiner all = new StringJoiner(" AND ");
      term(all, "PairingOutcome", outcome);
      term(all, "PairingReason", reason);
      term(all, "PairingBatchId", batchId);
      term(all, "PairingJobId", jobId);
      return all.length() == 0 ? null : all.toString();
    }

    private static void term(StringJoiner all, String property, String value) {
      if (value != null && !value.isEmpty()) {
        all.add(property + " = " + literal(value));
      }
    }
  }

  /**
   * Some of the letters, in the order in which they came.
   *
   * @param total how many there are in all
   */
  public record Page(long total, List<Letter> letters) {}

  /** What is to be done with a letter: kept where it is, with a reason; or taken away, and its job sent again or not. */
  public record Verdict(String refusal, Replay replay) {
    public static Verdict keep(String refusal) {
      return new Verdict(refusal, null);
    }

    public static Verdict remove() {
      return new Verdict(null, null);
    }

    public static Verdict send(Replay replay) {
      return new Verdict(null, replay);
    }
  }

  /** The queues of the contract. */
  public static final List<String> QUEUES = List.of("pairing.requests", "pairing.batches", "pairing.credentials",
      "pairing.outcomes.erp", "pairing.dead-letters", "pairing.in-doubt", "pairing.expired");
  private static final String REQUESTS = "pairing.requests";
  /** How long a letter may take to come that is certainly there. */
  private static final long PATIENCE_MILLIS = 5_000;
  private static final int DEFAULT_PRIORITY = 4;

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
    try (Connection connection = bridge.createConnection(); Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
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
    return depths.get(REQUESTS) + depths.get("pairing.expired");
  }

  /**
   * Reads letters and leaves them where they are.
   *
   * @param from how many to leave out
   * @param count how many to return at most
   */
  public Page page(Kind kind, Filter filter, int from, int count) throws JMSException {
    List<Letter> letters = new ArrayList<>();
    long[] seen = new long[1];
    boolean all = filter.selector() == null;
    long total = browse(kind, filter.selector(), all ? (long) from + count : Long.MAX_VALUE, message -> {
      if (seen[0]++ >= from && letters.size() < count) {
        letters.add(letter(message));
      }
    });
    return new Page(all ? total : seen[0], letters);
  }

  private interface Reader {
    void read(Message message) throws JMSException;
  }

  /** Shows up to {@code limit} letters to the reader and returns how many the queue holds. */
  private long browse(Kind kind, String selector, long limit, Reader reader) throws JMSException {
    try (Connection connection = operators().createConnection();
        Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
      connection.start();
      long total = ((ActiveMQSession) session).getCoreSession().queueQuery(SimpleString.of(kind.queue)).getMessageCount();
      try (QueueBrowser browser = session.createBrowser(session.createQueue(kind.queue), selector)) {
        Enumeration<?> messages = browser.getEnumeration();
        for (long n = 0; n < limit && n < total && messages.hasMoreElements(); n++) {
          reader.read((Message) messages.nextElement());
        }
      }
      return total;
    } catch (ActiveMQException e) {
      throw failed(e);
    }
  }

  /**
   * Asks for a verdict on one letter and follows it. A letter that is refused is only looked at: one that was taken and put back
   * would be out of sight for the queue's redelivery delay.
   *
   * @param announce told of the letter when it is in hand, before anything is done about it; what it throws stops that
   * @param dryRun only asks
   * @return null if it was followed, or would be, else the refusal
   */
  public String handle(Kind kind, String messageId, Function<Letter, Verdict> judge, Consumer<Letter> announce, boolean dryRun)
      throws JMSException {
    Letter[] seen = new Letter[1];
    browse(kind, "JMSMessageID = " + literal(messageId), 1, message -> seen[0] = letter(message));
    String gone = "there is no such letter on " + kind.queue + " any more: somebody may have dealt with it";
    if (seen[0] == null) {
      return gone;
    }
    String refused = judge.apply(seen[0]).refusal();
    if (refused != null || dryRun) {
      return refused;
    }
    try (Connection connection = operators().createConnection();
        Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
      connection.start();
      Queue queue = session.createQueue(kind.queue);
      try (MessageConsumer consumer = session.createConsumer(queue, "JMSMessageID = " + literal(messageId))) {
        Message message = consumer.receive(PATIENCE_MILLIS);
        if (message == null) {
          return gone;
        }
        Letter letter = letter(message);
        Verdict verdict = judge.apply(letter);
        announce.accept(letter);
        if (verdict.replay() != null) {
          send(session, letter, verdict.replay());
        }
        session.commit();
        return null;
      }
    }
  }

  /** What came of handling many: how many were dealt with, and how many were left for each reason. */
  public record Handled(long done, Map<String, Long> refused) {}

  /**
   * As {@link #handle}, for all letters that were there at the beginning and that the filter means, a hundred in a transaction.
   * Those that are refused stay where they are.
   *
   * @param judge asked twice about a letter: when it is looked at and when it is in hand
   * @param before told the ids of the jobs of each transaction before it is committed; if it throws, nothing of it is done
   * @param dryRun only asks
   */
  public Handled handleAll(Kind kind, Filter filter, Function<Letter, Verdict> judge, Consumer<List<String>> before, boolean dryRun)
      throws JMSException {
    List<String> good = new ArrayList<>();
    Map<String, Long> refused = new LinkedHashMap<>();
    browse(kind, filter.selector(), Long.MAX_VALUE, message -> {
      String refusal = judge.apply(letter(message)).refusal();
      if (refusal == null) {
        good.add(message.getJMSMessageID());
      } else {
        refused.merge(refusal, 1L, Long::sum);
      }
    });
    if (dryRun) {
      return new Handled(good.size(), refused);
    }
    long done = 0;
    try (Connection connection = operators().createConnection();
        Session session = connection.createSession(true, Session.SESSION_TRANSACTED)) {
      connection.start();
      Queue queue = session.createQueue(kind.queue);
      for (int from = 0; from < good.size(); from += 100) {
        List<String> some = good.subList(from, Math.min(good.size(), from + 100));
        done += handle(session, queue, some, judge, before, refused);
      }
    }
    return new Handled(done, refused);
  }

  private long handle(Session session, Queue queue, List<String> messageIds, Function<Letter, Verdict> judge,
      Consumer<List<String>> before, Map<String, Long> refused) throws JMSException {
    List<String> jobs = new ArrayList<>();
    StringJoiner ids = new StringJoiner(", ", "JMSMessageID IN (", ")");
    messageIds.forEach(id -> ids.add(literal(id)));
    long done = 0;
    try (MessageConsumer consumer = session.createConsumer(queue, ids.toString())) {
      for (int n = 0; n < messageIds.size(); n++) {
        Message message = consumer.receive(PATIENCE_MILLIS);
        if (message == null) {
          refused.merge("somebody else has dealt with it meanwhile", (long) (messageIds.size() - n), Long::sum);
          break;
        }
        Letter letter = letter(message);
        Verdict verdict = judge.apply(letter);
        if (verdict.refusal() != null) {
          throw new IllegalStateException("the letter of job " + letter.jobId() + " has changed: " + verdict.refusal());
        }
        if (verdict.replay() != null) {
          send(session, letter, verdict.replay());
        }
        jobs.add(letter.jobId());
        done++;
      }
    }
    before.accept(jobs);
    session.commit();
    return done;
  }

  private static void send(Session session, Letter letter, Replay replay) throws JMSException {
    Message request = session.createTextMessage(replay.body());
    request.setJMSCorrelationID(letter.jobId());
    request.setStringProperty("PairingJobId", letter.jobId());
    if (!letter.batchId().isEmpty()) {
      request.setStringProperty("PairingBatchId", letter.batchId());
    }
    if (!letter.integrator().isEmpty()) {
      request.setStringProperty("PairingIntegrator", letter.integrator());
    }
    if (replay.sameOtp()) {
      request.setStringProperty("PairingReplay", "true");
    }
    try (MessageProducer producer = session.createProducer(session.createQueue(REQUESTS))) {
      producer.send(request, DeliveryMode.PERSISTENT, DEFAULT_PRIORITY, 0);
    }
  }

  private static Letter letter(Message message) throws JMSException {
    return new Letter(message.getJMSMessageID(), text(message, "PairingJobId"), text(message, "PairingBatchId"),
        text(message, "PairingIntegrator"), text(message, "PairingOutcome"), text(message, "PairingReason"),
        text(message, "PairingDetail"), number(message, "PairingHttpStatus"), number(message, "PairingAttempts"),
        text(message, "PairingRemedy"), text(message, "PairingFailedAt"), message instanceof TextMessage body ? body.getText() : null, text(message, "PairingRequest"));
  }

  /** Whoever put a message there: a property of another kind than ours counts as none. */
  private static String text(Message message, String property) throws JMSException {
    return message.getObjectProperty(property) instanceof String value ? value : "";
  }

  private static int number(Message message, String property) throws JMSException {
    return message.getObjectProperty(property) instanceof Number value ? value.intValue() : 0;
  }

  private static String literal(String value) {
    return "'" + value.replace("'", "''") + "'";
  }

  private ConnectionFactory operators() {
    if (operator == null) {
      throw new IllegalStateException("the operator's login at the broker is not known: set pairing.broker.users.operator.password");
    }
    return operator;
  }

  private static JMSException failed(ActiveMQException e) {
    JMSException failed = new JMSException(e.getMessage());
    failed.setLinkedException(e);
    return failed;
  }
}
