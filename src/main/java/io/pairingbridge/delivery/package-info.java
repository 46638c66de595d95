/** What leaves the bridge: credentials, outcome events and messages for a person. */
package io.pairingbridge.delivery;
