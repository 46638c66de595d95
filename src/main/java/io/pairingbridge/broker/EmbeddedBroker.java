package io.pairingbridge.broker;

import io.pairingbridge.access.BrokerException;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.files.PrivateFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.core.config.FileDeploymentManager;
import org.apache.activemq.artemis.core.config.impl.FileConfiguration;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.remoting.impl.netty.TransportConstants;
import org.apache.activemq.artemis.core.server.ActiveMQLockAcquisitionTimeoutException;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.impl.ActiveMQServerImpl;
import org.apache.activemq.artemis.spi.core.remoting.Acceptor;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;
import org.apache.activemq.artemis.utils.critical.CriticalAnalyzerPolicy;

/**
 * The broker inside the bridge's own process, on the same configuration, with the same addresses, roles and security as
 * one that stands alone. Its data lie in {@code broker} under the data directory.
 *
 * <p>It installs no shutdown hook: whoever started it closes it, after everything that uses it. It registers nothing
 * with JMX, where whoever may read could browse any queue.
 */
public final class EmbeddedBroker implements AutoCloseable {

    /** The directory under the data directory. */
    public static final String DIRECTORY = "broker";

    // Whether it is a java.net.BindException depends on the platform's network library; the broker's own code does not.
    private static final String FAILED_TO_BIND = "AMQ229230";

    /** The acceptor whose options count. */
    private static final String CLIENTS = "clients";

    private final ActiveMQServer server;
    private final String host;
    private final int port;

    private EmbeddedBroker(ActiveMQServer server, String host, int port) {
        this.server = server;
        this.host = host;
        this.port = port;
    }

    /**
     * Starts a broker and waits until it takes connections, with every message of an earlier run.
     *
     * @param brokerXml the broker's configuration
     * @param dataDirectory the bridge's data directory; created if need be. One running broker at a time may use it
     * @param host the address to listen on
     * @param port the port to listen on, 0 for any free one
     * @param users who may log in
     * @return the running broker
     * @throws BrokerException if it could not be started. Nothing is left running then
     */
    public static EmbeddedBroker start(Path brokerXml, Path dataDirectory, String host, int port, BrokerUsers users) {
        Path directory = usable(dataDirectory.resolve(DIRECTORY).toAbsolutePath());
        FileConfiguration configuration = parse(brokerXml);
        configuration.setBrokerInstance(directory.toFile());
        configuration.setJournalDirectory(directory.resolve("journal").toString());
        configuration.setBindingsDirectory(directory.resolve("bindings").toString());
        configuration.setPagingDirectory(directory.resolve("paging").toString());
        configuration.setLargeMessagesDirectory(
                directory.resolve("large-messages").toString());
        configuration.setJMXManagementEnabled(false);
        // Halting would take the bridge along, which is the one to say what is wrong: its sends fail, its intake
        // closes.
        configuration.setCriticalAnalyzerPolicy(CriticalAnalyzerPolicy.LOG);
        listenOn(configuration, brokerXml, host, port);

        ActiveMQServer server = new ActiveMQServerImpl(configuration, security(users));
        AtomicReference<Exception> failure = new AtomicReference<>();
        // The broker only logs what goes wrong after its first steps; this is where it tells it.
        server.registerActivationFailureListener(failure::set);
        try {
            server.start();
        } catch (Exception e) {
            failure.compareAndSet(null, e);
        }
        int bound = failure.get() == null && server.isActive() ? boundPort(server) : 0;
        if (bound <= 0) {
            stop(server);
            throw notStarted(failure.get(), directory, host, port);
        }
        return new EmbeddedBroker(server, host, bound);
    }

    /** @return the port it listens on, never 0 */
    public int port() {
        return port;
    }

    /** @return the URL for Core, AMQP and STOMP clients on this machine */
    public String url() {
        return "tcp://" + (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    /** @return whether it serves. A broker whose disk fails stops by itself and stays so */
    public boolean active() {
        return server.isStarted() && server.isActive();
    }

    /**
     * Closes every connection and stops. What was acknowledged is on the disk before as after. No thread of the broker
     * keeps the process alive afterwards; a second call does nothing.
     *
     * @throws BrokerException if it did not stop cleanly
     */
    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new BrokerException(
                    "The embedded broker did not stop cleanly; its data are as after a crash, which it"
                            + " recovers from at the next start",
                    e);
        }
    }

