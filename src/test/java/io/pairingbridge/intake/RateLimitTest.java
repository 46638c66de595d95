package io.pairingbridge.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RateLimitTest {
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger turns = new AtomicInteger();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    private void jobs(RateLimit limit, int count) {
        for (int i = 0; i < count; i++) {
            threads.submit(() -> {
                limit.awaitTurn();
                turns.incrementAndGet();
            });
        }
    }

    @Test
    void spacesOutTurns() {
        RateLimit limit = new RateLimit(100);
        long began = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            limit.awaitTurn();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .as("19 times 10 ms, less what a late one may catch up")
                .isGreaterThanOrEqualTo(Duration.ofMillis(185));
        assertThat(limit.callsPerSecond()).isEqualTo(100);
    }

    @Test
    void letsEverybodyThroughWithoutALimit() {
        jobs(new RateLimit(0), 50);
        Awaitility.await().untilAtomic(turns, org.hamcrest.Matchers.is(50));
    }

    /**
     * A limit of one in a hundred seconds was a mistake: whoever waits is not to wait for that long when it is mended.
     */
    @ParameterizedTest
    @ValueSource(doubles = {0, 200})
    void appliesANewLimitToThoseThatWait(double mended) {
        RateLimit limit = new RateLimit(0.01);
        jobs(limit, 10);
        Awaitility.await().untilAtomic(turns, org.hamcrest.Matchers.is(1));

        limit.change(mended);
        Awaitility.await().atMost(Duration.ofSeconds(30)).untilAtomic(turns, org.hamcrest.Matchers.is(10));
    }

    @Test
    void givesUpItsPlaceWhenTheBridgeStops() throws Exception {
        RateLimit limit = new RateLimit(0.01);
        limit.awaitTurn();
        CompletableFuture<Thread> waiting = new CompletableFuture<>();
        CompletableFuture<Void> job = new CompletableFuture<>();
        threads.submit(() -> {
            waiting.complete(Thread.currentThread());
            try {
                limit.awaitTurn();
            } catch (IllegalStateException e) {
                job.completeExceptionally(e);
            }
        });
        waiting.get().interrupt();
        assertThatThrownBy(job::get).hasMessageContaining("stopped while waiting");
        jobs(limit, 1);
        limit.change(0);
        Awaitility.await().untilAtomic(turns, org.hamcrest.Matchers.is(1));
    }
}
