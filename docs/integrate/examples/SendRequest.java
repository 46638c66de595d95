import jakarta.jms.JMSContext;
import jakarta.jms.TextMessage;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/**
 * Sends one pairing request and waits for its outcome event. Needs org.apache.artemis:artemis-jakarta-client:2.55.0.
 *
 * <p>Usage: java -cp "lib/*" docs/integrate/examples/SendRequest.java tcp://127.0.0.1:61616 PASSWORD-FILE JOB-ID NAME
 * OTP-FILE
 */
class SendRequest {
    public static void main(String[] args) throws Exception {
        String password = read(args[1]);
        try (ActiveMQConnectionFactory broker = new ActiveMQConnectionFactory(args[0], "erp-requester", password);
                JMSContext context = broker.createContext(JMSContext.AUTO_ACKNOWLEDGE)) {
            // Subscribed before the request is sent, so that its event cannot be missed. In an ERP: a listener on the
            // durable
            // queue "pairing.outcomes::pairing.outcomes.erp", which keeps events while the ERP is away.
            var outcomes =
                    context.createConsumer(context.createTopic("pairing.outcomes"), "PairingJobId = '" + args[2] + "'");
            // Your JSON library goes here: a name with a quotation mark would break this line.
            TextMessage request = context.createTextMessage("{\"name\": \"" + args[3] + "\", \"otp\": \""
                    + read(args[4]) + "\", \"reference\": {\"store\": \"0815\"}}");
            request.setStringProperty("PairingJobId", args[2]);
            // Persistent is the default of JMS. When send returns, the broker has the request on its disk.
            context.createProducer().setTimeToLive(30 * 60_000).send(context.createQueue("pairing.requests"), request);
            String event = outcomes.receiveBody(String.class, 120_000);
            System.out.println(event == null ? "no outcome within two minutes; it will come" : event);
        }
    }

    private static String read(String file) throws java.io.IOException {
        return java.nio.file.Files.readString(java.nio.file.Path.of(file)).strip();
    }
}
