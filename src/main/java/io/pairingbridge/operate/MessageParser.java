package io.pairingbridge.operate;

import io.pairingbridge.job.Contract;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.client.ClientMessage;

/**
 * Reads what the bridge wrote about a job that needs a person. Whoever may send to the queues may have put there what
 * is none of it: nothing in a message makes this throw.
 */
final class MessageParser {
    /** Bytes of a body that are read at most; the bridge's own messages, whose request has 64 KiB, are smaller. */
    private static final int LARGEST_BODY = 1024 * 1024;

    private MessageParser() {}

    /** What is in a message, as far as it can be read: whoever put it there, it is one line of a list. */
    static AttentionMessage parse(ClientMessage raw) {
        String problem = "";
        String id = "";
        try {
            id = raw.getUserID() == null ? "" : "ID:" + raw.getUserID();
            if (id.isEmpty()) {
                problem = "it has no message id, so that it does not come from the bridge";
            }
            String request = text(raw, Contract.REQUEST);
            String body = null;
            if (request.isEmpty() && problem.isEmpty()) {
                problem = unreadable(raw);
                body = problem.isEmpty() ? body(raw) : null;
            }
            return new AttentionMessage(
                    id,
                    text(raw, Contract.JOB_ID),
                    text(raw, Contract.BATCH_ID),
                    text(raw, Contract.INTEGRATOR),
                    text(raw, Contract.OUTCOME),
                    text(raw, Contract.REASON),
                    text(raw, Contract.DETAIL),
                    number(raw, Contract.HTTP_STATUS),
                    number(raw, Contract.ATTEMPTS),
                    text(raw, Contract.REMEDY),
                    text(raw, Contract.FAILED_AT),
                    body,
                    request,
                    problem);
        } catch (RuntimeException e) {
            // Whatever the client throws at bytes that are not what they should be.
            return new AttentionMessage(
                    id,
                    known(raw, Contract.JOB_ID),
                    known(raw, Contract.BATCH_ID),
                    "",
                    known(raw, Contract.OUTCOME),
                    known(raw, Contract.REASON),
                    "",
                    0,
                    0,
                    "",
                    known(raw, Contract.FAILED_AT),
                    null,
                    "",
                    "it is damaged (" + e.getClass().getSimpleName() + ")");
        }
    }

    /** Why the body is not read; empty if it can be. */
    private static String unreadable(ClientMessage raw) {
        long size = raw.getBodySize();
        if (raw.getObjectProperty(Message.HDR_LARGE_BODY_SIZE) instanceof Number whole) {
            size = Math.max(size, whole.longValue());
        }
        if (size > LARGEST_BODY) {
            return "its body has " + size + " bytes, more than the " + LARGEST_BODY + " that are read";
        }
        return raw.getType() == Message.TEXT_TYPE ? "" : "its body is no text";
    }

    private static String body(ClientMessage raw) {
        SimpleString text = raw.getBodyBuffer().readNullableSimpleString();
        return text == null ? null : text.toString();
    }

    /** Whoever put a message there: a property of another kind than ours counts as none. */
    private static String text(ClientMessage raw, String property) {
        Object value = raw.getObjectProperty(property);
        return value instanceof String || value instanceof SimpleString ? value.toString() : "";
    }

    private static String known(ClientMessage raw, String property) {
        try {
            return text(raw, property);
        } catch (RuntimeException e) {
            return "";
        }
    }

    private static int number(ClientMessage raw, String property) {
        return raw.getObjectProperty(property) instanceof Number value ? value.intValue() : 0;
    }
}
