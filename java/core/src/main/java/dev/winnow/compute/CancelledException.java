package dev.winnow.compute;

/**
 * A call ended early because its {@link Monitor} asked for it. Nothing that was reported is lost.
 */
public final class CancelledException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With what was interrupted, for the user to read. */
  public CancelledException(String message) {
    super(message);
  }
}
