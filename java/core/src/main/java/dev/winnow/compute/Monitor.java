package dev.winnow.compute;

/**
 * Watches a long call and may stop it. Called on the calling thread between blocks of work; must
 * return quickly.
 */
@FunctionalInterface
public interface Monitor {
  /** Never stops. */
  Monitor NONE = () -> false;

  /** Whether the call should end with {@link CancelledException}. */
  boolean cancelled();
}
