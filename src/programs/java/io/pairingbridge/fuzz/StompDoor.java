package io.pairingbridge.fuzz;

import io.pairingbridge.access.BrokerUsers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;

/**
 * STOMP 1.0, 1.1 and 1.2: headers of every name, escapes, lengths that are wrong, NUL, priorities, times, receipts,
 * transactions, binary bodies, frames that are cut, texts that are no UTF-8, and floods of headers.
 */
final class StompDoor extends BrokerDoor {
    private static final String[] VERSIONS = {null, "1.0", "1.1", "1.2", "1.0,1.1,1.2"};
    private static final String[] NAMES = {
        "PairingJobId",
        "PairingBatchId",
        "PairingIntegrator",
        "PairingReplay",
        "correlation-id",
        "message-id",
        "reply-to",
        "type",
        "content-type",
        "timestamp",
        "redelivered",
        "destination-type",
        "AMQ_SCHEDULED_DELAY",
        "AMQ_SCHEDULED_TIME",
        "_AMQ_SCHED_DELIVERY",
        "_AMQ_DUPL_ID",
        "_AMQ_ROUTING_TYPE",
        "_AMQ_ROUTE_TO",
        "_AMQ_GROUP_ID",
        "JMSXGroupID",
        "JMSXGroupSeq",
        "_AMQ_LVQ_NAME",
        "_AMQ_ORIG_ADDRESS",
        "_AMQ_LARGE_SIZE",
        "_AMQ_LARGE_COMPRESSED",
        "_AMQ_INGRESS_TIMESTAMP",
        "_AMQ_ACTUAL_EXPIRY",
        "JMSXDeliveryCount",
        "JMSXUserID",
        "JMSReplyTo",
        "JMSType",
        "CamelHttpUri",
        "__AMQ_CID",
        "1",
        "a b",
        "\u00e4",
        "PairingOutcome",
        "selector",
        "ack",
        "id",
        "subscription",
        "",
        "_HQ_GROUP_ID",
        "_AMQ_BRIDGE_DUP",
        "_AMQ_VALIDATED_USER"
    };
    private static final String[] VALUES = {
        "",
        "x",
        "0",
        "1",
        "-1",
        "9",
        "10",
        "20",
        "127",
        "128",
        "255",
        "256",
        "2147483648",
        "-2147483649",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "true",
        "false",
        "1.5",
        " 4",
        "4 ",
        "abc",
        "MULTICAST",
        "ANYCAST",
        "\\n",
        "\\c",
        "\\r",
        "\\\\",
        "\\x",
        "\\",
        "a:b",
        "\u00e4\ud83d\ude00",
        "{{env:HOME}}",
        "pairing.credentials",
        "253402300800000",
        "1800000000000",
        "dup-1",
        "dup-2"
    };
    private static final String[] DESTINATIONS = {
        "",
        "nowhere",
        "pairing.requests::pairing.requests",
        "pairing.requests::pairing.credentials",
        "pairing.credentials",
        "pairing.dead-letters",
        "pairing.outcomes",
        "queue://pairing.requests",
        "topic://pairing.requests",
        "/queue/pairing.requests",
        "/topic/pairing.requests",
        "jms.queue.pairing.requests",
        "pairing.#",
        "activemq.management",
        "pairing.expired",
        "pairing.requests::",
        "::",
        "pairing.requests,pairing.batches"
    };

    private StompClient client;
    private int sent;

    StompDoor(Path folder) throws Exception {
        super(folder);
    }

    /** A frame in its parts. */
    private static final class Frame {
        final StringBuilder headers = new StringBuilder();
        String destination;
        boolean persistent = true;
        boolean receipt = true;
        boolean length;
        /** A line without a colon: readers of STOMP 1.0 look for it further on, and for the frame's end too. */
        boolean noHeader;

        String contentLength;
        byte[] body;
        byte[] end = {0};
        String version = "1.2";
        /** null: none; else whether it is committed. */
        Boolean commit;

        void header(String name, String value) {
            headers.append(name).append(':').append(value).append('\n');
        }

        byte[] bytes(String receiptId, String transaction) {
            StringBuilder head = new StringBuilder("SEND\n");
            head.append("destination:").append(destination).append('\n');
            if (persistent) {
                head.append("persistent:true\n");
            }
            if (receipt) {
                head.append("receipt:").append(receiptId).append('\n');
            }
            if (transaction != null) {
                head.append("transaction:").append(transaction).append('\n');
            }
            if (contentLength != null || length) {
                head.append("content-length:")
                        .append(contentLength != null ? contentLength : Integer.toString(body.length))
                        .append('\n');
            }
            return AmqpBytes.join(
                    AmqpBytes.utf8(head.append(headers).append('\n').toString()), body, end);
        }
    }

