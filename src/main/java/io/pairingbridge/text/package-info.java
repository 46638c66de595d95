/** Makes text fit for where it goes. Depends on nothing. */
package io.pairingbridge.text;
