package io.pairingbridge.job;

/**
 * A 2xx answer that could not be understood, as the journal keeps it.
 *
 * @param sealed the whole answer, sealed
 * @param breakGlass its content key, sealed to the break-glass key; null if there is none
 */
public record KeptAnswer(String sealed, String breakGlass) {

    /** Without the texts: sealed or not, they belong in no log. */
    @Override
    public String toString() {
        return "KeptAnswer[" + sealed.length() + " characters]";
    }
}