    private static Path usable(Path directory) {
        try {
            PrivateFiles.makeFolder(directory);
            PrivateFiles.closeToOthers(directory);
            // Asking for the permission is not enough: a read-only or full file system shows only at the write.
            Files.delete(Files.createTempFile(directory, ".writable", null));
            return directory;
        } catch (IOException e) {
            throw new BrokerException(
                    "The embedded broker can't write to " + directory + " (" + e
                            + "): make it a directory that the user who runs the bridge may write to, or choose another with"
                            + " pairing.data-directory",
                    e);
        }
    }

    private static FileConfiguration parse(Path brokerXml) {
        if (!Files.isReadable(brokerXml)) {
            throw new BrokerException("The broker's configuration " + brokerXml.toAbsolutePath()
                    + " can't be read: it is part of the bundle, unpack it again or correct the file's permissions");
        }
        FileConfiguration configuration = new FileConfiguration();
        try {
            new FileDeploymentManager(brokerXml.toAbsolutePath().toUri().toString())
                    .addDeployable(configuration)
                    .readConfiguration();
        } catch (Exception e) {
            throw new BrokerException(
                    "The broker's configuration " + brokerXml.toAbsolutePath() + " is not valid: " + e.getMessage(), e);
        }
        return configuration;
    }

    /**
     * One acceptor for all three protocols, on host and port of this broker, with the options of the one for clients.
     */
    private static void listenOn(FileConfiguration configuration, Path brokerXml, String host, int port) {
        Set<TransportConfiguration> acceptors = configuration.getAcceptorConfigurations();
        TransportConfiguration configured = acceptors.stream()
                .filter(acceptor -> acceptors.size() == 1 || CLIENTS.equals(acceptor.getName()))
                .findFirst()
                .orElseThrow(() -> new BrokerException("The broker's configuration " + brokerXml.toAbsolutePath()
                        + " must have exactly one acceptor, or one with the name " + CLIENTS + "; it has "
                        + acceptors.size()));
        Map<String, Object> parameters = new HashMap<>(configured.getParams());
        parameters.put(TransportConstants.HOST_PROP_NAME, host);
        parameters.put(TransportConstants.PORT_PROP_NAME, port);
        parameters.put(TransportConstants.PROTOCOLS_PROP_NAME, "CORE,AMQP,STOMP");
        configuration.clearAcceptorConfigurations();
        configuration.addAcceptorConfiguration(new TransportConfiguration(
                configured.getFactoryClassName(), parameters, configured.getName(), configured.getExtraParams()));
    }

    private static ActiveMQJAASSecurityManager security(BrokerUsers users) {
        SecurityConfiguration accounts = new SecurityConfiguration();
        for (String user : BrokerUsers.ALL) {
            accounts.addUser(user, users.password(user));
            accounts.addRole(user, user);
        }
        return new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), accounts);
    }

    private static int boundPort(ActiveMQServer server) {
        return server.getConfiguration().getAcceptorConfigurations().stream()
                .map(configured -> server.getRemotingService().getAcceptor(configured.getName()))
                .filter(acceptor -> acceptor != null && acceptor.isStarted())
                .mapToInt(Acceptor::getActualPort)
                .findFirst()
                .orElse(0);
    }

    private static BrokerException notStarted(Exception failure, Path directory, String host, int port) {
        Throwable root = failure;
        boolean locked = false;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            root = cause;
            locked |= cause instanceof ActiveMQLockAcquisitionTimeoutException;
        }
        if (locked) {
            return new BrokerException(
                    "Another broker is running on " + directory
                            + ": end the other bridge, or give this one a pairing.data-directory of its own",
                    failure);
        }
        if (failure != null && String.valueOf(failure.getMessage()).startsWith(FAILED_TO_BIND)) {
            return new BrokerException(
                    "The embedded broker can't listen on " + host + ":" + port + " (" + root.getMessage()
                            + "): end the program that uses the port, or choose others with pairing.broker.embedded.port and"
                            + " pairing.broker.embedded.host",
                    failure);
        }
        return new BrokerException(
                "The embedded broker did not start on " + directory + " and " + host + ":" + port
                        + (root == null ? "" : " (" + root + ")")
                        + ": the lines that org.apache.activemq logged before this say why",
                failure);
    }

    private static void stop(ActiveMQServer server) {
        try {
            server.stop();
        } catch (Exception e) {
            // The failure that is reported is the one that kept it from starting.
            return;
        }
    }
}
