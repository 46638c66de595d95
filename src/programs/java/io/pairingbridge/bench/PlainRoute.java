package io.pairingbridge.bench;

import org.apache.activemq.artemis.jms.client.ActiveMQConnectionFactory;
import org.apache.camel.builder.RouteBuilder;
import org.apache.camel.component.jms.JmsComponent;
import org.apache.camel.main.BaseMainSupport;
import org.apache.camel.main.Main;
import org.apache.camel.main.MainListenerSupport;

/**
 * The second opponent: the route that Camel's manual leads to. camel-jms transacted, camel-http with connections kept
 * alive, the credentials sent in the transaction that acknowledges the request. As {@link HandLoop}, it keeps nothing
 * and seals nothing; its answer to a 503 is Camel's redelivery, which sleeps in the consumer's thread.
 *
 * <p>{@code PlainRoute <broker> <user> <password> <endpoint> <in flight>}
 */
final class PlainRoute {
    static final String READY = "the plain route is ready";

    private PlainRoute() {}

    public static void main(String[] args) throws Exception {
        JmsComponent jms = new JmsComponent();
        jms.setConnectionFactory(new ActiveMQConnectionFactory(args[0], args[1], args[2]));
        jms.setTransacted(true);
        jms.setLazyCreateTransactionManager(false);
        jms.setCacheLevelName("CACHE_CONSUMER");
        Main main = new Main();
        main.bind("jms", jms);
        main.configure().addRoutesBuilder(new RouteBuilder() {
            @Override
            public void configure() {
                onException(Exception.class)
                        .maximumRedeliveries(3)
                        .redeliveryDelay(2_000)
                        .logExhausted(false);
                from("jms:queue:pairing.requests?concurrentConsumers=" + args[4])
                        .setProperty("job", header("PairingJobId"))
                        .removeHeaders("*")
                        .setHeader("X-Pay-Connect-Integrator-Id", constant("5f3a1c9e7b20"))
                        .setHeader("Content-Type", constant("application/json"))
                        .to(args[3] + "?httpMethod=POST&connectionsPerRoute=" + args[4] + "&maxTotalConnections="
                                + args[4])
                        .convertBodyTo(String.class)
                        .removeHeaders("*")
                        .setHeader("PairingJobId", exchangeProperty("job"))
                        .setHeader("JMSCorrelationID", exchangeProperty("job"))
                        .to("jms:queue:pairing.credentials");
            }
        });
        main.addMainListener(new MainListenerSupport() {
            @Override
            public void afterStart(BaseMainSupport started) {
                System.out.println(READY);
            }
        });
        main.run();
    }
}
