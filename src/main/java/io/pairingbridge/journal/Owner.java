package io.pairingbridge.journal;

/**
 * Who makes a call: an instance and one run of it.
 *
 * @param instance the same across restarts; never the same for two processes that may run at once
 * @param run new at every start
 */
public record Owner(String instance, String run) {

  @Override
  public String toString() {
    return instance + "/" + run;
  }

  /** True if that owner was an earlier run of this instance, so that none of its calls can be under way any more. */
  boolean isEarlierRun(String other) {
    return other.startsWith(instance + "/") && !other.equals(toString());
  }
}
