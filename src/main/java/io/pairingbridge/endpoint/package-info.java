/** The one call: what is sent, what may come back, and what each answer means. */
package io.pairingbridge.endpoint;
