package io.pairingbridge.job;

import java.util.Map;

/**
 * A valid pairing request, as the ERP wrote it ({@code config/schema/pairing-request.schema.json}).
 *
 * @param name the terminal's Pay-Connect name, not blank
 * @param otp the one-time password, not blank, without surrounding white space; opaque, leading zeros count
 * @param webhookUrl absolute https URL, or null
 * @param reference what the ERP wants to see again in every result; never sent to the endpoint
 */
public record PairingRequest(String name, String otp, String webhookUrl, Map<String, String> reference) {

    public PairingRequest {
        reference = reference == null ? Map.of() : Map.copyOf(reference);
    }

    /** Without the one-time password, so that no log line can ever hold it. */
    @Override
    public String toString() {
        return "PairingRequest[name=" + name + ", reference=" + reference + "]";
    }
}
