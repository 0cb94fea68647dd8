package dev.winnow.engine;

/**
 * The native core cannot be loaded on this machine. The message lists each file that was tried and
 * why it failed; every later attempt in the same process gets the same answer.
 */
public final class NativeUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  NativeUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
