package io.pairingbridge.simulator;

import static io.pairingbridge.simulator.Answer.BUSY;
import static io.pairingbridge.simulator.Answer.FAILED;
import static io.pairingbridge.simulator.Answer.PAIRED;
import static io.pairingbridge.simulator.Answer.PAIRED_WITHOUT_SECRET;
import static io.pairingbridge.simulator.Answer.REFUSED;
import static io.pairingbridge.simulator.Answer.SILENT;

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
    private final List<Answer> answers;

    Script(String ending, Answer... answers) {
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
    Answer answer(int earlierPosts) {
        return earlierPosts < answers.size() ? answers.get(earlierPosts) : REFUSED;
    }
}
