/** Files and folders that survive a crash and that only their owner may use, and files of names and values. */
package io.pairingbridge.files;
