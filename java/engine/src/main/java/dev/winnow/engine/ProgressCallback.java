package dev.winnow.engine;

import dev.winnow.engine.bindings.winnow_progress;
import org.bytedeco.javacpp.Pointer;

/**
 * The one function that the native core calls back. JavaCPP has a fixed number of places for
 * callbacks, so there is a single one; it comes on the thread that made the call, which leads it to
 * its listener.
 */
final class ProgressCallback extends winnow_progress {
  private static final ProgressCallback INSTANCE = new ProgressCallback();
  private static final ThreadLocal<Listener> CURRENT = new ThreadLocal<>();

  private ProgressCallback() {}

  /** What a call does between its blocks of work. */
  @FunctionalInterface
  interface Listener {
    /**
     * @param done as many jobs are final
     * @return whether to go on; must not throw
     */
    boolean progress(long done);
  }

  static winnow_progress function() {
    return INSTANCE;
  }

  /** Runs a native call whose progress goes to {@code listener}. */
  static void during(Runnable call, Listener listener) {
    Listener outer = CURRENT.get(); // a result's receiver may itself compute on another plan
    CURRENT.set(listener);
    try {
      call.run();
    } finally {
      CURRENT.set(outer);
    }
  }

  @Override
  public int call(Pointer user, long done, long total) {
    return CURRENT.get().progress(done) ? 0 : 1;
  }
}
