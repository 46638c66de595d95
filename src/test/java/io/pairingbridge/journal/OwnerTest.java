package io.pairingbridge.journal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OwnerTest {
    private final Owner owner = new Owner("till-bridge", "run-2");

    @Test
    void takesAnEarlierRunOfItsOwnInstanceForDead() {
        assertThat(owner.isEarlierRun(new Owner("till-bridge", "run-1").toString()))
                .isTrue();
    }

    @Test
    void takesNeitherItselfNorAnotherInstanceForDead() {
        assertThat(owner.isEarlierRun(owner.toString())).isFalse();
        assertThat(owner.isEarlierRun(new Owner("bridge", "run-1").toString())).isFalse();
        assertThat(owner.isEarlierRun(new Owner("shop-bridge", "run-1").toString()))
                .as("a name as long")
                .isFalse();
        assertThat(owner.isEarlierRun(new Owner("till-bridge-2", "run-1").toString()))
                .as("a longer name")
                .isFalse();
        assertThat(owner.isEarlierRun(new Owner("till-bridge/2", "run-1").toString()))
                .as("a name with a slash")
                .isFalse();
        Owner slashed = new Owner("till-bridge/2", "run-2");
        assertThat(slashed.isEarlierRun(new Owner("till-bridge/2", "run-1").toString()))
                .isTrue();
    }
}
