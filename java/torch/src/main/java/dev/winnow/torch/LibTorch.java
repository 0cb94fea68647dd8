package dev.winnow.torch;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;

/** The library itself: loaded once, on first use, from the JARs on the class path. */
public final class LibTorch {
  private static final String LIMIT = "org.bytedeco.javacpp.maxPhysicalBytes";

  static {
    // JavaCPP would count the whole process's memory against four times the Java heap.
    if (System.getProperty(LIMIT) == null) {
      System.setProperty(LIMIT, "0");
    }
    Loader.load(torch.class);
  }

  private LibTorch() {}

  /**
   * Loads it; does nothing the second time. About 2 seconds, 6 where JavaCPP's cache is cold.
   *
   * @throws LinkageError naming the library that is missing
   */
  static void load() {
    // The static initialiser does it.
  }

  /**
   * Sets the number of threads of one operation, for the whole process. Sums, and so the last bits
   * of results, depend on it.
   *
   * @param threads at least 1
   */
  public static void threads(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be >= 1 but was " + threads);
    }
    torch.set_num_threads(threads);
  }
}