    private Frame legal(Draft draft, Random random) {
        Frame frame = new Frame();
        frame.destination = draft.address;
        frame.version = VERSIONS[random.nextInt(VERSIONS.length)];
        draft.with("version " + frame.version);
        if (random.nextInt(3) == 0) {
            draft.with("not persistent");
            frame.persistent = false;
        }
        switch (random.nextInt(3)) {
            case 0 -> {
                draft.with("id in the property");
                frame.header(draft.batch() ? "PairingBatchId" : "PairingJobId", draft.token);
            }
            case 1 -> {
                draft.with("id in correlation-id");
                frame.header("correlation-id", draft.token);
            }
            default -> draft.with("no id");
        }
        frame.body = Bodies.legal(draft);
        frame.length = random.nextBoolean();
        draft.with(frame.length ? "content-length" : "no content-length");
        return frame;
    }

    @Override
    void sendLegal(Draft draft, Random random) throws IOException {
        send(draft, legal(draft, random));
    }

    @Override
    void sendGrouped(Draft draft, String first, String second) throws IOException {
        for (String token : new String[] {first, second}) {
            Frame frame = new Frame();
            frame.destination = "pairing.requests";
            frame.header("PairingJobId", token);
            frame.header("JMSXGroupID", "one-group");
            frame.body = body(token).getBytes(StandardCharsets.UTF_8);
            Answer before = draft.answer;
            send(draft, frame);
            draft.answer = before == null || before.told() == Answer.Told.ACCEPTED ? draft.answer : before;
        }
    }

    @Override
    void send(Draft draft, Random random) throws IOException {
        if (random.nextInt(6) == 0) {
            draft.address = "pairing.batches";
        }
        if (random.nextInt(3_000) == 0) {
            flood(draft, random);
            return;
        }
        Frame frame = legal(draft, random);
        if (random.nextInt(4) == 0) {
            frame.body = Bodies.drawn(draft, random);
        }
        int oddities = new int[] {0, 1, 1, 1, 1, 1, 2, 2, 3}[random.nextInt(9)];
        for (int i = 0; i < oddities; i++) {
            oddPart(draft, frame, random);
        }
        draft.whole = frame.contentLength == null
                && !frame.noHeader
                && (frame.length || Arrays.binarySearch(sorted(frame.body), (byte) 0) < 0);
        int rare = random.nextInt(3_000);
        if (rare < 6) {
            int length = rare < 1 ? 150 << 20 : rare < 2 ? 24 << 20 : 1 << 17 << random.nextInt(6);
            draft.odd("large: " + length);
            large(draft, frame, length);
            return;
        }
        if (skipped(draft)) {
            return;
        }
        if (rare < 300) {
            AmqpBytes.Value spoilt = AmqpBytes.spoilt(random, frame.bytes("r" + sent, null));
            draft.odd("frame: " + spoilt.kind()).whole = false;
            spoilt(draft, frame, spoilt.bytes());
            return;
        }
        send(draft, frame);
    }

    private static void oddPart(Draft draft, Frame frame, Random random) {
        switch (random.nextInt(14)) {
            case 0, 1, 2 -> {
                String name = NAMES[random.nextInt(NAMES.length)];
                String value = VALUES[random.nextInt(VALUES.length)];
                draft.odd("header " + name + ": " + value);
                frame.header(name, value);
            }
            case 3 -> {
                String priority = VALUES[random.nextInt(VALUES.length)];
                draft.odd("priority: " + priority);
                frame.header("priority", priority);
            }
            case 4 -> {
                String expires = VALUES[random.nextInt(VALUES.length)];
                draft.odd("expires: " + expires);
                frame.header("expires", expires);
            }
            case 5 -> {
                frame.persistent = false;
                String value = VALUES[random.nextInt(VALUES.length)];
                draft.odd("persistent: " + value);
                frame.header("persistent", value);
            }
            case 6 -> {
                String length = random.nextInt(3) == 0
                        ? VALUES[random.nextInt(VALUES.length)]
                        : Integer.toString(Math.max(
                                0,
                                frame.body.length
                                        + new int[] {-1, 1, -10, 10, 100_000, 1_000_000_000}[random.nextInt(6)]));
                draft.odd("content-length: " + length + " of " + frame.body.length);
                frame.contentLength = length;
            }
            case 7 -> {
                draft.with("no receipt");
                frame.receipt = false;
            }
            case 8 -> {
                frame.commit = random.nextBoolean();
                if (frame.commit) {
                    draft.with("committed");
                } else {
                    draft.odd("rolled back");
                }
            }
            case 9 -> {
                String to = DESTINATIONS[random.nextInt(DESTINATIONS.length)];
                draft.odd("destination: " + to);
                frame.destination = to;
            }
            case 10 -> {
                int count = 1 << random.nextInt(11);
                draft.odd("headers: " + count);
                for (int i = 0; i < count; i++) {
                    frame.header("h" + i, "x".repeat(random.nextInt(20)));
                }
            }
            case 11 -> {
                int size = 1 << random.nextInt(18);
                draft.odd("a header of " + size);
                frame.header("long", "x".repeat(size));
            }
            case 12 -> {
                String half = "\ud83d";
                draft.odd("half a character in a header");
                frame.header(NAMES[random.nextInt(NAMES.length)], half);
            }
            default -> {
                String line = VALUES[random.nextInt(VALUES.length)] + (random.nextBoolean() ? "\r" : "");
                draft.odd("a line that is no header: " + line.replace("\r", "CR"));
                frame.noHeader = true;
                frame.headers.append(line).append('\n');
            }
        }
    }

