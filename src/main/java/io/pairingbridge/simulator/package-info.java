/**
 * A stand-in for the endpoint, for people without a terminal. Nothing in the bridge depends on it, and it depends on
 * nothing of the bridge: what it knows of the endpoint it has from the vendor's page alone.
 */
package io.pairingbridge.simulator;
