package io.pairingbridge.soak;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Faults in the proportion of their weights, none left out for long: the rarest come once each time the deck is gone
 * through, and the deck begins with one of each kind.
 */
final class Deck {
    private final List<Fault> kinds;
    private final Random random;
    private final List<Fault> cards = new ArrayList<>();

    Deck(List<Fault> kinds, Random random) {
        this.kinds = kinds;
        this.random = random;
        cards.addAll(kinds);
        Collections.shuffle(cards, random);
    }

    Fault draw() {
        if (cards.isEmpty()) {
            kinds.forEach(kind -> cards.addAll(Collections.nCopies(kind.weight(), kind)));
            Collections.shuffle(cards, random);
        }
        return cards.remove(cards.size() - 1);
    }
}
