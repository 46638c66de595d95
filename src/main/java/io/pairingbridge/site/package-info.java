/**
 * The management site: health, metrics, JMX over HTTP behind a login, and the operator's page. It shows and calls what
 * {@code operate} offers, and decides who may.
 */
package io.pairingbridge.site;
