package io.pairingbridge.job;

/** Where a job goes on. The routes branch on this and on nothing else. */
public enum NextStep {
    /** The journal holds the attempt: call the endpoint. */
    CALL,
    /** Sealed credentials lie in the journal: put them on the credentials queue. */
    PUBLISH,
    /** Back to the broker, to be delivered when {@link Job#delay()} is over. */
    WAIT,
    /** Tell the outcome and acknowledge the request. */
    FINISH,
    /** Acknowledge the message and tell nothing: it was the bridge's own, and what it asks for is not so any more. */
    DROP
}
