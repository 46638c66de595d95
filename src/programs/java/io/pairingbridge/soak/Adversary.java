package io.pairingbridge.soak;

import static io.pairingbridge.soak.Tally.Count.BRIDGE_KILLS;
import static io.pairingbridge.soak.Tally.Count.BRIDGE_PAUSES;
import static io.pairingbridge.soak.Tally.Count.BRIDGE_TERMS;
import static io.pairingbridge.soak.Tally.Count.BROKER_KILLS;
import static io.pairingbridge.soak.Tally.Count.JOURNAL_KILLS;
import static io.pairingbridge.soak.Tally.Count.REFUSED_STARTS;

import io.pairingbridge.guarantees.CrashingBridge;
import io.pairingbridge.soak.Producer.Outgoing;
import io.pairingbridge.soak.Site.Instance;
import io.pairingbridge.testing.Child;
import io.pairingbridge.testing.Wire.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Does the faults of one round to the site while its jobs come in. What it does, and in what order, hangs on the seed;
 * when exactly it hits also hangs on the machine.
 */
final class Adversary {
    /** Steps of the routes whose two edges are durable ones, or lie around what is. */
    static final List<String> STEPS = List.of(
            "read-request",
            "pre-flight",
            "admit",
            "call-endpoint",
            "seal",
            "classify-answer",
            "classify-failure",
            "journal-answered",
            "publish-credentials",
            "journal-published",
            "schedule-request",
            "send-dead-letter",
            "send-in-doubt",
            "send-event",
            "count-ended");
    /** How long a bridge that is ready may take to reach the step that kills it, before it is killed anyway. */
    private static final long EDGE_PATIENCE_MILLIS = 4_000;

    private final Site site;
    private final Tally tally;
    private final Random random;
    private final long endpointDownMillis;
    private int edge;
    /** Which of the bridges this blow is for. */
    private Instance bridge;

    Adversary(Site site, Tally tally, Random random, long endpointDownMillis) {
        this.endpointDownMillis = endpointDownMillis;
        this.site = site;
        this.tally = tally;
        this.random = random;
        this.edge = random.nextInt(2 * STEPS.size());
    }

    /**
     * Does one kind of fault, in several blows, and sends a share of the messages before each. Afterwards the site may
     * be in any state; {@link Site#mend} puts it back.
     */
    void strike(Fault fault, List<Outgoing> messages) throws IOException, InterruptedException {
        int blows = blows(fault);
        for (int blow = 0; blow < blows; blow++) {
            bridge = site.bridges()
                    .get(site.shared() ? random.nextInt(site.bridges().size()) : 0);
            List<Outgoing> share =
                    messages.subList(messages.size() * blow / blows, messages.size() * (blow + 1) / blows);
            Runnable send = () -> site.producer().send(share);
            if (fault != Fault.KILL_AT_EDGE) {
                if (site.shared() && random.nextInt(4) > 0) {
                    startDead(); // one that only starts would find that the other one has done everything
                }
                send.run();
            }
            switch (fault) {
                case NONE -> {}
                case KILL_BRIDGE -> killBridge();
                case KILL_AT_EDGE -> killAtEdge(send);
                case KILL_BROKER -> killBroker();
                case KILL_BOTH -> killBoth();
                case KILL_JOURNAL -> killJournal();
                case TERM -> term();
                case PAUSE -> pause();
                case CUT_BROKER -> cutBroker();
                case CUT_ENDPOINT -> cutEndpoint();
                case ENDPOINT_DOWN -> endpointDown();
                case DISK_FULL -> diskFull();
                case JOURNAL_FAILS -> journalFails();
                case DISK_READ_ONLY -> diskReadOnly();
                case CLOCK -> clock(blow);
                case ROTATE_KEY -> rotateKey();
            }
            tally.hit(fault);
        }
    }

    /** Many kills in a row also bring jobs that are set aside because they were begun too often. */
    private int blows(Fault fault) {
        return switch (fault) {
            case NONE, PAUSE, ENDPOINT_DOWN, DISK_FULL, JOURNAL_FAILS, DISK_READ_ONLY -> 1;
            case KILL_BRIDGE, KILL_AT_EDGE -> 12;
            case KILL_BROKER -> 8;
            case KILL_BOTH -> 5;
            case TERM, ROTATE_KEY -> 2;
            case CLOCK, CUT_BROKER, CUT_ENDPOINT -> 3;
            case KILL_JOURNAL -> 6;
        };
    }

    private void killBridge() throws IOException, InterruptedException {
        boolean starting = !bridge.alive();
        site.launchDead();
        switch (random.nextInt(4)) {
            case 0 -> {
                // Any moment of its start, or soon after it.
                pass(random.nextInt(starting ? 4_000 : 300));
            }
            case 1 -> await(bridge::awaitReady, random.nextInt(600));
            case 2 -> whenTriggered(true, random.nextInt(8) + 1, random.nextInt(25));
            default -> whenTriggered(false, random.nextInt(8) + 1, random.nextInt(4));
        }
        if (site.shared() && random.nextInt(4) == 0) {
            killAll();
        } else {
            kill();
        }
    }

