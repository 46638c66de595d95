package io.pairingbridge.testing;

import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.EmbeddedBroker;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/**
 * A broker alone in a process, from the bundle's libraries: {@code BrokerProcess <broker.xml> <data directory> <port>}.
 */
public final class BrokerProcess {
    public static final String READY = "broker listens";

    private BrokerProcess() {}

    public static void main(String[] args) throws InterruptedException {
        Path data = Path.of(args[1]);
        EmbeddedBroker broker = EmbeddedBroker.start(
                Path.of(args[0]), data, "127.0.0.1", Integer.parseInt(args[2]), BrokerUsers.load(data, Map.of()));
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close));
        System.out.println(READY + " on " + broker.url());
        new CountDownLatch(1).await();
    }
}
