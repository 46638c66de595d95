package io.pairingbridge.guarantees;

import io.pairingbridge.access.BrokerUsers;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.activemq.artemis.core.config.FileDeploymentManager;
import org.apache.activemq.artemis.core.config.impl.FileConfiguration;
import org.apache.activemq.artemis.core.config.impl.SecurityConfiguration;
import org.apache.activemq.artemis.core.server.impl.ActiveMQServerImpl;
import org.apache.activemq.artemis.spi.core.security.ActiveMQJAASSecurityManager;
import org.apache.activemq.artemis.spi.core.security.jaas.InVMLoginModule;

/**
 * One broker of a pair alone in a process, on a configuration as it is written: {@code HaBroker <broker.xml> <instance>
 * <folder of the users>}; host and port are system properties. The embedded broker cannot play this part: it wants to
 * serve.
 */
final class HaBroker {
    static final String STARTED = "broker started";

    private HaBroker() {}

    public static void main(String[] args) throws Exception {
        FileConfiguration configuration = new FileConfiguration();
        new FileDeploymentManager(Path.of(args[0]).toUri().toString())
                .addDeployable(configuration)
                .readConfiguration();
        configuration.setBrokerInstance(Path.of(args[1]).toFile());
        configuration.setJMXManagementEnabled(false);
        BrokerUsers users = BrokerUsers.load(Path.of(args[2]), Map.of());
        SecurityConfiguration accounts = new SecurityConfiguration();
        for (String user : BrokerUsers.ALL) {
            accounts.addUser(user, users.password(user));
            accounts.addRole(user, user);
        }
        ActiveMQServerImpl server = new ActiveMQServerImpl(
                configuration, new ActiveMQJAASSecurityManager(InVMLoginModule.class.getName(), accounts));
        server.start();
        System.out.println(STARTED);
        new CountDownLatch(1).await();
    }
}
