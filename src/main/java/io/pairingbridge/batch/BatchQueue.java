package io.pairingbridge.batch;

import jakarta.jms.BytesMessage;
import jakarta.jms.JMSException;
import jakarta.jms.Message;
import jakarta.jms.TextMessage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.apache.activemq.artemis.jms.client.ActiveMQMessage;
import org.apache.camel.Body;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Batch documents that come as messages on {@code pairing.batches}, of any size if they come as bytes. */
public final class BatchQueue {
  private static final Logger LOG = LoggerFactory.getLogger(BatchQueue.class);
  /** JMS can hand a text over as a whole only. */
  private static final long LARGEST_TEXT = 16 << 20;

  private final BatchIntake intake;

  public BatchQueue(BatchIntake intake) {
    this.intake = intake;
  }

  /**
   * Reads a document. Returns once the broker and the journal have its rows, so that the message can be acknowledged.
   *
   * <p>The batch is called as the property PairingBatchId says, else as the correlation id, else as the message id. A document
   * that comes while another one of that name has not ended becomes a batch of its own that says so.
   */
  public void take(@Body Message message) throws JMSException, IOException {
    String number = Long.toString(((ActiveMQMessage) message).getCoreMessage().getMessageID());
    String source = "message " + number;
    String given = message.getStringProperty("PairingBatchId") != null ? message.getStringProperty("PairingBatchId")
        : message.getJMSCorrelationID() != null ? message.getJMSCorrelationID() : message.getJMSMessageID();
    boolean fit = given != null && BatchIntake.ID.matcher(given).matches();
    String own = "message-" + number;
    String problem = fit ? problem(message) : "its PairingBatchId, or correlation id, must be at most 100 of A-Z a-z 0-9 . _ : -";
    String batchId = fit ? given : own;
    BatchIntake.Taken taken = problem == null ? intake.take(batchId, source, content(message))
        : intake.refuse(batchId, source, problem);
    if (taken == BatchIntake.Taken.BUSY) {
      LOG.warn("Batch {}: {} came while another document of that batch has not ended", batchId, source);
      intake.refuse(own, source, "the batch " + batchId + " has not ended yet: send it again afterwards, or under another"
          + " PairingBatchId");
    }
  }

  private static String problem(Message message) throws JMSException {
    if (message instanceof BytesMessage) {
      return null;
    }
    if (!(message instanceof TextMessage)) {
      return "the message is neither a BytesMessage nor a TextMessage";
    }
    Object size = message.getObjectProperty("_AMQ_LARGE_SIZE");
    return size instanceof Long bytes && bytes > 2 * LARGEST_TEXT // two bytes a character
        ? "a text of this size can't be read: send documents of more than " + LARGEST_TEXT + " characters as a BytesMessage" : null;
  }

  private static InputStream content(Message message) throws JMSException {
    if (message instanceof TextMessage text) {
      return new ByteArrayInputStream(text.getText() == null ? new byte[0] : text.getText().getBytes(StandardCharsets.UTF_8));
    }
    return new Bytes((BytesMessage) message);
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
