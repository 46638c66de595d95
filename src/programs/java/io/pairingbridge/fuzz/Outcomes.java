package io.pairingbridge.fuzz;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.Received;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.Session;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes every message off the queues of results and finds out which input each belongs to: by the token that the input
 * has in its id or its reference, or by the dead letter that holds the input's body. What has no token is anonymous.
 */
final class Outcomes implements AutoCloseable {
    /** Each input has one of its own, in its id, its one-time password and its reference. */
    static final Pattern TOKEN = Pattern.compile("t[0-9a-f]{16}z");

    /** An outcome event, of a job or of a batch. */
    record Event(boolean batch, String id, JsonNode data) {
        String outcome() {
            return data.path("outcome").asText();
        }
    }

    private final Stage stage;
    private final Set<String> known = new HashSet<>();
    private final Map<String, Event> events = new LinkedHashMap<>();
    private final Map<String, Set<String>> tokens = new HashMap<>();
    private final Map<String, Long> unexplained = new HashMap<>();
    private final Map<String, String> letters = new HashMap<>();
    private final Set<String> jobs = new HashSet<>();
    private final Set<String> claimed = new HashSet<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean closing;

    Outcomes(Stage stage) {
        this.stage = stage;
        listen(BrokerUsers.ERP_REQUESTER, "pairing.outcomes::pairing.outcomes.erp", this::event);
        listen(BrokerUsers.OPERATOR, "pairing.dead-letters", this::letter);
        listen(BrokerUsers.OPERATOR, "pairing.in-doubt", this::letter);
        listen(BrokerUsers.ERP_CREDENTIALS, "pairing.credentials", message -> {});
    }

    /** An input is about to be sent that has this token. */
    synchronized void know(String token) {
        known.add(token);
    }

    private interface Receiver {
        void received(Message message) throws JMSException;
    }

    /** Until the end; connects again whenever the broker was away. */
    private void listen(String user, String queue, Receiver receiver) {
        Thread thread = new Thread(
                () -> {
                    while (!closing) {
                        try (Connection connection = stage.login(user);
                                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
                                MessageConsumer consumer = session.createConsumer(session.createQueue(queue))) {
                            while (!closing) {
                                Message message = consumer.receive(500);
                                if (message != null) {
                                    receiver.received(message);
                                }
                            }
                        } catch (JMSException | RuntimeException e) {
                            pause();
                        }
                    }
                },
                "fuzz-" + queue);
        thread.setDaemon(true);
        thread.start();
        threads.add(thread);
    }

    private synchronized void pause() {
        try {
            wait(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void event(Message message) throws JMSException {
        Received received = Stage.received(message);
        JsonNode event = Stage.json(received.body());
        boolean batch = event.path("type").asText().contains("batch");
        JsonNode data = event.path("data");
        String id = batch ? data.path("batch_id").asText() : data.path("job_id").asText();
        synchronized (this) {
            Set<String> found = found(
                    event.path("subject").asText() + " " + data.path("job_id").asText() + " "
                            + data.path("batch_id").asText() + " " + data.path("reference"));
            link((batch ? "b " : "j ") + id, found);
            if (data.hasNonNull("batch_id")) {
                link("b " + data.get("batch_id").asText(), found);
            }
            events.putIfAbsent(event.path("id").asText(), new Event(batch, id, data));
            if (!batch) {
                jobs.add(id);
                unexplained.remove(id);
            }
            notifyAll();
        }
    }

    private void letter(Message message) throws JMSException {
        String jobId = message.getStringProperty("PairingJobId");
        StringBuilder text = new StringBuilder();
        Received received = null;
        try {
            received = Stage.received(message);
            text.append(received.properties()).append(received.body());
        } catch (JMSException | RuntimeException e) {
            text.append(e);
        }
        synchronized (this) {
            Set<String> found = found(text.toString().replace("\u0000", ""));
            String id = jobId == null ? "no job id, " + message.getJMSMessageID() : jobId;
            link("j " + id, found);
            if (!jobs.contains(id)) {
                unexplained.put(id, System.nanoTime());
                letters.put(id, found + " " + (received == null ? text : received.properties()));
            }
            notifyAll();
        }
    }

    private Set<String> found(String text) {
        Set<String> found = new LinkedHashSet<>();
        for (Matcher matcher = TOKEN.matcher(text); matcher.find(); ) {
            if (known.contains(matcher.group())) { // a bit of it may have changed on its way
                found.add(matcher.group());
            }
        }
        return found;
    }

    private void link(String id, Set<String> found) {
        if (!found.isEmpty()) {
            tokens.computeIfAbsent(id, i -> new LinkedHashSet<>()).addAll(found);
        }
    }

    private Set<String> tokensOf(Event event) {
        return tokens.getOrDefault((event.batch() ? "b " : "j ") + event.id(), Set.of());
    }

    /** The events of this token, in their order. */
    synchronized List<Event> of(String token, boolean batch) {
        return events.values().stream()
                .filter(e -> e.batch() == batch && tokensOf(e).contains(token))
                .toList();
    }

    /** Waits for an event of this token; null if none came in time. */
    synchronized Event await(String token, boolean batch, long nanos, Predicate<Event> that) {
        long end = System.nanoTime() + nanos;
        while (true) {
            for (Event event : of(token, batch)) {
                if (that.test(event)) {
                    return event;
                }
            }
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (left <= 0) {
                return null;
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return null;
            }
        }
    }

    /** Takes as many events that belong to no known input, or none of them if there are not so many. */
    synchronized boolean claim(long batches, long jobs) {
        List<String> anonymousBatches = anonymous(true);
        List<String> anonymousJobs = anonymous(false);
        // A document that is never read as one, because its time was over, ends as a job does.
        if (anonymousJobs.size() < jobs || anonymousBatches.size() + anonymousJobs.size() < batches + jobs) {
            return false;
        }
        claimed.addAll(anonymousBatches);
        claimed.addAll(anonymousJobs);
        return true;
    }

    /** Leaves what belongs to no known input aside. */
    synchronized void claimRest() {
        claimed.addAll(anonymous(true));
        claimed.addAll(anonymous(false));
    }

    private List<String> anonymous(boolean batch) {
        return events.entrySet().stream()
                .filter(e -> e.getValue().batch() == batch
                        && tokensOf(e.getValue()).isEmpty()
                        && !claimed.contains(e.getKey()))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Waits until something comes. */
    synchronized void awaitMore(long millis) {
        try {
            wait(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** A dead letter of which no event came within ten seconds: the bridge did not send it. */
    synchronized String letterWithoutEvent() {
        long now = System.nanoTime();
        return unexplained.entrySet().stream()
                .filter(e -> now - e.getValue() > TimeUnit.SECONDS.toNanos(10))
                .findFirst()
                .map(e -> e.getKey() + ": " + letters.get(e.getKey()))
                .orElse(null);
    }

    /** Forgets what has been looked at, so that a long run stays small. */
    synchronized void forget() {
        if (events.size() > 3_000) {
            events.clear();
            tokens.clear();
            claimed.clear();
            letters.keySet().retainAll(unexplained.keySet());
        }
    }

    @Override
    public void close() {
        closing = true;
        for (Thread thread : threads) {
            thread.interrupt();
            try {
                thread.join(5_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
