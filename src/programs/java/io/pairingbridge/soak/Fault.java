package io.pairingbridge.soak;

/** What an adversary does to the site, in the words of the report. */
enum Fault {
    NONE(5, "nothing: every job must end as its kind says"),
    KILL_BRIDGE(
            20,
            "kill -9 of the bridge, of two that share a journal of either or of both: at a random moment, when a post has come,"
                    + " when an answer has just been written"),
    KILL_AT_EDGE(20, "the bridge dies before or after a named step of the routes"),
    KILL_BROKER(7, "kill -9 of the broker under a running bridge"),
    KILL_BOTH(5, "kill -9 of broker and bridges at once"),
    KILL_JOURNAL(
            7,
            "kill -9 of every process of the PostgreSQL server under running bridges, one of which may be killed before it is"
                    + " back"),
    TERM(3, "SIGTERM of the bridge under load"),
    PAUSE(
            3,
            "SIGSTOP of the bridge for longer than the connection's time to live and the call's deadline, a second bridge"
                    + " started on the same data directory meanwhile, then SIGCONT"),
    CUT_BROKER(4, "the wire to the broker reset, cut after a number of bytes, half open, a black hole, slow"),
    CUT_ENDPOINT(3, "the wire to the endpoint reset, a black hole, slow"),
    ENDPOINT_DOWN(2, "the endpoint refuses connections for longer than the intake stays open"),
    DISK_FULL(2, "the journal's disk full under load"),
    JOURNAL_FAILS(2, "every write and sync of the journal fails with EIO or EROFS under load, injected by strace"),
    DISK_READ_ONLY(1, "a stop under load and a start on a disk that is mounted read-only, which is refused"),
    CLOCK(3, "the bridge's wall clock jumps, forwards and backwards, with kills in between"),
    ROTATE_KEY(3, "another recipient key, taken by the next start, with jobs in flight");

    private final int weight;
    private final String description;

    Fault(int weight, String description) {
        this.weight = weight;
        this.description = description;
    }

    int weight() {
        return weight;
    }

    String description() {
        return description;
    }
}
