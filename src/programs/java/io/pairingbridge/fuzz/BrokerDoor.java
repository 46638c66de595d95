package io.pairingbridge.fuzz;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.pairingbridge.broker.EmbeddedBroker;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.Stage;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.Queue;
import org.awaitility.Awaitility;
import org.slf4j.LoggerFactory;

/**
 * One of the broker's protocols. Inputs are messages for {@code pairing.requests} and {@code pairing.batches}, sent as
 * {@code erp-requester}. Some are under way at once; {@link #ordinary} waits for the rest of them.
 */
abstract class BrokerDoor implements Door {
    /** Inputs that may be under way at once. */
    private static final int AT_ONCE = 8;
    /** How long an outcome may take on a busy machine; far longer than it does. */
    private static final Duration PATIENCE = Duration.ofSeconds(Integer.getInteger("fuzz.patience", 60));

    private static final int REMEMBERED_REFUSALS = 500;

    /** How the bridge calls the job of a document's row. */
    private static final Pattern ROW = Pattern.compile(".*\\.[0-9a-f]{16}");

    final Stage stage;
    private final Outcomes outcomes;
    private final List<Draft> pending = new ArrayList<>();
    private final Map<String, String> refused = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > REMEMBERED_REFUSALS;
        }
    };
    private int ordinary;
    private int restarts;

    BrokerDoor(Path folder) throws Exception {
        if (!Boolean.getBoolean("fuzz.log")) {
            // Odd inputs are what the logs of broker and bridge are full of here.
            ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(Level.OFF);
        }
        stage = new Stage(folder);
        // Nothing here is about slow answers; a short deadline would make doubt of a busy machine.
        stage.set("pairing.endpoint.deadline", "2m");
        stage.startBridge();
        outcomes = new Outcomes(stage);
    }

    /** One input: what it says, and how it is sent. */
    static final class Draft {
        final String token;
        final List<String> features = new ArrayList<>();
        String address = "pairing.requests";
        /** The outcome that a legal input must get; null where any will do. */
        String expected = "PAIRED";
        /** Its one-time passwords: more than one for inputs of several messages. */
        final List<String> otps = new ArrayList<>();

        Answer answer;
        /**
         * Whether it is one message for sure: of bytes that may be several, one may be accepted and another one
         * refused.
         */
        boolean whole = true;

        Draft(String token) {
            this.token = token;
        }

        Draft with(String feature) {
            features.add(feature);
            return this;
        }

        /** Not legal any more, or nobody says so: any outcome will do. */
        Draft odd(String feature) {
            expected = null;
            return with(feature);
        }

        boolean batch() {
            return address.equals("pairing.batches");
        }

        @Override
        public String toString() {
            return "[" + token + " to " + address + ": " + String.join(", ", features) + "]"
                    + (answer == null ? "" : " (sender was told " + answer.told() + ": " + answer.text() + ")");
        }
    }

    /** Draws an input and sends it; sets {@link Draft#answer}. */
    abstract void send(Draft draft, Random random) throws Exception;

    /**
     * Sends a legal request of this one-time password, with its id where the random source says; as many ways as the
     * protocol has.
     */
    abstract void sendLegal(Draft draft, Random random) throws Exception;

    /** Forgets connections: the broker is started again. */
    abstract void disconnect();

    String token(Random random) {
        String token = String.format("t%016xz", random.nextLong());
        outcomes.know(token);
        return token;
    }

    static String otp(String token) {
        return "otp-" + token;
    }

    @Override
    public Fate tryOne(Random random) throws Exception {
        if (pending.isEmpty() && waiting().equals("{}")) {
            outcomes.claimRest(); // of inputs whose sender was told nothing
        }
        Draft draft = new Draft(token(random));
        draft.otps.add(otp(draft.token));
        if (random.nextInt(100) == 0 && !Boolean.getBoolean("fuzz.alone")) {
            meet(draft, random);
        } else {
            try {
                send(draft, random);
            } catch (IOException e) {
                throw new AssertionError("neither accepted nor refused (" + e.getMessage() + "): " + draft, e);
            }
        }
        if (draft.answer == null) {
            return Fate.REFUSED; // skipped by a search for other faults
        }
        if (draft.answer.told() == Answer.Told.ACCEPTED) {
            pending.add(draft);
            if (pending.size() >= AT_ONCE) {
                settle();
            }
            return Fate.OUTCOME;
        }
        if (draft.answer.told() == Answer.Told.REFUSED && draft.whole) {
            refused.put(draft.token, draft.toString());
        }
        return Fate.REFUSED;
    }

    /** Two jobs of one group: neither may wait for the other one. */
    private void meet(Draft draft, Random random) throws Exception {
        String other = token(random);
        draft.otps.add(otp(other));
        CountDownLatch both = new CountDownLatch(2);
        draft.otps.forEach(otp -> stage.ledger().when(otp, call -> {
            both.countDown();
            if (both.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                call.pairOnce();
            } else {
                call.status(400);
            }
        }));
        draft.with("two requests of one group");
        sendGrouped(draft, draft.token, other);
    }

    /** Sends two legal requests of one group. */
    abstract void sendGrouped(Draft draft, String first, String second) throws Exception;

    /** Waits until all that was accepted has ended. */
    private void settle() {
        long end = System.nanoTime() + PATIENCE.toNanos();
        List<Draft> left = new ArrayList<>(pending);
        List<Draft> all = new ArrayList<>(pending);
        pending.clear();
        while (!left.isEmpty()) {
            for (Iterator<Draft> drafts = left.iterator(); drafts.hasNext(); ) {
                Draft draft = drafts.next();
                Outcomes.Event event = outcomes.await(draft.token, draft.batch(), 1, e -> true);
                if (event == null && draft.batch() && draft.expected == null) {
                    // One that never came to be read as a document, for example because its time was over.
                    event = outcomes.await(
                            draft.token, false, 1, e -> !ROW.matcher(e.id()).matches());
                }
                if (event != null) {
                    expect(draft, event);
                    drafts.remove();
                }
            }
            // Of a legal one the token is always to be seen.
            if (!left.isEmpty()
                    && left.stream().allMatch(d -> d.expected == null)
                    && outcomes.claim(
                            left.stream().filter(Draft::batch).count(),
                            left.stream().filter(d -> !d.batch()).count())) {
                left.clear();
            }
            if (!left.isEmpty() && System.nanoTime() > end) {
                throw new AssertionError(
                        "accepted, but no outcome within " + PATIENCE + ": " + left + " beside " + all);
            }
            if (!left.isEmpty()) {
                outcomes.awaitMore(200);
            }
        }
        String letter = outcomes.letterWithoutEvent();
        if (letter != null) {
            throw new AssertionError("a dead letter that the bridge did not send: " + letter);
        }
        refused.forEach((token, description) -> {
            if (!outcomes.of(token, false).isEmpty()) {
                throw new AssertionError("its sender was told that it is not accepted, yet it was done: " + description
                        + " " + outcomes.of(token, false));
            }
        });
        outcomes.forget();
    }

    private void expect(Draft draft, Outcomes.Event event) {
        if (draft.expected == null) {
            return;
        }
        String got = event.batch()
                ? event.data().path("problem").isMissingNode()
                                && event.data().path("outcomes").has("PAIRED")
                                && event.data().path("outcomes").size() == 1
                        ? "PAIRED"
                        : event.data().toString()
                : event.outcome();
        if (!got.equals(draft.expected)) {
            throw new AssertionError("legal, but ended " + got + " ("
                    + event.data().path("reason").asText() + ": "
                    + event.data().path("detail").asText() + "): " + draft);
        }
        for (String otp : draft.otps.subList(1, draft.otps.size())) {
            Outcomes.Event other = outcomes.await(otp.substring(4), false, PATIENCE.toNanos(), e -> true);
            if (other == null || !other.outcome().equals(draft.expected)) {
                throw new AssertionError("legal, but its second message ended " + other + ": " + draft);
            }
        }
    }

    @Override
    public void ordinary() throws Exception {
        settle();
        String id = "ordinary-" + ordinary++;
        String token = token(new Random(ordinary * 31L + 7));
        stage.send(Stage.text(id, body(token)));
        Outcomes.Event event = outcomes.await(token, false, PATIENCE.toNanos(), e -> true);
        if (event == null) {
            throw new AssertionError("an ordinary job did not get on within " + PATIENCE + "; waiting: " + waiting());
        }
        if (!event.outcome().equals("PAIRED")) {
            throw new AssertionError("an ordinary job ended " + event.data());
        }
    }

    static String body(String token) {
        return "{\"name\":\"Till\",\"otp\":\"" + otp(token) + "\",\"reference\":{\"token\":\"" + token + "\"}}";
    }

    /**
     * Everything goes through a restart of the broker during calls, and then through one of both with jobs in the
     * queue.
     */
    @Override
    public void restart() throws Exception {
        settle();
        Random random = new Random(restarts++);
        List<Draft> called = new ArrayList<>();
        CountDownLatch begun = new CountDownLatch(4);
        CountDownLatch released = new CountDownLatch(1);
        for (int i = 0; i < 4; i++) {
            Draft draft = new Draft(token(random)).with("called while the broker ended");
            draft.otps.add(otp(draft.token));
            stage.ledger().when(otp(draft.token), call -> {
                boolean first = call.pair();
                begun.countDown();
                released.await(30, TimeUnit.SECONDS);
                if (first) {
                    call.answer200();
                } else {
                    call.status(400);
                }
            });
            sendLegal(draft, random);
            if (draft.answer.told() == Answer.Told.ACCEPTED) {
                called.add(draft);
            } else {
                begun.countDown();
            }
        }
        if (!begun.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("legal, but not called: " + called);
        }
        disconnect();
        stage.stopBroker();
        released.countDown();
        Awaitility.await()
                .atMost(PATIENCE)
                .until(() ->
                        called.stream().allMatch(d -> stage.ledger().answered().contains(otp(d.token))));
        stage.restartBroker();
        ended(called);

        stage.stopBridge();
        List<Draft> queued = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Draft draft = new Draft(token(random)).with("in the queue while broker and bridge ended");
            draft.otps.add(otp(draft.token));
            sendLegal(draft, random);
            if (draft.answer.told() == Answer.Told.ACCEPTED) {
                queued.add(draft);
            }
        }
        disconnect();
        stage.stopBroker();
        stage.restartBroker();
        stage.startBridge();
        ended(queued);
        Awaitility.await().atMost(PATIENCE).untilAsserted(() -> {
            if (!waiting().equals("{}")) {
                throw new AssertionError("left in the queues after a restart: " + waiting());
            }
        });
    }

    private void ended(List<Draft> drafts) {
        for (Draft draft : drafts) {
            Outcomes.Event event = outcomes.await(draft.token, false, PATIENCE.toNanos(), e -> true);
            List<LedgerEndpoint.Post> posts = stage.ledger().posts(otp(draft.token));
            if (event == null) {
                throw new AssertionError(
                        "accepted, but no outcome after a restart: " + draft + "; posted " + posts.size() + " times");
            }
            if (!event.outcome().equals("PAIRED") || posts.size() != 1) {
                throw new AssertionError("ended "
                        + outcomes.of(draft.token, false).stream()
                                .map(Outcomes.Event::outcome)
                                .toList() + ", posted " + posts.size() + " times, after a restart: " + draft);
            }
        }
    }

    /** What lies in the queues that the bridge reads. */
    private String waiting() {
        Map<String, Long> counts = new LinkedHashMap<>();
        try {
            Field field = EmbeddedBroker.class.getDeclaredField("server");
            field.setAccessible(true);
            ActiveMQServer server = (ActiveMQServer) field.get(stage.broker());
            for (String name : List.of("pairing.requests", "pairing.batches", "pairing.expired")) {
                Queue queue = server.locateQueue(name);
                if (queue != null && queue.getMessageCount() > 0) {
                    counts.put(name, queue.getMessageCount());
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
        return counts.toString();
    }

    @Override
    public void close() throws Exception {
        disconnect();
        outcomes.close();
        stage.close();
    }
}
