/** The commands. Each talks to a running bridge, to the broker or to files; nothing else depends on them. */
package io.pairingbridge.cli;
