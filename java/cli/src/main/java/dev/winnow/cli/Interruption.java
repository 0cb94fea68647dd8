package dev.winnow.cli;

import dev.winnow.compute.Monitor;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Turns SIGTERM and SIGINT into a polite request: the running command finishes its block of work,
 * writes what it has and ends with {@link ExitCode#INTERRUPTED}.
 */
final class Interruption implements Monitor {
  /** Longer than any block of work; a stuck process must still be stoppable by one signal. */
  private static final long PATIENCE_SECONDS = 120;

  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean requested;
  private volatile int exitCode = ExitCode.INTERRUPTED;

  /** Asks the running command to stop at the next opportunity. */
  void request() {
    requested = true;
  }

  @Override
  public boolean cancelled() {
    return requested;
  }

  /** Listens to the signals of this process. */
  void install() {
    // A shutdown hook is the only portable place: it runs on either signal, and halting from it is
    // the only way to replace the JVM's own exit status (143, 130) by ours.
    Runtime.getRuntime().addShutdownHook(new Thread(this::onShutdown, "winnow-shutdown"));
  }

  /** Tells a waiting hook that the command ended with this code. */
  void finish(int code) {
    exitCode = code;
    finished.countDown();
  }

  private void onShutdown() {
    if (finished.getCount() == 0) {
      return; // an ordinary exit
    }
    request();
    try {
      if (!finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("winnow: no block of work ended within " + PATIENCE_SECONDS + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.out.flush();
    System.err.flush();
    Runtime.getRuntime().halt(exitCode);
  }
}
