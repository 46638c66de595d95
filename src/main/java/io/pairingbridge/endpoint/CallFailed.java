package io.pairingbridge.endpoint;

import java.io.IOException;

/** A call that brought no answer. The message is for a person and holds nothing of the request. */
public class CallFailed extends IOException {
    private static final long serialVersionUID = 1L;

    public CallFailed(String message, Throwable cause) {
        super(message, cause);
    }
}
