package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.engine.bindings.winnow_plan;
import dev.winnow.tensor.Tensor;
import java.util.Map;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.Pointer;

/** Means and variances that a forward pass leaves in a parameter set of the job's own. */
final class RunningStatistics extends Output<Map<String, Tensor>> {
  private final winnow_plan plan;
  private final ParameterSets sets;
  private final int batch;
  private final long outputs;
  private CallTables tables;
  private DoublePointer logits; // of the pass; nobody reads them
  private long capacity;

  /**
   * @param outputs logits of one sample
   */
  RunningStatistics(winnow_plan plan, ParameterSets sets, int batch, long outputs) {
    this.plan = plan;
    this.sets = sets;
    this.batch = batch;
    this.outputs = outputs;
  }

  @Override
  long bytesPerSample() {
    return Double.BYTES * outputs + sets.bytesPerSet() / batch;
  }

  @Override
  Pointer allocate(long jobs, CallTables of) {
    tables = of;
    tables.updateStatistics(sets);
    capacity = Math.multiplyExact(jobs, tables.largestInput() * outputs);
    logits = new DoublePointer(capacity);
    return logits;
  }

  @Override
  int compute(winnow_call call, winnow_error error) {
    return Winnow.winnow_forward(plan, call, logits, capacity, error);
  }

  @Override
  Map<String, Tensor> read(long job, Images images) {
    return sets.values(tables.updated(job), tensor -> !tensor.role().learned());
  }
}
