package dev.winnow.cli;

/** Exit codes of every command; schedulers tell a bad candidate from a lost node by them. */
final class ExitCode {
  /** The command did what it was asked. */
  static final int DONE = 0;

  /** It ran, but a check failed: a number missed its tolerance, or some rows were broken. */
  static final int CHECK_FAILED = 1;

  /** The command line itself is wrong. */
  static final int USAGE = 2;

  /** A configuration, data or result file cannot be used. */
  static final int CONFIGURATION = 3;

  /** The native core or the device failed. */
  static final int DEVICE = 4;

  /** Interrupted; {@code --resume} continues. */
  static final int INTERRUPTED = 5;

  private ExitCode() {}
}