    private static byte[] sorted(byte[] bytes) {
        byte[] sorted = bytes.clone();
        Arrays.sort(sorted);
        return sorted;
    }

    private static boolean skipped(Draft draft) {
        String skip = System.getProperty("fuzz.skip", "");
        return !skip.isEmpty()
                && java.util.regex.Pattern.compile(skip)
                        .matcher(draft.toString())
                        .find();
    }

    private void send(Draft draft, Frame frame) throws IOException {
        // What a version allows, and what an odd frame leaves behind, ends with its connection.
        disconnect();
        client = new StompClient(stage.broker().port())
                .connect(frame.version, BrokerUsers.ERP_REQUESTER, stage.users().password(BrokerUsers.ERP_REQUESTER));
        String receipt = "r" + sent++;
        String transaction = frame.commit == null ? null : "tx" + receipt;
        if (transaction != null) {
            client.write(("BEGIN\ntransaction:" + transaction + "\n\n\0").getBytes(StandardCharsets.UTF_8));
        }
        client.write(frame.bytes(receipt, transaction));
        if (transaction != null) {
            client.write(((frame.commit ? "COMMIT" : "ABORT") + "\ntransaction:" + transaction + "\nreceipt:end\n\n\0")
                    .getBytes(StandardCharsets.UTF_8));
            draft.answer =
                    client.patience(draft.whole ? StompClient.PATIENCE : 3_000).told("end");
            if (!frame.commit && draft.answer.told() == Answer.Told.ACCEPTED) {
                draft.answer = Answer.refused("rolled back");
            }
        } else {
            // A frame behind it, in case that the length swallows the end of this one, or that no receipt is asked for.
            client.write("DISCONNECT\nreceipt:end\n\n\0".getBytes(StandardCharsets.UTF_8));
            draft.answer =
                    client.patience(draft.whole ? StompClient.PATIENCE : 3_000).told(frame.receipt ? receipt : "end");
        }
    }

    private void spoilt(Draft draft, Frame frame, byte[] bytes) throws IOException {
        disconnect();
        client = new StompClient(stage.broker().port())
                .connect(frame.version, BrokerUsers.ERP_REQUESTER, stage.users().password(BrokerUsers.ERP_REQUESTER));
        String receipt = "r" + sent++;
        client.write(bytes, "DISCONNECT\nreceipt:end\n\n\0".getBytes(StandardCharsets.UTF_8));
        draft.answer = client.patience(3_000).told(receipt);
    }

    private void large(Draft draft, Frame frame, int length) throws IOException {
        frame.body = new byte[0];
        frame.end = new byte[0];
        frame.contentLength = Integer.toString(length);
        disconnect();
        client = new StompClient(stage.broker().port())
                .connect(frame.version, BrokerUsers.ERP_REQUESTER, stage.users().password(BrokerUsers.ERP_REQUESTER));
        String receipt = "r" + sent++;
        client.write(frame.bytes(receipt, null));
        byte[] chunk = new byte[64 * 1024];
        Arrays.fill(chunk, (byte) 'x');
        for (int left = length; left > 0 && client.usable(); left -= chunk.length) {
            client.write(left >= chunk.length ? chunk : Arrays.copyOf(chunk, left));
        }
        client.write(new byte[] {0}, "DISCONNECT\nreceipt:end\n\n\0".getBytes(StandardCharsets.UTF_8));
        draft.answer = client.told(frame.receipt ? receipt : "end");
    }

    /** Much before login, without an end. */
    private void flood(Draft draft, Random random) throws IOException {
        boolean body = random.nextBoolean();
        draft.odd("144 MiB before login, " + (body ? "of body" : "of header"));
        disconnect();
        client = new StompClient(stage.broker().port());
        client.write(
                body
                        ? "SEND\ndestination:pairing.requests\n\n".getBytes(StandardCharsets.UTF_8)
                        : "CONNECT\nlong:".getBytes(StandardCharsets.UTF_8));
        byte[] chunk = new byte[1 << 20];
        Arrays.fill(chunk, (byte) 'x');
        for (int i = 0; i < 144 && client.usable(); i++) {
            client.write(chunk);
        }
        disconnect();
        draft.answer = Answer.refused("not logged in");
    }

    @Override
    void disconnect() {
        try {
            if (client != null) {
                client.close();
            }
        } catch (IOException e) {
            // gone already
        }
        client = null;
    }
}
