package io.pairingbridge.broker.plugin;

import io.pairingbridge.job.Contract;
import java.security.Principal;
import java.util.Map;
import javax.management.ObjectName;
import javax.security.auth.Subject;
import org.apache.activemq.artemis.api.core.ActiveMQException;
import org.apache.activemq.artemis.api.core.BaseInterceptor;
import org.apache.activemq.artemis.api.core.ICoreMessage;
import org.apache.activemq.artemis.api.core.Message;
import org.apache.activemq.artemis.api.core.QueueConfiguration;
import org.apache.activemq.artemis.api.core.SimpleString;
import org.apache.activemq.artemis.api.core.TransportConfiguration;
import org.apache.activemq.artemis.core.postoffice.QueueBinding;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyAcceptorFactory;
import org.apache.activemq.artemis.core.remoting.impl.netty.NettyConnection;
import org.apache.activemq.artemis.core.server.ActiveMQServer;
import org.apache.activemq.artemis.core.server.LargeServerMessage;
import org.apache.activemq.artemis.core.server.RoutingContext;
import org.apache.activemq.artemis.core.server.ServerSession;
import org.apache.activemq.artemis.core.server.plugin.ActiveMQServerPlugin;
import org.apache.activemq.artemis.core.transaction.Transaction;
import org.apache.activemq.artemis.spi.core.protocol.RemotingConnection;
import org.apache.activemq.artemis.spi.core.security.jaas.RolePrincipal;
import org.apache.activemq.artemis.utils.CompositeAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Admission at the broker, for every protocol alike. What somebody other than the bridge sends to
 * {@code pairing.requests} and {@code pairing.batches} is stored as the contract describes it, or refused so that its
 * sender sees it and nothing is stored. Who has not logged in may send little and not for long, and whoever has may not
 * fill the memory with one frame.
 *
 * <p>Configured in {@code broker.xml} under {@code broker-plugins}; {@link AdmissionLimits} has the properties.
 */
public final class AdmissionPlugin implements ActiveMQServerPlugin {
    /** The name by which the broker's management knows {@link AdmissionControl}. */
    public static final String CONTROL = "pairing-admission";

    private static final Logger LOG = LoggerFactory.getLogger(AdmissionPlugin.class);
    private static final String OURS = "pairing.";
    private static final int WILDCARDS = 2;

    private final RefusalLog log = new RefusalLog();
    private AdmissionLimits limits = AdmissionLimits.of(Map.of());
    private CoreAdmission core = new CoreAdmission(limits);
    private ConnectionLimits connections = new ConnectionLimits(limits, log);
    /** Of a class that the broker has only if it speaks AMQP. */
    private Object amqp;

    private boolean security;

    @Override
    public void init(Map<String, String> properties) {
        limits = AdmissionLimits.of(properties);
        core = new CoreAdmission(limits);
        connections = new ConnectionLimits(limits, log);
    }

    @Override
    public void registered(ActiveMQServer server) {
        security = server.getConfiguration().isSecurityEnabled();
        for (TransportConfiguration acceptor : server.getConfiguration().getAcceptorConfigurations()) {
            if (NettyAcceptorFactory.class.getName().equals(acceptor.getFactoryClassName())) {
                server.getServiceRegistry()
                        .addAcceptorFactory(acceptor.getName(), new LimitedAcceptorFactory(connections));
            }
        }
        try {
            BaseInterceptor<?> frames = new StompFrames();
            server.getRemotingService().addIncomingInterceptor(frames);
            server.getRemotingService().addOutgoingInterceptor(frames);
        } catch (NoClassDefFoundError e) {
            LOG.debug("The broker has no STOMP");
        }
        try {
            server.getManagementService()
                    .registerUntypedControl(
                            CONTROL,
                            new AdmissionControl(server.getConfiguration().isJournalDatasync(), log),
                            new ObjectName("io.pairingbridge:type=Admission,broker="
                                    + ObjectName.quote(server.getConfiguration().getName())));
        } catch (Exception e) {
            LOG.warn("The broker's management does not show what is refused", e);
        }
    }

    @Override
    public void unregistered(ActiveMQServer server) {
        try {
            server.getManagementService().unregisterUntypedControl(CONTROL, null);
        } catch (Exception e) {
            LOG.debug("Was not registered", e);
        }
    }

    // ---- messages -------------------------------------------------------------------------------------------------

    @Override
    public void beforeSend(
            ServerSession session, Transaction tx, Message message, boolean direct, boolean noAutoCreateQueue)
            throws ActiveMQException {
        SimpleString given = message.getAddressSimpleString();
        if (given == null) {
            given = SimpleString.of(session.getDefaultAddress());
        }
        SimpleString address = given == null ? null : session.removePrefix(given);
        if (address == null || !address.toString().startsWith(OURS) || isBridge(session)) {
            return; // not ours to judge: permissions decide
        }
        try {
            admit(address, message);
        } catch (RefusedException e) {
            throw refused(session, tx, message, address, e);
        } catch (RuntimeException | StackOverflowError e) {
            throw refused(session, tx, message, address, unreadable(e));
        }
    }

