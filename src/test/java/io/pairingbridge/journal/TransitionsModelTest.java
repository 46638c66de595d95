package io.pairingbridge.journal;

import io.pairingbridge.job.NextStep;
import io.pairingbridge.job.Result;
import io.pairingbridge.journal.Transitions.Delivery;
import io.pairingbridge.journal.Transitions.Known;
import io.pairingbridge.journal.Transitions.Move;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * One job, one endpoint, two instances of the bridge, and an adversary who delivers, crashes, pauses, answers, loses
 * and repeats in any order. The journal moves by {@link Transitions} alone; whatever the adversary does, the ledger and
 * the recipient must agree in the end.
 */
class TransitionsModelTest {
    private static final int MAX = 3;

    /** What the adversary can do next. */
    enum Act {
        /** The broker hands the request to an instance. */
        DELIVER_A,
        DELIVER_B,
        /** The endpoint gets the post of the oldest call under way, and answers; the answer arrives. */
        ANSWERED,
        /** The endpoint gets it and its answer is lost: the instance notices. */
        ANSWER_LOST,
        /** The connection fails before anything was sent. */
        NOT_SENT,
        /** 503: nothing happens at the endpoint. */
        THROTTLED,
        /** The endpoint pairs and answers with something unreadable. */
        UNREADABLE,
        /** The instance dies in the call; the endpoint had got the post. */
        CRASH_AFTER_POST,
        /** The instance dies in the call; the endpoint had not. */
        CRASH_BEFORE_POST,
        /** The instance is paused in the call, beyond its deadline; the endpoint got the post and answered. */
        PAUSE,
        /** A paused instance goes on with the answer that it got. */
        RESUME,
        /** What is sealed is published by the reconciler. */
        RECONCILE,
        /** The instance dies after the journal's word and before the acknowledgement. */
        CRASH_BEFORE_ACK,
        /** The ERP sends the same request again. */
        SEND_AGAIN,
        /** The job's time runs out. */
        EXPIRE
    }

    @Provide
    Arbitrary<List<Act>> acts() {
        return Arbitraries.of(Act.class).list().ofMinSize(1).ofMaxSize(40);
    }

    @Property(tries = 20_000)
    void noSequenceBreaksAnInvariant(@ForAll("acts") List<Act> acts) {
        World world = new World();
        acts.forEach(world::act);
        world.settle();
        world.check(acts);
    }

    /** A call under way: who makes it, and what the endpoint answered if it was paused on the way back. */
    private static final class Call {
        private final int attempt;
        private final boolean paused;
        private final Result answer;

        Call(int attempt, boolean paused, Result answer) {
            this.attempt = attempt;
            this.paused = paused;
            this.answer = answer;
        }
    }

    private static final class World {
        // the endpoint
        private boolean paired;
        private int overlapping;
        private int callsAfterReadSuccess;
        // the journal
        private State state;
        private int ambiguous;
        private int currentAttempt;
        private final Set<Integer> sealed = new HashSet<>();
        private boolean successRead;
        private boolean sealedUnreadable;
        // the broker
        private int requests = 1;
        private boolean crashBeforeAck;
        private boolean expired;
        // the bridge
        private final List<Call> calls = new ArrayList<>();
        private int attempts;
        // what people see
        private final List<Integer> published = new ArrayList<>();
        private final List<State> attention = new ArrayList<>();
        private boolean messageTold;

        void act(Act act) {
            switch (act) {
                case DELIVER_A, DELIVER_B -> deliver();
                case ANSWERED -> end(this::post, false);
                case ANSWER_LOST ->
                    end(
                            () -> {
                                post();
                                return Result.AMBIGUOUS;
                            },
                            false);
                case NOT_SENT -> end(() -> Result.NOT_SENT, false);
                case THROTTLED -> end(() -> Result.THROTTLED, false);
                case UNREADABLE -> end(() -> post() == Result.PAIRED ? Result.UNREADABLE : Result.REJECTED, false);
                case CRASH_AFTER_POST -> end(this::post, true);
                case CRASH_BEFORE_POST -> end(() -> Result.NOT_SENT, true);
                case PAUSE -> pause();
                case RESUME -> resume();
                case RECONCILE -> reconcile();
                case CRASH_BEFORE_ACK -> crashBeforeAck = true;
                case SEND_AGAIN -> requests += requests < 3 ? 1 : 0;
                case EXPIRE -> expired = true;
            }
        }

        private Known known() {
            return state == null ? null : new Known(state, ambiguous);
        }

        private boolean live() {
            return calls.stream().anyMatch(c -> c.attempt == currentAttempt && !c.paused);
        }

