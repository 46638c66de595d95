package io.pairingbridge.batch;

/** A document of which nothing more can be read. The message names the line and what to do; never a value of the document. */
public final class BatchException extends Exception {
  private static final long serialVersionUID = 1L;

  BatchException(String message) {
    super(message);
  }

  BatchException(String message, Throwable cause) {
    super(message, cause);
  }
}
