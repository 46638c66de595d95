package io.pairingbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.job.Contract;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Follows outcome events with a subscription of its own, so that the ERP's queue keeps its copy. */
final class OutcomeFollower implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Session session;
    private final QueueReader events;

    /** Listens from now on: to be made before the jobs are sent. */
    OutcomeFollower(Connection connection) throws JMSException {
        session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE);
        events = new QueueReader(session.createConsumer(session.createTopic(Contract.OUTCOMES)));
    }

    /**
     * Hands over the event data of each of these jobs, as it ends.
     *
     * @return the jobs that have not ended when the time is up
     * @throws JMSException if the connection was lost
     */
    Set<String> follow(Set<String> jobs, Duration limit, Consumer<JsonNode> ended) throws JMSException {
        Set<String> open = new TreeSet<>(jobs);
        long end = System.nanoTime() + limit.toNanos();
        while (!open.isEmpty()) {
            Duration left = Duration.ofNanos(end - System.nanoTime());
            Message message = left.isNegative() ? null : events.next(left);
            if (message == null) {
                return open;
            }
            JsonNode data = data(message);
            if (open.remove(data.path("job_id").asText())) {
                ended.accept(data);
            }
        }
        return open;
    }

    private static JsonNode data(Message message) throws JMSException {
        try {
            return JSON.readTree(((TextMessage) message).getText()).path("data");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an event on pairing.outcomes is no JSON", e);
        }
    }

    @Override
    public void close() throws JMSException {
        session.close();
    }
}
