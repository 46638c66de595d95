/**
 * Where the broker is and who logs in to it: what the settings say, and what connections and the embedded broker are
 * made from.
 */
package io.pairingbridge.access;
