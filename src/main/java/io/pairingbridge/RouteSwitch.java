package io.pairingbridge;

import io.pairingbridge.intake.CallLimit;
import io.pairingbridge.intake.Intake;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.ServiceStatus;
import org.apache.camel.component.jms.JmsEndpoint;

/**
 * Starts and stops routes: {@code requests} (all consumers of the request queue), {@code probe} (one),
 * {@code reconcile}.
 */
final class RouteSwitch implements Intake.Consumers {
    private static final String REQUESTS = "requests";
    private static final String PROBE = "probe";
    private static final String RECONCILE = "reconcile";
    /** For jobs in flight to end. */
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(2);

    private final CallLimit callLimit;
    private volatile CamelContext context;

    RouteSwitch(CallLimit callLimit) {
        this.callLimit = callLimit;
    }

    /** To be called before the routes start. */
    void of(CamelContext routes) {
        context = routes;
    }

    @Override
    public void open() throws Exception {
        suspend(PROBE);
        resume(REQUESTS);
    }

    @Override
    public void probe() throws Exception {
        resume(PROBE);
    }

    @Override
    public void close() throws Exception {
        suspend(REQUESTS);
        suspend(PROBE);
    }

    /** The listener container gives no consumer up while it has work, so the route starts anew. */
    @Override
    public void setConcurrency(int calls) throws Exception {
        boolean open = status(REQUESTS).isStarted();
        stop(REQUESTS);
        ((JmsEndpoint) context.getRoute(REQUESTS).getEndpoint()).setConcurrentConsumers(CallLimit.consumers(calls));
        callLimit.change(calls);
        if (open) {
            context.getRouteController().startRoute(REQUESTS);
        }
    }

    /** Reconciles now: the route's timer fires half a second after its start. */
    void reconcile() throws Exception {
        stop(RECONCILE);
        context.getRouteController().startRoute(RECONCILE);
    }

    private ServiceStatus status(String route) {
        return context.getRouteController().getRouteStatus(route);
    }

    private void resume(String route) throws Exception {
        if (status(route).isSuspended()) {
            context.getRouteController().resumeRoute(route);
        } else {
            context.getRouteController().startRoute(route);
        }
    }

    private void suspend(String route) throws Exception {
        if (status(route).isStarted()) {
            context.getRouteController().suspendRoute(route, LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS);
        }
    }

    private void stop(String route) throws Exception {
        context.getRouteController().stopRoute(route, LONGEST_WAIT.toSeconds(), TimeUnit.SECONDS);
    }
}
