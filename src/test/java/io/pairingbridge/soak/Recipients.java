package io.pairingbridge.soak;

import io.pairingbridge.broker.BrokerAddress;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.broker.BrokerUsers;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Everybody who takes results off the broker, for as long as the soak runs: the ERP its events, the recipient its
 * credentials, the operator the dead letters and the jobs in doubt. A broker that dies meanwhile is asked again. What the
 * broker delivers twice because an acknowledgement was lost is the same message; what the bridge sent twice is not.
 */
final class Recipients implements AutoCloseable {
  /** All that came of one job. */
  static final class Ends {
    final List<Received> credentials = new ArrayList<>();
    final List<Received> deadLetters = new ArrayList<>();
    final List<Received> inDoubt = new ArrayList<>();
    final List<Received> events = new ArrayList<>();

    /** Messages that say where the job ended. */
    int places() {
      return credentials.size() + deadLetters.size() + inDoubt.size();
    }
  }

  private enum Outlet {
    EVENTS(BrokerUsers.ERP_REQUESTER, "pairing.outcomes::pairing.outcomes.erp"),
    CREDENTIALS(BrokerUsers.ERP_CREDENTIALS, "pairing.credentials"),
    DEAD_LETTERS(BrokerUsers.OPERATOR, "pairing.dead-letters"),
    IN_DOUBT(BrokerUsers.OPERATOR, "pairing.in-doubt");

    private final String user;
    private final String queue;

    Outlet(String user, String queue) {
      this.user = user;
      this.queue = queue;
    }

    private List<Received> of(Ends ends) {
      return switch (this) {
        case EVENTS -> ends.events;
        case CREDENTIALS -> ends.credentials;
        case DEAD_LETTERS -> ends.deadLetters;
        case IN_DOUBT -> ends.inDoubt;
      };
    }
  }

  /** Two sendings whose own times differ by no more than this are of the same moment, as far as the sender's clock tells. */
  private static final long SAME_MOMENT_MILLIS = 1_000;

  private final String url;
  private final BrokerUsers users;
  private final int bridges;
  private final Map<String, Ends> ends = new ConcurrentHashMap<>();
  /** By attempt: when its credentials were sent, by each bridge that did. */
  private final Map<String, List<Long>> sendings = new ConcurrentHashMap<>();
  private final AtomicLong sentAtOnce = new AtomicLong();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closing;

  /** @param bridges how many there are that may send the same credentials at the same moment */
  Recipients(String url, BrokerUsers users, int bridges) {
    this.url = url;
    this.users = users;
    this.bridges = bridges;
    for (Outlet outlet : Outlet.values()) {
      Thread thread = new Thread(() -> receive(outlet), "recipient-" + outlet);
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
  }

  /** What came of a job so far; guarded by itself. */
  Ends of(String jobId) {
    return ends.computeIfAbsent(jobId, id -> new Ends());
  }

  /** The attempts whose credentials came. */
  Set<String> attempts() {
    Set<String> attempts = new HashSet<>();
    ends.values().forEach(job -> {
      synchronized (job) {
        job.credentials.forEach(message -> attempts.add(message.text("_AMQ_DUPL_ID")));
      }
    });
    return attempts;
  }

  /**
   * How many messages came that are copies, character for character, of credentials that another bridge sent at the same
   * moment, and that the broker therefore kept beside those ({@code docs/guarantees.md}); of each, one counts as received.
   */
  long sentAtOnce() {
    return sentAtOnce.get();
  }

  private void receive(Outlet outlet) {
    Set<String> seen = new HashSet<>();
    while (!closing) {
      try (Connection connection = BrokerConnections.factory(new BrokerAddress(url, outlet.user, users.password(outlet.user)))
              .createConnection();
          Session session = connection.createSession(false, Session.CLIENT_ACKNOWLEDGE)) {
        connection.start();
        MessageConsumer consumer = session.createConsumer(session.createQueue(outlet.queue));
        while (!closing) {
          Message message = consumer.receive(500);
          if (message != null) {
            if (!seen.contains(message.getJMSMessageID())) {
              keep(outlet, Stage.received(message), message.getJMSTimestamp()); // of a large one the broker may die in the middle: then it is not seen yet
              seen.add(message.getJMSMessageID());
            }
            message.acknowledge();
          }
        }
      } catch (JMSException | RuntimeException e) {
        LockSupport.parkNanos(Producer.AWAY); // the broker is
      }
    }
  }

  private void keep(Outlet outlet, Received message, long sentMillis) {
    Ends job = of(String.valueOf(message.jobId()));
    synchronized (job) {
      if (outlet == Outlet.CREDENTIALS && isCopy(job, message, sentMillis)) {
        sentAtOnce.incrementAndGet();
      } else {
        outlet.of(job).add(message);
      }
    }
  }

  private boolean isCopy(Ends job, Received message, long sentMillis) {
    String attempt = message.text("_AMQ_DUPL_ID");
    List<Long> times = sendings.computeIfAbsent(String.valueOf(attempt), a -> new ArrayList<>());
    boolean copy = attempt != null && !times.isEmpty() && times.size() < bridges
        && times.stream().allMatch(time -> Math.abs(sentMillis - time) <= SAME_MOMENT_MILLIS)
        && job.credentials.stream().anyMatch(known -> attempt.equals(known.text("_AMQ_DUPL_ID")) && known.body().equals(message.body()));
    times.add(sentMillis);
    return copy;
  }

  @Override
  public void close() throws InterruptedException {
    closing = true;
    for (Thread thread : threads) {
      thread.join(5_000);
    }
  }
}
