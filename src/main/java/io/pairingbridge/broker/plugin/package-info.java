/**
 * What the broker does with a message, a connection and a packet before it believes them: a plugin of Artemis. It runs
 * inside the broker, in one of the bridge's own process as in one that stands alone, and so uses nothing but Artemis,
 * what Artemis brings along (Netty, SLF4J) and the JDK. No other package of the product is used here, and none uses
 * this one but by its name in {@code broker.xml}.
 */
package io.pairingbridge.broker.plugin;
