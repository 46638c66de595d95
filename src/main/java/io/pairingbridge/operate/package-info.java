/**
 * What an operator does about jobs that ended badly: look at them, replay them, resolve them; and the log of who did
 * it.
 */
package io.pairingbridge.operate;