    private void admit(SimpleString address, Message message) throws ActiveMQException {
        String name = CompositeAddress.extractAddressName(address).toString();
        if (CompositeAddress.isFullyQualified(address)) {
            throw new RefusedException(
                    "the address names a queue behind '::', which is for receivers: send to " + name + " alone");
        }
        boolean batch = name.equals(Contract.BATCHES);
        if (!batch && !name.equals(Contract.REQUESTS)) {
            return;
        }
        if (message instanceof ICoreMessage ours) {
            core.admit(ours, batch);
        } else {
            amqp(message, batch);
        }
    }

    private void amqp(Message message, boolean batch) throws ActiveMQException {
        if (amqp == null) {
            amqp = new AmqpAdmission(limits);
        }
        if (!(message instanceof org.apache.activemq.artemis.protocol.amqp.broker.AMQPMessage ofAmqp)) {
            throw new RefusedException(
                    "the message is of a protocol that is not judged here: send it over AMQP 1.0, STOMP or Core");
        }
        ((AmqpAdmission) amqp).admit(ofAmqp, batch);
    }

    private static RefusedException unreadable(Throwable e) {
        LOG.debug("A message that cannot be read", e);
        return new RefusedException(
                "the message cannot be read (" + e.getClass().getSimpleName() + "): send the document as text or bytes,"
                        + " with no other properties than those of the contract");
    }

    private RefusedException refused(
            ServerSession session, Transaction tx, Message message, SimpleString address, RefusedException e)
            throws ActiveMQException {
        log.message(session.getUsername(), address.toString(), e.getMessage());
        if (session.getRemotingConnection().getTransportConnection() instanceof NettyConnection netty) {
            netty.getNettyChannel().attr(ConnectionLimits.REASON).set(e.getMessage());
        }
        if (tx != null) {
            tx.markAsRollbackOnly(e); // else the commit would be right for everything but this one
        }
        if (message.isLargeMessage()) {
            try {
                ((LargeServerMessage) message).deleteFile();
            } catch (Exception failed) {
                LOG.warn(
                        "The file of a refused message could not be removed; the broker does it when it starts again",
                        failed);
            }
        }
        return e;
    }

    /** What no queue takes, for whatever reason, its sender is to see. */
    @Override
    public void beforeMessageRoute(Message message, RoutingContext context, boolean direct, boolean rejectDuplicates)
            throws ActiveMQException {
        ServerSession session = context.getServerSession();
        if (session == null || context.getQueueCount() > 0) {
            return;
        }
        SimpleString address = message.getAddressSimpleString();
        if (address != null && address.toString().startsWith(OURS) && !isBridge(session)) {
            throw refused(
                    session,
                    context.getTransaction(),
                    message,
                    address,
                    new RefusedException("no queue takes the message: send it to"
                            + " a queue, with the routing type ANYCAST and without a filter"));
        }
    }

    /** By role, which the broker itself found out at the login. */
    private boolean isBridge(ServerSession session) {
        Subject subject = session.getRemotingConnection().getSubject();
        if (subject == null) {
            return !security && limits.bridgeRole().equals(session.getUsername());
        }
        for (Principal principal : subject.getPrincipals()) {
            if (principal instanceof RolePrincipal && principal.getName().equals(limits.bridgeRole())) {
                return true;
            }
        }
        return false;
    }

    // ---- selectors: a LIKE with many wildcards takes a time that grows with their number (CVE-2026-75880) ---------

    @Override
    public void beforeCreateConsumer(
            long consumerId, QueueBinding queue, SimpleString filter, boolean browseOnly, boolean supportLargeMessage)
            throws ActiveMQException {
        refuseWildcards(filter);
    }

    @Override
    public void beforeCreateQueue(QueueConfiguration queue) throws ActiveMQException {
        refuseWildcards(queue.getFilterString());
    }

    private static void refuseWildcards(SimpleString filter) throws RefusedException {
        if (filter != null && filter.toString().chars().filter(c -> c == '%').count() > WILDCARDS) {
            throw new RefusedException("the selector has more than " + WILDCARDS + " wildcards (%): use fewer");
        }
    }

    // ---- connections ----------------------------------------------------------------------------------------------

    @Override
    public void afterCreateConnection(RemotingConnection connection) {
        if (connection.getTransportConnection() instanceof NettyConnection netty) {
            connections.created(connection, netty.getNettyChannel());
        }
    }

    @Override
    public void afterCreateSession(ServerSession session) {
        if (session.getRemotingConnection().getTransportConnection() instanceof NettyConnection netty) {
            connections.loggedIn(netty.getNettyChannel());
        }
    }
}
