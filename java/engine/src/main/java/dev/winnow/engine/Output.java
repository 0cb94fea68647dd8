package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import org.bytedeco.javacpp.Pointer;

/** What a native call computes: how much memory per job, which function, how it is read. */
abstract class Output<T> {
  /** Bytes per job and sample, to bound a call by. */
  abstract long bytesPerSample();

  /** Makes room for the results of some jobs; the caller closes it. */
  abstract Pointer allocate(long jobs, CallTables tables);

  abstract int compute(winnow_call call, winnow_error error);

  abstract T read(long job, Images images);
}