    private void kill() throws InterruptedException {
        bridge.kill();
        tally.add(BRIDGE_KILLS);
    }

    private void killAll() throws InterruptedException {
        for (Instance each : site.bridges()) {
            if (each.alive()) {
                each.kill();
                tally.add(BRIDGE_KILLS);
            }
        }
    }

    private void startDead() throws IOException {
        site.launchDead();
        site.bridges().forEach(Instance::awaitReady);
    }

    private static void await(Runnable condition, int thenMillis) throws InterruptedException {
        condition.run();
        pass(thenMillis);
    }

    /**
     * Returns a moment after the endpoint got its n-th post, or wrote its n-th answer; or a while later if it never
     * does.
     */
    private void whenTriggered(boolean answer, int nth, int thenMillis) throws InterruptedException {
        CountDownLatch struck = new CountDownLatch(1);
        if (answer) {
            site.triggers().onAnswer(nth, struck::countDown);
        } else {
            site.triggers().onPost(nth, struck::countDown);
        }
        bridge.awaitReady();
        if (struck.await(2, TimeUnit.SECONDS)) {
            pass(thenMillis);
        }
        site.triggers().disarm();
    }

    private void killAtEdge(Runnable send) throws IOException, InterruptedException {
        if (!site.shared()) {
            send.run();
        }
        if (bridge.alive()) {
            kill(); // to make room for one that dies by itself
        }
        String point = (edge % 2 == 0 ? "before:" : "after:") + STEPS.get(edge / 2 % STEPS.size());
        edge++;
        long from = System.nanoTime();
        bridge.launchThatDies(point, 1 + random.nextInt(5));
        site.launchDead();
        while (bridge.alive() && !bridge.ready()) {
            pass(50); // it may die on its way, too
        }
        if (site.shared()) {
            send.run(); // not before: the other one would be done with them by now
        }
        if (bridge.process().endsWithin(EDGE_PATIENCE_MILLIS)) {
            expect(
                    bridge.process().awaitEnd() == CrashingBridge.KILLED,
                    "the bridge ended by itself on its way to " + point);
            tally.edge(point);
        } else {
            bridge.process().kill();
        }
        bridge.disturbed(from, System.nanoTime());
        tally.add(BRIDGE_KILLS);
    }

    private void killBroker() throws IOException, InterruptedException {
        if (site.embedded()) {
            killBoth();
            return;
        }
        startDead();
        if (random.nextBoolean()) {
            whenTriggered(true, random.nextInt(6) + 1, random.nextInt(25));
        } else {
            pass(random.nextInt(800));
        }
        site.killBroker();
        tally.add(BROKER_KILLS);
        pass(random.nextInt(500));
        site.launchBroker();
        site.awaitBroker();
    }

    private void killBoth() throws IOException, InterruptedException {
        startDead();
        whenTriggered(random.nextBoolean(), random.nextInt(8) + 1, random.nextInt(20));
        if (!site.embedded()) {
            site.killBroker();
        }
        tally.add(BROKER_KILLS);
        killAll();
        if (!site.embedded()) {
            site.launchBroker();
            site.awaitBroker();
        }
    }

    private void killJournal() throws IOException, InterruptedException {
        startDead();
        whenTriggered(random.nextBoolean(), random.nextInt(8) + 1, random.nextInt(25));
        site.killServer();
        tally.add(JOURNAL_KILLS);
        pass(random.nextInt(2_000));
        boolean killed = random.nextInt(4) == 0;
        if (killed) {
            kill(); // with whatever sealed answers it still owes the journal
        }
        site.startServer();
        expect(
                site.bridges().stream().filter(Instance::alive).count()
                        == site.bridges().size() - (killed ? 1 : 0),
                "a bridge ended by itself when its journal was away");
    }

    private void term() throws IOException, InterruptedException {
        startDead();
        whenTriggered(false, random.nextInt(8) + 1, random.nextInt(50));
        bridge.process().stop();
        tally.add(BRIDGE_TERMS);
    }

