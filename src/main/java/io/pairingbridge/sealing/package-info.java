/**
 * Sealing: from the raw bytes of an answer to a text that only the recipient can open, and back.
 *
 * <p>A private key is in this package only in {@link io.pairingbridge.sealing.KeyPairs} and
 * {@link io.pairingbridge.sealing.Opener}, which the commands for the recipient use. A running bridge holds public keys
 * alone: whoever reads its memory, journal or broker files can open nothing that was sealed before.
 *
 * <p>No message, {@code toString} or exception of this package carries plaintext, a sealed body or private key
 * material.
 */
package io.pairingbridge.sealing;
