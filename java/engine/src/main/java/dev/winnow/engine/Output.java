package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import org.bytedeco.javacpp.Pointer;

/** What a native call computes: how much memory per job, which function, how it is read. */
abstract class Output<T> implements AutoCloseable {
  /** Bytes per job and sample, to bound a call by. */
  abstract long bytesPerSample();

  /** Makes room for the results of some jobs; the caller closes it. */
  abstract Pointer allocate(long jobs, CallTables tables);

  abstract int compute(winnow_call call, winnow_error error);

  /**
   * How many jobs can be read when the native core says that the first {@code done} are final; a
   * computation of several native calls has none before the last.
   */
  long ready(long done) {
    return done;
  }

  abstract T read(long job, Images images);

  /** Frees what it made beside the results. */
  @Override
  public void close() {}
}
