import com.nimbusds.jose.JWEObject;
import com.nimbusds.jose.crypto.RSADecrypter;
import com.nimbusds.jose.jwk.JWKSet;
import jakarta.jms.JMSContext;
import jakarta.jms.Message;
import jakarta.jms.TextMessage;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;

/**
 * Takes credentials off their queue, opens them with the private key and acknowledges each one only after it is stored.
 * Needs org.apache.artemis:artemis-jakarta-client:2.55.0 and com.nimbusds:nimbus-jose-jwt:10.10.
 *
 * <p>Usage: java -cp "lib/*" docs/integrate/examples/ReceiveCredentials.java tcp://127.0.0.1:61616 PASSWORD-FILE
 * PRIVATE-JWK OUT-DIR
 */
class ReceiveCredentials {
    public static void main(String[] args) throws Exception {
        JWKSet keys = JWKSet.load(new File(args[2]));
        String password = Files.readString(Path.of(args[1])).strip();
        try (ActiveMQConnectionFactory broker = new ActiveMQConnectionFactory(args[0], "erp-credentials", password);
                JMSContext context = broker.createContext(JMSContext.SESSION_TRANSACTED)) {
            var consumer = context.createConsumer(context.createQueue("pairing.credentials"));
            for (Message message; (message = consumer.receive(2_000)) != null; ) {
                JWEObject sealed = JWEObject.parse(((TextMessage) message).getText());
                var key = keys.getKeyByKeyId(sealed.getHeader().getKeyID());
                sealed.decrypt(new RSADecrypter(key.toRSAKey())); // for an EC key: new ECDHDecrypter(key.toECKey())
                String jobId = message.getStringProperty("PairingJobId");
                // Anybody with the public key can seal. The job id in the protected header must be that of the message.
                if (!jobId.equals(sealed.getHeader().getCustomParam("job"))) {
                    throw new IllegalStateException("sealed for another job than " + jobId);
                }
                store(Path.of(args[3]), jobId, sealed.getPayload().toBytes());
                context.commit(); // only now is the message gone from the queue
                System.out.println("stored the credentials of job " + jobId);
            }
        }
    }

    /** A stand-in for your vault. The same credentials may come again after a crash: storing twice must be harmless. */
    private static void store(Path folder, String jobId, byte[] credentials) throws java.io.IOException {
        Files.write(folder.resolve(jobId.replace(':', '_') + ".json"), credentials);
    }
}
