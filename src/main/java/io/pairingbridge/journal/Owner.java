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

    /** The instance of an owner in its written form. */
    public static String instanceOf(String owner) {
        return owner.substring(0, owner.lastIndexOf('/'));
    }

    /** True if that owner was an earlier run of this instance, so that none of its calls can be under way any more. */
    public boolean isEarlierRun(String other) {
        // The name of an instance may hold a slash, that of a run does not: "shop/2/run" is no run of "shop".
        return other.startsWith(instance + "/")
                && other.lastIndexOf('/') == instance.length()
                && !other.equals(toString());
    }
}
