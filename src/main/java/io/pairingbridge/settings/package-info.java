/** Reading the settings, checking them, and the stricter rules of production. */
package io.pairingbridge.settings;
