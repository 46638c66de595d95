package io.pairingbridge.cli;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerException;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.BrokerConnections;
import io.pairingbridge.settings.Settings;
import jakarta.jms.Connection;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of every command that talks to the broker: where it is, and who logs in. */
public final class BrokerLogin {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = "--broker-url",
            paramLabel = "URL",
            description = "the broker, e.g. tcp://host:61616; by default the one in the settings")
    private String url;

    @Option(
            names = "--user",
            paramLabel = "NAME",
            description = "the broker's user; by default the one whose task this is")
    private String user;

    @Option(
            names = "--password",
            paramLabel = "PASSWORD",
            arity = "0..1",
            interactive = true,
            prompt = "Password: ",
            description = {
                "its password; without a value it is asked for. Other users of this machine can see a value in the"
                        + " list of processes: better --password-file.",
                "By default from pairing.broker.users.<user>.password (PAIRING_BROKER_USERS_<USER>_PASSWORD) or from"
                        + " broker-users.properties in the data directory"
            })
    private String password;

    @Option(names = "--password-file", paramLabel = "FILE", description = "a file that holds its password")
    private Path passwordFile;

    /**
     * Has the broker's client loaded by a thread of its own while the command line, the settings and the request are
     * looked at: it is half of what these commands are about to load. Nothing is connected.
     */
    public static void prepare() {
        Thread load = new Thread(
                () -> {
                    try (ActiveMQConnectionFactory none =
                            BrokerConnections.factory(new BrokerAddress("tcp://127.0.0.1:61616", "", ""))) {
                        Class.forName("org.apache.activemq.artemis.core.remoting.impl.netty.NettyConnector");
                        Class.forName("org.apache.activemq.artemis.core.client.impl.ClientSessionFactoryImpl");
                        Class.forName("org.apache.activemq.artemis.core.protocol.core.impl.PacketImpl");
                        Class.forName("io.netty.channel.epoll.Epoll");
                    } catch (ReflectiveOperationException | RuntimeException e) {
                        // then it is loaded when it is needed
                    }
                },
                "prepare");
        load.setDaemon(true);
        load.start();
    }

    /**
     * Logs in; the connection is not started.
     *
     * @param byDefault one of {@link BrokerUsers#ALL}
     * @throws BrokerException saying what to do if there is no broker, or it refuses the login
     */
    Connection connect(Settings settings, String byDefault) {
        BrokerAddress address = address(settings, user == null ? byDefault : user);
        String shown = address.url().replaceFirst("\\?.*", "");
        try {
            return BrokerConnections.factory(address).createConnection();
        } catch (JMSSecurityException e) {
            throw new BrokerException(
                    "the broker " + shown + " refused the user '" + address.username()
                            + "': check its password (--password-file, or pairing.broker.users." + address.username()
                            + ".password), and that the data directory " + settings.dataDirectory()
                            + " is the running bridge's. " + lookedIn(settings),
                    e);
        } catch (JMSException e) {
            throw new BrokerException(
                    "the broker " + shown + " cannot be reached (" + Failures.root(e)
                            + "): start the bridge ('pairing-bridge run'), or name another broker with --broker-url. "
                            + lookedIn(settings),
                    e);
        }
    }

    private BrokerAddress address(Settings settings, String name) {
        Settings.Broker broker = settings.broker();
        return new BrokerAddress(
                url == null ? url(broker) : url,
                name,
                password(settings, name),
                broker.truststore(),
                broker.truststorePassword(),
                broker.keystore(),
                broker.keystorePassword());
    }

    /** Where the broker of these settings is for a program on this machine. */
    static String url(Settings.Broker broker) {
        if (!broker.embedded()) {
            if (broker.url().isEmpty()) {
                throw new BrokerException("no broker is configured: give --broker-url, or set pairing.broker.url");
            }
            return broker.url();
        }
        if (broker.embeddedPort() == 0) {
            throw new BrokerException(
                    "pairing.broker.embedded.port is 0, so the port is not known here: give --broker-url,"
                            + " or set a port");
        }
        return "tcp://" + ManagementClient.here(broker.embeddedHost()) + ":" + broker.embeddedPort();
    }

    private String password(Settings settings, String name) {
        if (password != null && passwordFile != null) {
            throw new ParameterException(command.commandLine(), "--password and --password-file exclude each other");
        }
        if (command.commandLine().getParseResult().hasMatchedOption("--password")) {
            if (password == null || password.isEmpty()) {
                // Not as if none had been given: another one would be used than the one that was meant.
                throw new ParameterException(
                        command.commandLine(),
                        "--password is empty, or standard input, where it was asked for, is closed");
            }
            return password;
        }
        if (passwordFile != null) {
            try {
                return SecretFile.read("--password-file", passwordFile).strip();
            } catch (IOException e) {
                throw new BrokerException(e.getMessage(), e);
            }
        }
        if (!BrokerUsers.ALL.contains(name)) {
            throw new ParameterException(
                    command.commandLine(), "the user '" + name + "' needs --password or" + " --password-file");
        }
        try {
            return BrokerUsers.read(settings.dataDirectory(), settings.broker().users())
                    .password(name);
        } catch (BrokerException e) {
            throw new BrokerException(e.getMessage() + ". " + lookedIn(settings), e);
        }
    }

    /** Where was looked for it, and where else a bridge has been. */
    private String lookedIn(Settings settings) {
        Object mixin = command.mixins().values().stream()
                .map(CommandSpec::userObject)
                .filter(SettingsOptions.class::isInstance)
                .findFirst()
                .orElse(null);
        return mixin instanceof SettingsOptions options ? options.lookedIn(settings) : "";
    }
}
