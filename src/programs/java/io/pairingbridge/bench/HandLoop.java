package io.pairingbridge.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.jms.Connection;
import jakarta.jms.DeliveryMode;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.MessageConsumer;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/**
 * The first opponent: the loop that a good engineer writes in an afternoon. A transacted session a thread,
 * java.net.http with connections kept alive, the credentials sent in the transaction that acknowledges the request. No
 * journal, nothing sealed, no outcome events: a crash between the answer and the commit loses credentials that nobody
 * can fetch again.
 *
 * <p>{@code HandLoop <broker> <user> <password> <endpoint> <in flight>}
 */
final class HandLoop {
    static final String READY = "the loop is ready";
    private static final ObjectMapper JSON = new ObjectMapper();

    private HandLoop() {}

    public static void main(String[] args) throws JMSException {
        ActiveMQConnectionFactory factory = new ActiveMQConnectionFactory(args[0], args[1], args[2]);
        HttpClient http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(Duration.ofSeconds(5))
                .build();
        URI endpoint = URI.create(args[3]);
        Connection connection = factory.createConnection();
        for (int i = 0; i < Integer.parseInt(args[4]); i++) {
            Session session = connection.createSession(true, Session.SESSION_TRANSACTED);
            Thread worker = new Thread(() -> loop(session, http, endpoint), "loop-" + i);
            worker.start();
        }
        connection.start();
        System.out.println(READY);
    }

    private static void loop(Session session, HttpClient http, URI endpoint) {
        try (MessageConsumer requests = session.createConsumer(session.createQueue("pairing.requests"));
                MessageProducer credentials = session.createProducer(session.createQueue("pairing.credentials"))) {
            credentials.setDeliveryMode(DeliveryMode.PERSISTENT);
            for (; ; ) {
                Message request = requests.receive();
                String answer = pair(http, endpoint, ((TextMessage) request).getText());
                if (answer == null) {
                    session.rollback(); // the broker delivers it again, a second later
                    continue;
                }
                Message message = session.createTextMessage(answer);
                message.setJMSCorrelationID(request.getStringProperty("PairingJobId"));
                message.setStringProperty("PairingJobId", request.getStringProperty("PairingJobId"));
                credentials.send(message);
                session.commit();
            }
        } catch (JMSException | IOException e) {
            System.err.println("the loop ends: " + e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String pair(HttpClient http, URI endpoint, String text) throws IOException, InterruptedException {
        JsonNode request = JSON.readTree(text);
        String body = JSON.createObjectNode()
                .put("name", request.get("name").textValue())
                .put("otp", request.get("otp").textValue())
                .toString();
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(endpoint)
                        .timeout(Duration.ofSeconds(30))
                        .header("X-Pay-Connect-Integrator-Id", "5f3a1c9e7b20")
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        return answer.statusCode() == 200 ? answer.body() : null;
    }
}
