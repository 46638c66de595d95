package io.pairingbridge.cli;

import io.pairingbridge.cli.ManagementClient.Unreachable;
import io.pairingbridge.journal.Journal.JournalException;
import io.pairingbridge.journal.jdbc.JournalView;

/**
 * The journal of a bridge that does not run. Apart, so that the database's classes are loaded only where there is no
 * bridge to ask.
 */
final class StoppedBridge {
    private StoppedBridge() {}

    /**
     * @param why nobody answers
     * @param tell whether to say where the answer comes from
     * @throws Unreachable {@code why}, if somebody answers all the same, who has another journal than this one, or it
     *     cannot be read
     */
    static JournalView journal(ManagementClient bridge, Unreachable why, boolean tell) throws Unreachable {
        if (!why.nobody()) {
            throw why;
        }
        String url = bridge.settings().journal().url();
        try {
            JournalView view = JournalView.open(url);
            if (tell) {
                Screen.note("From the journal " + url + ", for " + why.getMessage());
            }
            return view;
        } catch (JournalException e) {
            throw why;
        }
    }
}
