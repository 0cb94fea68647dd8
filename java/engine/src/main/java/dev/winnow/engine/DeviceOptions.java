package dev.winnow.engine;

import java.util.Objects;

/**
 * Where and with what an engine computes. Results do not depend on the number of threads.
 *
 * @param device {@code cpu}, or {@code cuda} (the first) or {@code cuda:N} where {@link
 *     NativeEngine#accelerators} says that it is usable
 * @param threads worker threads in [1, {@value #MOST_THREADS}]; 0 for as many as this process may
 *     use, by its affinity and its container's limit
 * @param variant kernels: {@code reference}, {@code portable}, {@code avx2}, {@code avx512}; empty
 *     for the environment variable {@code WINNOW_VARIANT} or else the best that the processor has.
 *     A named variant is never replaced by another. A GPU has none.
 * @param byteBudget most bytes that a call may take for its passes; 0 for half of what this process
 *     may use, of a GPU for what is free
 */
public record DeviceOptions(String device, int threads, String variant, long byteBudget) {
  /** Most threads that the native core starts. */
  public static final int MOST_THREADS = 1024;

  public DeviceOptions {
    Objects.requireNonNull(device, "device");
    Objects.requireNonNull(variant, "variant");
  }

  /** This device with every default. */
  public static DeviceOptions of(String device) {
    return new DeviceOptions(device, 0, "", 0);
  }

  /** The same with this many threads. */
  public DeviceOptions withThreads(int threads) {
    return new DeviceOptions(device, threads, variant, byteBudget);
  }

  /** The same with these kernels. */
  public DeviceOptions withVariant(String variant) {
    return new DeviceOptions(device, threads, variant, byteBudget);
  }

  /** The same with this limit of bytes per plan. */
  public DeviceOptions withByteBudget(long byteBudget) {
    return new DeviceOptions(device, threads, variant, byteBudget);
  }
}
