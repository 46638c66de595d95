/**
 * What operators do: see how the bridge is, look up jobs, replay or resolve those that ended badly, steer the intake;
 * in JMX, whatever shows it. The audit log says who did what.
 */
package io.pairingbridge.operate;
