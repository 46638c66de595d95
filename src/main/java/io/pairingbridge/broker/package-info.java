/**
 * The message broker: its embedded form, connections to it, and the check that it loses nothing.
 *
 * <p>All of it works on the one configuration in {@code docker/artemis/broker.xml}. Nothing here knows a job.
 */
package io.pairingbridge.broker;
