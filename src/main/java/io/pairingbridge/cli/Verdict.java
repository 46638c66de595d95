package io.pairingbridge.cli;

/**
 * One line of {@code check}.
 *
 * @param subject what was looked at
 * @param text what was found
 * @param remedy what to do about it; empty if all is well
 */
record Verdict(Level level, String subject, String text, String remedy) {
  /** FAIL: the bridge would not start, or would lose or leak something. WARN: a person should look. */
  enum Level { OK, WARN, FAIL }

  static Verdict ok(String subject, String text) {
    return new Verdict(Level.OK, subject, text, "");
  }

  static Verdict warn(String subject, String text, String remedy) {
    return new Verdict(Level.WARN, subject, text, remedy);
  }

  static Verdict fail(String subject, String text, String remedy) {
    return new Verdict(Level.FAIL, subject, text, remedy);
  }

  @Override
  public String toString() {
    return String.format("%-4s  %-20s  %s", level, subject, text) + (remedy.isEmpty() ? "" : " -> " + remedy);
  }
}
