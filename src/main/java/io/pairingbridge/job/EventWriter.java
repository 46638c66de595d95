package io.pairingbridge.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.data.BytesCloudEventData;
import io.cloudevents.jackson.JsonFormat;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.UUID;

/**
 * Writes the events that the bridge sends: CloudEvents 1.0 in structured JSON, with this bridge's environment as
 * source.
 */
public final class EventWriter {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI source;
    private final JsonFormat format = new JsonFormat();

    /** @param environment sandbox, production or simulator */
    public EventWriter(String environment) {
        this.source = URI.create("urn:pairing-bridge:" + environment);
    }

    /**
     * One event.
     *
     * @param key what makes it this event: told again with the same key, it has the same {@code id}
     * @param subject the job or batch that it is about
     * @param data written as JSON by Jackson
     */
    public String write(String type, String key, String subject, Instant time, Object data) {
        String id = UUID.nameUUIDFromBytes(key.getBytes(StandardCharsets.UTF_8)).toString();
        try {
            return new String(
                    format.serialize(CloudEventBuilder.v1()
                            .withId(id)
                            .withSource(source)
                            .withType(type)
                            .withSubject(subject)
                            .withTime(time.atOffset(ZoneOffset.UTC))
                            .withDataContentType("application/json")
                            .withData(BytesCloudEventData.wrap(JSON.writeValueAsBytes(data)))
                            .build()),
                    StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the event " + type + " of " + subject + " cannot be written as JSON", e);
        }
    }
}
