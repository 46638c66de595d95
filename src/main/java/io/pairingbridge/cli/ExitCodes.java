package io.pairingbridge.cli;

/** What a command ends with; the same for all of them. */
final class ExitCodes {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;
    /** What was waited for has ended, and not as it should: another outcome than PAIRED. */
    static final int NOT_PAIRED = 3;
    /** What was waited for has not ended in time. Nothing is lost: it goes on. */
    static final int NO_ANSWER = 4;

    /** For the end of a help text. */
    static final String WORDS = "Exit code: 0 done, 1 failed, 2 wrong usage";

    private ExitCodes() {}
}