    private void pause() throws IOException, InterruptedException {
        whenTriggered(random.nextBoolean(), random.nextInt(8) + 1, random.nextInt(4));
        long from = System.nanoTime();
        bridge.pause();
        Child beside = bridge.launchBeside();
        expectRefused(beside, "in use by another bridge (it may be paused)");
        long longest = Math.max(
                        Site.CONNECTION_TTL.toMillis(),
                        Site.DEADLINE.plus(Site.GRACE).toMillis())
                + (site.shared() ? 6_000 : 2_000);
        pass(longest - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - from));
        bridge.resume();
        tally.add(BRIDGE_PAUSES);
    }

    private void cutBroker() throws IOException, InterruptedException {
        switch (random.nextInt(5)) {
            case 0 -> {
                pass(random.nextInt(400));
                site.brokerWire().reset();
            }
            case 1 -> {
                site.brokerWire().cutAfter(random.nextInt(60_000));
                pass(1_500);
            }
            case 2 -> site.brokerWire().mode(Mode.HALF_OPEN);
            case 3 -> site.brokerWire().mode(Mode.BLACK_HOLE);
            default -> site.brokerWire().mode(Mode.SLOW);
        }
        pass(random.nextInt((int) Site.CONNECTION_TTL.toMillis() * 3 / 2));
        site.brokerWire().mode(Mode.OPEN);
    }

    private void cutEndpoint() throws IOException, InterruptedException {
        long from = System.nanoTime();
        switch (random.nextInt(3)) {
            case 0 -> {
                whenTriggered(random.nextBoolean(), random.nextInt(8) + 1, 0);
                bridge.endpointWire().reset();
            }
            case 1 -> {
                bridge.endpointWire().mode(Mode.BLACK_HOLE);
                pass(random.nextInt(4_000));
                // What hangs in it is lost, or a post that waited there could come after its own repetition.
                bridge.endpointWire().mode(Mode.DOWN);
            }
            default -> {
                bridge.endpointWire().mode(Mode.SLOW);
                pass(random.nextInt(3_000));
            }
        }
        bridge.endpointWire().mode(Mode.OPEN);
        bridge.disturbed(from, System.nanoTime());
    }

    private void endpointDown() throws IOException, InterruptedException {
        long from = System.nanoTime();
        bridge.endpointWire().mode(Mode.DOWN);
        pass(endpointDownMillis);
        bridge.endpointWire().mode(Mode.OPEN);
        bridge.disturbed(from, System.nanoTime());
    }

    private void diskFull() throws IOException, InterruptedException {
        pass(random.nextInt(300));
        site.fillDisk();
        pass(1_000 + random.nextInt(3_000));
        if (random.nextInt(3) == 0) {
            kill(); // with whatever sealed answers it still owes the journal
        }
        site.freeDisk();
    }

    private void journalFails() throws IOException, InterruptedException {
        pass(random.nextInt(300));
        long from = System.nanoTime();
        try (Child errors = site.failJournal(random.nextBoolean() ? "EIO" : "EROFS")) {
            pass(500 + random.nextInt(2_500));
            if (random.nextInt(3) == 0) {
                kill(); // with whatever sealed answers it still owes the journal
            }
            errors.stop();
        }
        bridge.disturbed(from, System.nanoTime()); // a process that is traced is slow enough to miss its deadlines
    }

    private void diskReadOnly() throws IOException, InterruptedException {
        whenTriggered(false, random.nextInt(8) + 1, random.nextInt(50));
        bridge.process().stop();
        tally.add(BRIDGE_TERMS);
        site.remountDisk(true);
        bridge.launch();
        expectRefused(bridge.process(), "journal");
        site.remountDisk(false);
    }

    private void clock(int blow) throws IOException, InterruptedException {
        // Within max-age, so that no job is too old by the wrong clock.
        site.setClock(Duration.ofMinutes(List.of(10, -10, 20, -20).get(random.nextInt(4))));
        if (blow == 0) {
            kill(); // the clock can only be bent for a process that is started with it
            bridge.launchWithClock();
        }
        bridge.awaitReady();
        pass(random.nextInt(1_500));
        if (blow == 1) {
            kill();
            site.setClock(Duration.ofSeconds(random.nextInt(600) - 300));
            bridge.launchWithClock();
        } else if (blow == 2) {
            kill(); // and with the true clock again
        }
    }

    private void rotateKey() throws IOException, InterruptedException {
        site.rotateKeys();
        whenTriggered(true, random.nextInt(8) + 1, random.nextInt(30));
        if (random.nextBoolean()) {
            kill();
        } else {
            bridge.process().stop();
            tally.add(BRIDGE_TERMS);
        }
        bridge.launch();
        bridge.awaitReady();
    }

    private void expectRefused(Child start, String because) throws IOException, InterruptedException {
        int exit = start.awaitEnd();
        expect(
                exit == 1 && Files.readString(start.log()).contains(because),
                "a start that had to be refused, saying \"" + because + "\", ended with " + exit);
        tally.add(REFUSED_STARTS);
    }

    private void expect(boolean holds, String otherwise) {
        if (!holds) {
            tally.broken(otherwise);
        }
    }

    /** Lets time pass that is part of the fault; nothing is waited for. */
    private static void pass(long millis) throws InterruptedException {
        if (millis > 0) {
            Thread.sleep(millis);
        }
    }
}
