/** What shows a bridge to people and machines: metrics, health, JMX, traces and the operator's page. */
package io.pairingbridge.monitor;
