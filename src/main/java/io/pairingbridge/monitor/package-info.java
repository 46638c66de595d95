/** Listeners: metrics, recent activity, health, traces. Nothing works differently without them. */
package io.pairingbridge.monitor;
