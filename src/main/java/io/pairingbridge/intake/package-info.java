/** What comes in: whether the bridge takes requests now, how fast, and what a request holds. */
package io.pairingbridge.intake;
