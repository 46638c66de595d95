package io.pairingbridge.soak;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.pairingbridge.soak.Producer.Outgoing;
import io.pairingbridge.testing.LedgerEndpoint;
import io.pairingbridge.testing.LedgerEndpoint.Behaviour;
import io.pairingbridge.testing.LedgerEndpoint.Call;
import io.pairingbridge.testing.Stage;
import io.pairingbridge.testing.Stage.MessageMaker;
import jakarta.jms.MapMessage;
import jakarta.jms.Message;
import jakarta.jms.ObjectMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** Draws jobs: what is sent, how the endpoint will answer, and how each has to end if nothing else disturbs it. */
final class Workload {
    /** How every one-time password begins, so that a search for this finds any of them. */
    static final String OTP = "canary-one-time-password";

    private static final ObjectMapper JSON = new ObjectMapper();

    /** A kind of job. */
    enum Kind {
        PAIRS(40, "PAIRED"),
        PAIRS_SLOWLY(14, "PAIRED"),
        IS_REFUSED(6, "REJECTED"),
        FAILS_FIRST(4, "PAIRED"),
        PAIRS_BUT_ANSWERS_500(3, "IN_DOUBT"),
        ANSWER_IS_CUT(6, "IN_DOUBT"),
        RESET_FIRST(3, "PAIRED"),
        PAIRS_AND_SAYS_NOTHING(1, "IN_DOUBT"),
        SAYS_NOTHING_FIRST(1, "PAIRED"),
        DRIPS(2, "PAIRED"),
        DRIPS_TOO_SLOWLY(1, "IN_DOUBT"),
        THROTTLES_FIRST(4, "PAIRED"),
        CANNOT_BE_READ(3, "IN_DOUBT"),
        IS_MISCONFIGURED(1, "MISCONFIGURED"),
        HOSTILE_BODY(3, "INVALID"),
        NOT_ADMITTED(1, null),
        HOSTILE_HEADERS(3, "PAIRED"),
        TOO_LATE(2, "EXPIRED"),
        IMPOSTOR(2, null);

        private final int weight;
        private final String expected;

        Kind(int weight, String expected) {
            this.weight = weight;
            this.expected = expected;
        }
    }

    /**
     * A job.
     *
     * @param otps its one-time passwords: one, or two where somebody else uses the same job id
     * @param expected how it ends without a fault, or null where that depends on who comes first, or where it is no job
     *     at all
     */
    record Job(String id, Kind kind, List<String> otps, String expected, List<Outgoing> messages) {}

    private final LedgerEndpoint ledger;
    private final Triggers triggers;

    Workload(LedgerEndpoint ledger, Triggers triggers) {
        this.ledger = ledger;
        this.triggers = triggers;
    }

