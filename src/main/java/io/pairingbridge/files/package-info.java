/** Files and folders that survive a crash and that only their owner may use. */
package io.pairingbridge.files;
