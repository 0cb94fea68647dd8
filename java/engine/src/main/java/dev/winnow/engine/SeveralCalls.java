package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.Readings;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/** What several native calls read of the same jobs, one call after the other. */
final class SeveralCalls extends Output<Readings> {
  private final List<Output<Readings>> calls;
  private final List<Pointer> memory = new ArrayList<>(); // of all but the first
  private int running;

  /**
   * @param calls at least one; closed with this
   */
  SeveralCalls(List<Output<Readings>> calls) {
    this.calls = List.copyOf(calls);
  }

  @Override
  long bytesPerSample() {
    return calls.stream().mapToLong(Output::bytesPerSample).sum();
  }

  @Override
  Pointer allocate(long jobs, CallTables tables) {
    free();
    running = 0;
    Pointer first = calls.get(0).allocate(jobs, tables);
    for (Output<Readings> other : calls.subList(1, calls.size())) {
      memory.add(other.allocate(jobs, tables));
    }
    return first;
  }

  @Override
  int compute(winnow_call call, winnow_error error) {
    int status = Winnow.WINNOW_OK;
    for (running = 0; running < calls.size() && status == Winnow.WINNOW_OK; running++) {
      status = calls.get(running).compute(call, error);
    }
    return status;
  }

  @Override
  long ready(long done) {
    int last = calls.size() - 1;
    return running < last ? 0 : calls.get(last).ready(done);
  }

  @Override
  Readings read(long job, Images images) {
    Readings readings = new Readings();
    calls.forEach(call -> readings.putAll(call.read(job, images)));
    return readings;
  }

  @Override
  public void close() {
    free();
    calls.forEach(Output::close);
  }

  private void free() {
    memory.forEach(Pointer::close);
    memory.clear();
  }
}