    /** Draws jobs and tells the endpoint how to answer them. Their messages are in no order, and some come twice. */
    List<Job> draw(Random random, String prefix, int count) {
        List<Job> jobs = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Kind kind = kind(random);
            String id = prefix + "-" + i;
            String otp = OTP + "-" + id;
            List<Outgoing> messages = new ArrayList<>();
            List<String> otps = new ArrayList<>(List.of(otp));
            answer(otp, behaviour(kind, random));
            int priority = 1 + random.nextInt(9);
            switch (kind) {
                case HOSTILE_BODY -> messages.add(new Outgoing(hostileBody(id, otp, random), priority, 0));
                case NOT_ADMITTED -> messages.add(notAdmitted(id, otp, random, priority));
                case HOSTILE_HEADERS -> messages.add(new Outgoing(hostileHeaders(id, otp), priority, 0));
                case TOO_LATE -> messages.add(new Outgoing(Stage.request(id, otp), priority, 1));
                case IMPOSTOR -> {
                    String other = otp + "-of-somebody-else";
                    otps.add(other);
                    answer(other, behaviour(kind, random));
                    messages.add(new Outgoing(Stage.request(id, otp), priority, 0));
                    messages.add(new Outgoing(Stage.request(id, other), priority, 0));
                }
                default -> {
                    MessageMaker request = Stage.request(id, otp);
                    for (int copies = random.nextInt(12) == 0 ? 2 + random.nextInt(2) : 1; copies > 0; copies--) {
                        messages.add(new Outgoing(request, priority, 0));
                    }
                }
            }
            jobs.add(new Job(id, kind, otps, kind.expected, messages));
        }
        return jobs;
    }

    /** The messages of these jobs, shuffled. */
    static List<Outgoing> shuffled(List<Job> jobs, Random random) {
        List<Outgoing> all = new ArrayList<>();
        jobs.forEach(job -> all.addAll(job.messages()));
        Collections.shuffle(all, random);
        return all;
    }

    private static Kind kind(Random random) {
        int all = 0;
        for (Kind kind : Kind.values()) {
            all += kind.weight;
        }
        int drawn = random.nextInt(all);
        for (Kind kind : Kind.values()) {
            drawn -= kind.weight;
            if (drawn < 0) {
                return kind;
            }
        }
        throw new IllegalStateException();
    }

    private void answer(String otp, Behaviour behaviour) {
        ledger.when(otp, call -> {
            triggers.posted();
            behaviour.answer(call);
        });
    }

    private Behaviour behaviour(Kind kind, Random random) {
        int think = random.nextInt(300);
        double where = random.nextDouble();
        int variant = random.nextInt(1 << 16);
        return switch (kind) {
            case PAIRS, IMPOSTOR, HOSTILE_HEADERS -> this::pair;
            case PAIRS_SLOWLY ->
                call -> {
                    call.think(think);
                    pair(call);
                };
            case IS_REFUSED -> call -> call.status(400);
            case FAILS_FIRST ->
                first(call -> call.status(List.of(500, 502, 504, 520).get(variant % 4)));
            case PAIRS_BUT_ANSWERS_500 -> onPairing(call -> call.status(500));
            case ANSWER_IS_CUT -> onPairing(call -> cut(call, where, variant));
            case RESET_FIRST -> first(Call::reset);
            case PAIRS_AND_SAYS_NOTHING -> onPairing(Call::silence);
            case SAYS_NOTHING_FIRST -> first(Call::silence);
            case DRIPS ->
                onPairing(call -> {
                    call.drip(call.http200(), 2);
                    call.answered();
                    triggers.answered();
                });
            case DRIPS_TOO_SLOWLY -> onPairing(call -> call.drip(call.http200(), Site.DEADLINE.toMillis() / 100));
            case THROTTLES_FIRST ->
                first(call -> call.status(variant % 2 == 0 ? 503 : 429, "Retry-After: " + variant % 3));
            case CANNOT_BE_READ -> onPairing(call -> unreadable(call, variant));
            case IS_MISCONFIGURED ->
                call -> call.status(List.of(404, 401, 403, 301, 415).get(variant % 5));
            case HOSTILE_BODY, NOT_ADMITTED, TOO_LATE -> this::pair; // never called
        };
    }

    private void pair(Call call) throws IOException {
        if (call.pair()) {
            call.answer200();
            triggers.answered();
        } else {
            call.status(400);
        }
    }

    private Behaviour first(Behaviour once) {
        return call -> {
            if (call.number() == 1) {
                once.answer(call);
            } else {
                pair(call);
            }
        };
    }

    private static Behaviour onPairing(Behaviour answer) {
        return call -> {
            if (call.pair()) {
                answer.answer(call);
            } else {
                call.status(400);
            }
        };
    }

    /** Cut before, inside or just before the end of the answer, in order or with a reset. */
    private static void cut(Call call, double where, int variant) throws IOException {
        byte[] answer = call.http200();
        byte[] part = new byte[(int) (where * answer.length)];
        System.arraycopy(answer, 0, part, 0, part.length);
        call.write(part);
        if (variant % 2 == 0) {
            call.reset();
        } else {
            call.close();
        }
    }

    private static void unreadable(Call call, int variant) throws IOException {
        String whole = LedgerEndpoint.credentials(call.otp(), "Till");
        call.write(call.http(
                200,
                "",
                switch (variant % 4) {
                    case 0 -> whole.replace("client_secret", "client_s");
                    case 1 -> "<html>" + whole + "</html>";
                    case 2 -> whole.substring(0, whole.length() / 2);
                    default -> "[" + whole + "]";
                }));
    }

    private static MessageMaker hostileBody(String id, String otp, Random random) {
        String valid = Stage.body(otp);
        return Stage.text(
                id,
                switch (random.nextInt(5)) {
                    case 0 -> "{\"name\":\"Till\",\"opt\":\"" + otp + "\"}";
                    case 1 -> valid.substring(0, valid.length() - 2);
                    case 2 -> "[".repeat(5_000) + "]".repeat(5_000);
                    case 3 -> "";
                    default -> "{{env:HOME}}${header.otp}" + otp;
                });
    }

    /** What the broker refuses, so that it never becomes a job. */
    private static Outgoing notAdmitted(String id, String otp, Random random, int priority) {
        MessageMaker message = switch (random.nextInt(3)) {
            case 0 ->
                Stage.text(
                        id,
                        Stage.body(otp)
                                .replace(
                                        "\"reference\"", "\"filler\":\"" + "x".repeat(70 * 1024) + "\",\"reference\""));
            case 1 ->
                session -> {
                    ObjectMessage object = session.createObjectMessage();
                    object.setObject(new ArrayList<>(Set.of(otp)));
                    object.setStringProperty("PairingJobId", id);
                    return object;
                };
            default ->
                session -> {
                    MapMessage map = session.createMapMessage();
                    map.setString("otp", otp);
                    map.setStringProperty("PairingJobId", id);
                    return map;
                };
        };
        return new Outgoing(message, priority, 0, true);
    }

    /** A good request from somebody who tries to steer the bridge and the broker with what stands beside it. */
    private static MessageMaker hostileHeaders(String id, String otp) {
        return session -> {
            ObjectNode body = (ObjectNode) Stage.json(Stage.body(otp));
            Message message = session.createTextMessage(body.toString());
            message.setStringProperty("PairingJobId", id);
            message.setJMSReplyTo(session.createQueue("pairing.dead-letters"));
            message.setJMSType("${{env:PATH}}");
            for (String name : List.of(
                    "CamelHttpUri",
                    "cAmElHttpUri",
                    "CamelHttpMethod",
                    "CamelJmsDestinationName",
                    "CamelFileName",
                    "_AMQ_LVQ_NAME",
                    "PairingOutcome",
                    "PairingCarrier")) {
                message.setStringProperty(name, "http://127.0.0.1:1/" + name);
            }
            return message;
        };
    }
}
