/** The life cycle of a bridge, and the wiring of the stages that a job passes. */
package io.pairingbridge;