        private void deliver() {
            if (requests == 0) {
                return;
            }
            Move move = Transitions.delivered(
                    known(), new Delivery(true, !messageTold, false, !expired, true, live()), MAX);
            if (move.lostAttempt()) {
                ambiguous++;
            }
            apply(move, false);
            if (move.next() == NextStep.CALL) {
                overlapping += calls.stream().anyMatch(c -> !c.paused) ? 1 : 0;
                callsAfterReadSuccess += successRead ? 1 : 0;
                currentAttempt = ++attempts;
                calls.add(new Call(currentAttempt, false, null));
            }
        }

        /** The oldest call that is not paused gets its result; {@code crash} means that nobody hears of it. */
        private void end(java.util.function.Supplier<Result> endpoint, boolean crash) {
            Call call = calls.stream().filter(c -> !c.paused).findFirst().orElse(null);
            if (call == null) {
                return;
            }
            Result result = endpoint.get();
            calls.remove(call);
            if (!crash) {
                answered(call.attempt, result);
            }
        }

        private void pause() {
            Call call = calls.stream().filter(c -> !c.paused).findFirst().orElse(null);
            if (call != null) {
                calls.remove(call);
                calls.add(new Call(call.attempt, true, post()));
            }
        }

        private void resume() {
            Call call = calls.stream().filter(c -> c.paused).findFirst().orElse(null);
            if (call != null) {
                calls.remove(call);
                answered(call.attempt, call.answer);
            }
        }

        private void answered(int attempt, Result result) {
            boolean current = state == State.CALLING && attempt == currentAttempt;
            if (result == Result.PAIRED) {
                sealed.add(attempt);
                successRead = true;
            }
            if (result == Result.UNREADABLE) {
                sealedUnreadable = true;
            }
            Move move = Transitions.answered(known(), result, current, !expired, MAX);
            if (current && result == Result.AMBIGUOUS) {
                ambiguous++;
            }
            // A zombie's own session is dead: only the journal and the reconciler carry on for it.
            apply(move, !current);
        }

        private void apply(Move move, boolean zombie) {
            if (move.to() != null) {
                state = move.to();
                messageTold = false;
            }
            if (zombie) {
                return;
            }
            if (move.next() == NextStep.PUBLISH) {
                if (crashBeforeAck) {
                    crashBeforeAck = false;
                    return;
                }
                reconcile();
                acknowledge();
            }
            if (move.next() == NextStep.FINISH) {
                if (crashBeforeAck) {
                    crashBeforeAck = false;
                    return;
                }
                if (state != State.PUBLISHED && !messageTold) {
                    attention.add(state);
                }
                messageTold = true;
                acknowledge();
            }
        }

        private void acknowledge() {
            requests--;
        }

        private void reconcile() {
            for (Integer attempt : sealed) {
                if (!published.contains(attempt)) {
                    published.add(attempt);
                }
            }
            sealed.clear();
            if (state == State.SEALED) {
                state = State.PUBLISHED;
                messageTold = true;
            }
        }

        /** The endpoint gets the post. */
        private Result post() {
            if (paired) {
                return Result.REJECTED;
            }
            paired = true;
            return Result.PAIRED;
        }

        /** The adversary rests: everything that is left is delivered and answered. */
        void settle() {
            crashBeforeAck = false;
            for (int i = 0; i < 50; i++) {
                act(Act.RESUME);
                act(Act.DELIVER_A);
                act(Act.ANSWERED);
                act(Act.RECONCILE);
            }
        }

        void check(List<Act> acts) {
            require(requests == 0, "a request is left in the queue", acts);
            require(state != null && state.ended(), "the job has not ended: " + state, acts);
            require(overlapping == 0, "two posts overlapped", acts);
            require(callsAfterReadSuccess == 0, "called after a success was read", acts);
            require(published.size() == new HashSet<>(published).size(), "an attempt was seen twice", acts);
            if (successRead) {
                require(!published.isEmpty(), "credentials that were read are not on the queue", acts);
                require(state == State.PUBLISHED, "credentials win over everything, but the job is " + state, acts);
            }
            if (paired && published.isEmpty()) {
                require(state == State.IN_DOUBT, "a pairing that reached nobody ended " + state, acts);
                require(attention.contains(State.IN_DOUBT), "a pairing that reached nobody is not in doubt", acts);
            }
            if (!paired) {
                require(
                        state == State.EXPIRED || state == State.IN_DOUBT && ambiguous > 0,
                        "no pairing, but " + state,
                        acts);
            }
            require(attention.size() <= 1, "set aside " + attention.size() + " times", acts);
            require(ambiguous <= MAX, "more doubtful attempts than allowed", acts);
            require(
                    !sealedUnreadable || state == State.IN_DOUBT || state == State.PUBLISHED,
                    "an unreadable success was dropped",
                    acts);
        }

        private static void require(boolean holds, String what, List<Act> acts) {
            if (!holds) {
                throw new AssertionError(what + " after " + acts);
            }
        }
    }
}
