package io.pairingbridge.simulator;

import static io.pairingbridge.simulator.ScriptedAnswer.BUSY;
import static io.pairingbridge.simulator.ScriptedAnswer.FAILED;
import static io.pairingbridge.simulator.ScriptedAnswer.PAIRED;
import static io.pairingbridge.simulator.ScriptedAnswer.PAIRED_WITHOUT_SECRET;
import static io.pairingbridge.simulator.ScriptedAnswer.REFUSED;
import static io.pairingbridge.simulator.ScriptedAnswer.SILENT;

import java.util.List;

/**
 * The simulator's table: the ending of an OTP, and what its first, second … post is answered. Every post after those in
 * the list is refused, since an OTP pairs once.
 */
enum Script {
    ORDINARY("", PAIRED),
    REJECTED("0400"),
    FAILS_ONCE("0500", FAILED, PAIRED),
    PAIRS_AND_FAILS("0599", FAILED),
    PAIRS_AND_IS_SILENT("0408", SILENT),
    BUSY_ONCE("0503", BUSY, PAIRED),
    LACKS_SECRET("0200", PAIRED_WITHOUT_SECRET);

    /** The number of earlier posts above which all scripts are at their end. */
    static final int LONGEST = 2;

    private final String ending;
    private final List<ScriptedAnswer> answers;

    Script(String ending, ScriptedAnswer... answers) {
        this.ending = ending;
        this.answers = List.of(answers);
    }

    static Script of(String otp) {
        for (Script script : values()) {
            if (script != ORDINARY && otp.endsWith(script.ending)) {
                return script;
            }
        }
        return ORDINARY;
    }

    /** The answer to a post, given how many there were with the same OTP before. */
    ScriptedAnswer answer(int earlierPosts) {
        return earlierPosts < answers.size() ? answers.get(earlierPosts) : REFUSED;
    }
}
