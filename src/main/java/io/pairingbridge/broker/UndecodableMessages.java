package io.pairingbridge.broker;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.broker.AmqpConnection.Taken;
import io.pairingbridge.job.Contract;
import io.pairingbridge.text.Text;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.activemq.artemis.protocol.amqp.broker.AMQPStandardMessage;
import org.apache.qpid.proton.amqp.Symbol;
import org.apache.qpid.proton.amqp.messaging.ApplicationProperties;
import org.apache.qpid.proton.amqp.messaging.Header;
import org.apache.qpid.proton.amqp.messaging.MessageAnnotations;
import org.apache.qpid.proton.amqp.messaging.Properties;
import org.apache.qpid.proton.amqp.messaging.Section;
import org.apache.qpid.proton.codec.AMQPDefinedTypes;
import org.apache.qpid.proton.codec.DecoderImpl;
import org.apache.qpid.proton.codec.EncoderImpl;
import org.apache.qpid.proton.engine.Receiver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the messages that no JMS consumer can get. Artemis keeps a message that came by AMQP as it came and converts it
 * when a JMS consumer is to have it; where that fails it removes the consumer, and the message stays first, for ever.
 * One of more than 100 KiB it loads whole for that. So consumers of requests leave those out ({@link #CONVERTIBLE}),
 * and what they leave out, or are removed for, is taken here by AMQP, which converts nothing and loads nothing.
 *
 * <p>A message is told of, durable, before it is acknowledged: what happens in between, it comes again and is told of
 * again.
 */
public final class UndecodableMessages implements AutoCloseable {
    /** A JMS selector: what came by AMQP and lies in a file has no size in the broker's memory. */
    public static final String CONVERTIBLE = "AMQSize > 0";

    private static final Logger LOG = LoggerFactory.getLogger(UndecodableMessages.class);
    private static final String IN_A_FILE = "AMQSize = 0";
    /** Bytes of a message that are looked at: more than Artemis keeps outside of a file. */
    private static final int KEPT = 512 * 1024;

    private static final long LOOK_MILLIS = 100;
    /** For the broker to give its head away: it may have to take it back from a consumer first. */
    private static final long HEAD_MILLIS = 250;

    private static final int MOST_FRUITLESS = 3;
    private static final long LONGEST_PAUSE = 600_000;
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._:-]{1,128}");
    private static final List<BrokerQueue> QUEUES =
            List.of(BrokerQueue.REQUESTS, BrokerQueue.EXPIRED, BrokerQueue.BATCHES);

    /** Tells of a message's end. */
    public interface Teller {
        /** Returns once what tells of it is durable; throws if it may not be. */
        void tell(UndecodableMessage message) throws Exception;
    }

    private final BrokerAddress address;
    private final Consumer<String> blocked;
    private final Clock clock;
    private final Thread thread;
    private final Object changed = new Object();
    private Teller teller;
    private boolean removed;
    private boolean closed;
    private boolean spoken;
    private int fruitless;
    private String suspect;
    private volatile String problem;

    /**
     * @param blocked told what to do where a consumer of requests is removed again and again and nothing here can mend
     *     it
     */
    public UndecodableMessages(BrokerAddress address, Consumer<String> blocked, Clock clock) {
        this.address = address;
        this.blocked = blocked;
        this.clock = clock;
        this.thread = new Thread(this::run, "undecodable-messages");
        thread.setDaemon(true);
    }

    public void start(Teller tells) {
        this.teller = tells;
        thread.start();
    }

    /** The broker has removed a consumer. Does not wait. */
    public void consumerRemoved() {
        synchronized (changed) {
            removed = true;
            changed.notifyAll();
        }
    }

    /** Why such messages cannot be taken, and what to do; empty while they can. */
    public Optional<String> problem() {
        return Optional.ofNullable(problem);
    }

    private void run() {
        long pause = 1_000;
        while (!isClosed()) {
            try (AmqpConnection amqp = new AmqpConnection(address, KEPT)) {
                amqp.receive(BrokerQueue.REQUESTS.address(), IN_A_FILE);
                amqp.receive(BrokerQueue.EXPIRED.address(), IN_A_FILE);
                spoken = true;
                problem = null;
                while (!isClosed()) {
                    Taken taken = amqp.next(LOOK_MILLIS);
                    if (taken != null) {
                        end(amqp, taken, tooLong(taken));
                    }
                    pause = 1_000;
                    if (takeRemoved()) {
                        look(amqp);
                    }
                }
            } catch (IOException | RuntimeException e) {
                boolean first = !spoken && problem == null;
                problem = "messages that JMS cannot decode cannot be taken off their queue by AMQP (" + e.getMessage()
                        + "): let the acceptor of "
                        + address.url() + " speak AMQP (protocols=CORE,AMQP), or remove the first message of "
                        + BrokerQueue.REQUESTS.address()
                        + " with the broker's own tools";
                if (first && !isClosed()) {
                    LOG.info("Should the broker take such messages: {}", Text.line(problem));
                }
                // A port that speaks no AMQP will not learn it: it is tried again when it is needed, and now and then.
                pause = pause(spoken ? pause : LONGEST_PAUSE);
            }
        }
    }

    /** @return the next pause */
    private long pause(long millis) {
        synchronized (changed) {
            long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
            try {
                for (long left = millis;
                        left > 0 && !closed;
                        left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime())) {
                    changed.wait(left);
                    if (removed) {
                        removed = false;
                        blocked.accept(problem);
                        break; // and have another try
                    }
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                closed = true;
            }
        }
        return Math.min(2 * millis, LONGEST_PAUSE);
    }

    /** Looks at what is first in each queue, and ends it while it is what a consumer is removed for. */
    private void look(AmqpConnection amqp) throws IOException {
        boolean found = false;
        for (BrokerQueue queue : QUEUES) {
            Receiver receiver = amqp.receive(queue.address(), null);
            for (Taken taken = amqp.next(HEAD_MILLIS); taken != null; taken = amqp.next(HEAD_MILLIS)) {
                UndecodableMessage undecodable = judge(taken);
                if (undecodable == null) {
                    amqp.release(taken);
                    break;
                }
                end(amqp, taken, undecodable);
                found = true;
            }
            amqp.close(receiver);
            if (found) {
                break; // whoever is removed once more, is removed for another message
            }
        }
        fruitless = found ? 0 : fruitless + 1;
        if (fruitless >= MOST_FRUITLESS) {
            fruitless = 0;
            blocked.accept(
                    "the broker removes the bridge's consumers, and no message that is first in its queue is the reason: look for"
                            + " \"removing consumer\" (AMQ222151) in the broker's log, and remove the message that it names");
        }
    }

    /** Null if a JMS consumer can have it. */
    private UndecodableMessage judge(Taken taken) {
        boolean document = taken.queue().equals(BrokerQueue.BATCHES.address());
        if (!taken.whole()) {
            String key = key(taken);
            if (document && !key.equals(suspect)) {
                suspect =
                        key; // a document may be as large as this; if it is first once more, it is what nobody can have
                return null;
            }
            return tooLong(taken);
        }
        try {
            new AMQPStandardMessage(taken.format(), taken.head(), null).toCore();
            return null;
        } catch (RuntimeException | StackOverflowError e) {
            return undecodable(
                    taken,
                    "UNDECODABLE",
                    "the message cannot be converted for JMS; send the JSON as text or bytes, with properties"
                            + " of text and numbers only");
        }
    }

    private UndecodableMessage tooLong(Taken taken) {
        return undecodable(
                taken,
                "TOO_LONG",
                "the message has " + taken.size() + " bytes, more than the 65536 allowed for its body");
    }

    private void end(AmqpConnection amqp, Taken taken, UndecodableMessage message) throws IOException {
        try {
            teller.tell(message);
        } catch (Exception e) {
            throw new IOException("the end of message " + message.key() + " could not be told: " + e.getMessage(), e);
        }
        amqp.accept(taken);
        LOG.warn(
                "A message of {} that JMS cannot have is taken off it, as job {}: {}",
                message.queue().address(),
                message.jobId(),
                message.detail());
    }

    private UndecodableMessage undecodable(Taken taken, String reason, String detail) {
        String jobId = null;
        String batchId = null;
        int priority = 4;
        Instant requestedAt = clock.instant();
        DecoderImpl decoder = new DecoderImpl();
        AMQPDefinedTypes.registerAllTypes(decoder, new EncoderImpl(decoder));
        ByteBuffer bytes = ByteBuffer.wrap(taken.head());
        decoder.setByteBuffer(bytes);
        String correlationId = null;
        String messageId = null;
        try {
            while (bytes.hasRemaining() && decoder.readObject() instanceof Section section) {
                if (section instanceof Header header && header.getPriority() != null) {
                    priority = Math.min(9, header.getPriority().intValue());
                } else if (section instanceof MessageAnnotations annotations) {
                    requestedAt = ingress(annotations.getValue(), requestedAt);
                } else if (section instanceof Properties properties) {
                    correlationId = id(properties.getCorrelationId());
                    messageId = id(properties.getMessageId());
                } else if (section instanceof ApplicationProperties properties && properties.getValue() != null) {
                    jobId = id(properties.getValue().get(Contract.JOB_ID));
                    batchId = id(properties.getValue().get(Contract.BATCH_ID));
                    break;
                }
            }
        } catch (RuntimeException | StackOverflowError e) {
            LOG.debug("Of an undecodable message only the first sections can be read: {}", e.toString());
        }
        String key = key(taken);
        return new UndecodableMessage(
                queue(taken),
                first(jobId, correlationId, messageId, "message-" + key),
                batchId,
                key,
                requestedAt,
                priority,
                reason,
                detail);
    }

    private static BrokerQueue queue(Taken taken) {
        return QUEUES.stream()
                .filter(queue -> queue.address().equals(taken.queue()))
                .findFirst()
                .orElseThrow();
    }

    private Instant ingress(Map<?, ?> annotations, Instant otherwise) {
        Object at = annotations == null ? null : annotations.get(Symbol.valueOf("x-opt-ingress-time"));
        Instant ingress = at instanceof Number millis
                ? Instant.ofEpochMilli(millis.longValue())
                : at instanceof Date date ? date.toInstant() : otherwise;
        return ingress.isAfter(otherwise) ? otherwise : ingress;
    }

    private static String id(Object value) {
        return value instanceof String text && ID.matcher(text).matches() ? text : null;
    }

    private static String first(String... values) {
        for (String value : values) {
            if (value != null) {
                return value;
            }
        }
        throw new IllegalStateException("no identity at all");
    }

    /**
     * Of what no broker changes between two deliveries: all but the header, with its count of them, and delivery
     * annotations.
     */
    private static String key(Taken taken) {
        byte[] head = taken.head();
        int from = 0;
        try {
            DecoderImpl decoder = new DecoderImpl();
            AMQPDefinedTypes.registerAllTypes(decoder, new EncoderImpl(decoder));
            ByteBuffer bytes = ByteBuffer.wrap(head);
            decoder.setByteBuffer(bytes);
            while (bytes.remaining() > 3
                    && (head[bytes.position() + 2] == 0x70 || head[bytes.position() + 2] == 0x71)) {
                decoder.readObject();
                from = bytes.position();
            }
        } catch (RuntimeException | StackOverflowError e) {
            LOG.debug("The header of an undecodable message cannot be read: {}", e.toString());
        }
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(head, from, head.length - from);
            // Of one that is not whole, the rest is counted.
            digest.update(
                    ByteBuffer.allocate(Long.BYTES).putLong(taken.size() - from).flip());
            return HexFormat.of().formatHex(digest.digest(), 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean takeRemoved() {
        synchronized (changed) {
            boolean was = removed;
            removed = false;
            return was;
        }
    }

    private boolean isClosed() {
        synchronized (changed) {
            return closed;
        }
    }

    @Override
    public void close() throws InterruptedException {
        synchronized (changed) {
            closed = true;
            changed.notifyAll();
        }
        thread.join(TimeUnit.SECONDS.toMillis(5));
    }
}
