package io.pairingbridge.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.batch.document.Columns;
import io.pairingbridge.batch.document.DocumentEntry.Row;
import io.pairingbridge.intake.RequestBody;
import io.pairingbridge.text.Text;
import java.nio.charset.StandardCharsets;

/** What a dead letter of a row that was refused holds of it. */
final class RefusedRow {
    /** What is there once more where the whole row would be more than a request may be. */
    private static final int LONGEST_NAME = 1_000;

    private static final String MASKED = "***";

    private RefusedRow() {}

    /**
     * The row as a request, as far as it was understood. Its one-time password is masked: another row of the document
     * may have it, and may already have spent it.
     */
    static String body(Row row) {
        ObjectNode request = JsonNodeFactory.instance.objectNode();
        if (row == null) {
            return request.toString();
        }
        put(request, Columns.NAME, row.name());
        put(request, Columns.OTP, row.otp() == null ? null : MASKED);
        put(request, Columns.WEBHOOK_URL, row.webhookUrl());
        if (!row.reference().isEmpty()) {
            ObjectNode reference = request.putObject("reference");
            row.reference().forEach((column, value) -> reference.put(Text.wellFormed(column), Text.wellFormed(value)));
        }
        String body = request.toString();
        if (body.getBytes(StandardCharsets.UTF_8).length <= RequestBody.LARGEST) {
            return body;
        }
        request.removeAll();
        put(request, Columns.NAME, Text.cut(row.name(), LONGEST_NAME));
        put(request, Columns.OTP, row.otp() == null ? null : MASKED);
        return request.toString();
    }

    private static void put(ObjectNode request, String field, String value) {
        if (value != null) {
            request.put(field, Text.wellFormed(value));
        }
    }
}
