package io.pairingbridge.testing;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.MessageProducer;
import jakarta.jms.Session;
import jakarta.jms.TextMessage;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** In place of a broker: keeps the text messages that are sent and committed. */
public final class SentRequests {
    /** A message that was sent. */
    public record Sent(String body, Map<String, String> properties) {
        public String jobId() {
            return properties.get("PairingJobId");
        }
    }

    private final List<Sent> committed = new ArrayList<>();
    private final List<Sent> open = new ArrayList<>();

    public synchronized List<Sent> take() {
        List<Sent> all = List.copyOf(committed);
        committed.clear();
        return all;
    }

    /** To be given to what sends. */
    public ConnectionFactory connections() {
        return proxy(
                ConnectionFactory.class,
                (self, method, arguments) ->
                        method.getName().equals("createConnection") ? connection() : nothing(method));
    }

    private Connection connection() {
        return proxy(
                Connection.class,
                (self, method, arguments) -> method.getName().equals("createSession") ? session() : nothing(method));
    }

    private Session session() {
        return proxy(Session.class, (self, method, arguments) -> switch (method.getName()) {
            case "createTextMessage" -> message((String) arguments[0]);
            case "createProducer" ->
                proxy(
                        MessageProducer.class,
                        (producer, send, given) -> send.getName().equals("send") ? send(given[0]) : nothing(send));
            case "commit" -> commit();
            default -> nothing(method);
        });
    }

    private synchronized Object send(Object message) throws JMSException {
        TextMessage text = (TextMessage) message;
        Map<String, String> properties = new LinkedHashMap<>();
        for (String name :
                List.of("PairingJobId", "PairingBatchId", "PairingIntegrator", "PairingRow", "PairingRowRefused")) {
            if (text.getStringProperty(name) != null) {
                properties.put(name, text.getStringProperty(name));
            }
        }
        open.add(new Sent(text.getText(), properties));
        return null;
    }

    private synchronized Object commit() {
        committed.addAll(open);
        open.clear();
        return null;
    }

    private static TextMessage message(String body) {
        Map<String, String> properties = new LinkedHashMap<>();
        return proxy(TextMessage.class, (self, method, arguments) -> switch (method.getName()) {
            case "getText" -> body;
            case "setStringProperty" ->
                properties.put((String) arguments[0], (String) arguments[1]) == null ? null : null;
            case "getStringProperty" -> properties.get((String) arguments[0]);
            default -> nothing(method);
        });
    }

    private static Object nothing(java.lang.reflect.Method method) {
        return method.getReturnType() == boolean.class
                ? (Object) false
                : method.getReturnType() == int.class ? (Object) 0 : null;
    }

    private static <T> T proxy(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }
}
