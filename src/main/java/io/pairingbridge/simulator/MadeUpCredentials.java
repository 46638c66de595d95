package io.pairingbridge.simulator;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.UUID;

/** Makes the body of a 200 as the vendor's page describes it, from random values that can't be taken for real ones. */
final class MadeUpCredentials {

    private static final SecureRandom RANDOM = new SecureRandom();

    private MadeUpCredentials() {}

    static ObjectNode random(ObjectMapper json, String name, boolean withWebhook) {
        ObjectNode credentials = json.createObjectNode()
                .put("pay_connect_id", UUID.randomUUID().toString())
                .put("pay_connect_name", name)
                .put("terminal_id", "%08d".formatted(RANDOM.nextInt(100_000_000)))
                .put("client_id", UUID.randomUUID().toString())
                .put("client_secret", secret());
        // The page allows null here, and so the simulator does not leave it out.
        return credentials.put("webhook_secret_key", withWebhook ? secret() : null);
    }

    private static String secret() {
        byte[] bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        return "simulated-" + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
