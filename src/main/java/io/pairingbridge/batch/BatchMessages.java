package io.pairingbridge.batch;

import io.pairingbridge.broker.DeliveryInterceptor;
import io.pairingbridge.broker.MessageIdentity;
import io.pairingbridge.job.Contract;
import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.TextMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import org.apache.camel.Body;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Batch documents that come as messages on {@code pairing.batches}, of any size if they come as bytes. */
public final class BatchMessages {
    private static final Logger LOG = LoggerFactory.getLogger(BatchMessages.class);
    /** JMS can hand a text over as a whole only. */
    private static final long LARGEST_TEXT = 16 << 20;

    private final BatchSubmitter submitter;

    public BatchMessages(BatchSubmitter submitter) {
        this.submitter = submitter;
    }

    /**
     * Reads a document. Returns once the broker and the journal have its rows, so that the message can be acknowledged;
     * whatever the message is and holds, since it would come again for ever.
     *
     * <p>The batch is called as the property PairingBatchId says, else as the correlation id, else by the message's own
     * identity. A document that comes while another one of that name has not ended becomes a batch of its own that says
     * so.
     *
     * @throws JMSException if the broker, IOException if the message, JournalException if the journal failed: to be
     *     tried again
     */
    public void take(@Body Message message) throws JMSException, IOException {
        MessageIdentity identity = MessageIdentity.of(message, false);
        String source = "message " + identity.number();
        String own = BatchSubmitter.ID.matcher(identity.id()).matches() ? identity.id() : identity.made();
        String given = given(message);
        String problem = problem(message);
        if (given == null) {
            given = own;
        } else if (!BatchSubmitter.ID.matcher(given).matches()) {
            problem = "its PairingBatchId, or correlation id, must be text of at most 100 of A-Z a-z 0-9 . _ : -";
            given = identity.made();
        }
        BatchName name = BatchName.of(
                given, message.getObjectProperty(Contract.BATCH_NAME) instanceof String text ? text : null);
        BatchSubmitter.Taken taken =
                problem == null ? take(name, source, message) : submitter.refuse(name, source, problem);
        if (taken == BatchSubmitter.Taken.BUSY) {
            LOG.warn("Batch {}: {} came while another document of that batch has not ended", given, source);
            submitter.refuse(
                    identity.made(),
                    source,
                    "the batch " + given + " has not ended yet: send it again afterwards, or under another"
                            + " PairingBatchId");
        }
    }

    private BatchSubmitter.Taken take(BatchName name, String source, Message message) throws JMSException, IOException {
        if (message instanceof TextMessage text) {
            return submitter.take(name, source, new StringReader(text.getText() == null ? "" : text.getText()));
        }
        if (DeliveryInterceptor.isText(message)) {
            return submitter.take(name, source, DeliveryInterceptor.reader(new Bytes((BytesMessage) message)));
        }
        return submitter.take(name, source, new Bytes((BytesMessage) message));
    }

    /**
     * The name that its sender gave, as he gave it: one of another type than text is none that fits. Null if he gave
     * none.
     */
    private static String given(Message message) throws JMSException {
        Object property = message.getObjectProperty(Contract.BATCH_ID);
        if (property != null && !"".equals(property)) {
            return property instanceof String text ? text : "?";
        }
        try {
            String correlationId = message.getJMSCorrelationID();
            return correlationId == null || correlationId.isEmpty() ? null : correlationId;
        } catch (JMSException | RuntimeException e) {
            return null; // bytes that are no text: as good as none
        }
    }

    private static String problem(Message message) throws JMSException {
        DeliveryInterceptor.Unread unread = DeliveryInterceptor.unread(message);
        if (unread != null) {
            return unread.detail();
        }
        if (message instanceof BytesMessage) {
            return null;
        }
        if (!(message instanceof TextMessage)) {
            return "the message is neither a BytesMessage nor a TextMessage";
        }
        Object size = message.getObjectProperty("_AMQ_LARGE_SIZE");
        return size instanceof Long bytes && bytes > 2 * LARGEST_TEXT // two bytes a character
                ? "a text of this size can't be read: send documents of more than " + LARGEST_TEXT
                        + " characters as a BytesMessage"
                : null;
    }

    /** A bytes message as a stream: a large one comes from the broker piece by piece. */
    private static final class Bytes extends InputStream {
        private final BytesMessage message;

        Bytes(BytesMessage message) {
            this.message = message;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) == 1 ? one[0] & 0xff : -1;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            try {
                byte[] part = from == 0 && length == into.length ? into : new byte[length];
                int read = message.readBytes(part, length);
                if (part != into && read > 0) {
                    System.arraycopy(part, 0, into, from, read);
                }
                return read;
            } catch (JMSException e) {
                throw new IOException("the message can't be read from the broker any further", e);
            }
        }
    }
}
