package io.pairingbridge.fuzz;

/** What a sender is told about a message. */
record Answer(Told told, String text) {
    enum Told {
        ACCEPTED,
        /** With a reason, in the protocol's own way. */
        REFUSED,
        /** The connection ended without a word: the message may or may not be stored. */
        NOTHING
    }

    static Answer accepted() {
        return new Answer(Told.ACCEPTED, "accepted");
    }

    static Answer refused(Object why) {
        return new Answer(Told.REFUSED, String.valueOf(why));
    }

    static Answer nothing(Object why) {
        return new Answer(Told.NOTHING, String.valueOf(why));
    }
}
