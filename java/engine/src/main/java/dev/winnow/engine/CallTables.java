package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Row;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_call;
import dev.winnow.engine.bindings.winnow_images;
import dev.winnow.engine.bindings.winnow_job;
import dev.winnow.engine.bindings.winnow_parameters;
import dev.winnow.engine.bindings.winnow_random_stream;
import dev.winnow.random.Stream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/** The native tables of one call: some jobs of a list, and what they refer to. */
final class CallTables implements AutoCloseable {
  private static final int UNUSED = -1;

  private final List<Pointer> owned = new ArrayList<>();
  private final winnow_call call;
  private final List<Parameters> weights = new ArrayList<>(); // by job
  private final List<winnow_parameters> updated = new ArrayList<>(); // by job
  private final List<Images> used = new ArrayList<>(); // by input
  private int largestInput;

  /** Copies jobs {@code [start, end)}; the parameter sets stay the cache's. */
  CallTables(JobList jobs, int start, int end, int choices, ParameterSets sets, int normMode) {
    try {
      Map<Integer, Integer> rows = new LinkedHashMap<>();
      Map<Integer, Integer> parameters = new LinkedHashMap<>();
      Map<Integer, Integer> inputs = new LinkedHashMap<>();
      Map<Integer, Integer> streams = new LinkedHashMap<>();
      winnow_job table = own(new winnow_job(end - start));
      for (int j = start; j < end; j++) {
        JobList.Entry entry = jobs.entries().get(j);
        weights.add(jobs.parameters(entry.parameters()));
        table
            .getPointer(j - start)
            .row(choices == 0 ? UNUSED : local(rows, entry.row()))
            .parameters(local(parameters, entry.parameters()))
            .input(local(inputs, entry.images()))
            .target(UNUSED)
            .stream(entry.noise() == JobList.NONE ? UNUSED : local(streams, entry.noise()));
      }
      call = own(new winnow_call());
      Pointer.memset(call, 0, call.sizeof());
      call.size(call.sizeof()).jobs(table).job_count(end - start);
      rows(jobs, List.copyOf(rows.keySet()), choices);
      parameters(jobs, List.copyOf(parameters.keySet()), sets);
      inputs(jobs, List.copyOf(inputs.keySet()));
      streams(jobs, List.copyOf(streams.keySet()));
      call.norm_mode(normMode).progress(ProgressCallback.function());
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  winnow_call call() {
    return call;
  }

  /** The labels that go with each input, one batch each. */
  void targets(Function<Images, List<Integer>> labels) {
    long[] targets =
        used.stream()
            .flatMap(images -> labels.apply(images).stream())
            .mapToLong(Integer::longValue)
            .toArray();
    call.targets(own(new LongPointer(targets))).target_count(used.size());
    winnow_job table = call.jobs();
    for (long j = 0; j < call.job_count(); j++) {
      winnow_job job = table.getPointer(j);
      job.target(job.input());
    }
  }

  /** Has the call update running statistics, every job's in a set of its own. */
  void updateStatistics(ParameterSets sets) {
    weights.forEach(parameters -> updated.add(sets.create(parameters)));
    PointerPointer<winnow_parameters> table = own(new PointerPointer<>(updated.size()));
    winnow_job jobs = call.jobs();
    for (int j = 0; j < updated.size(); j++) {
      table.put(j, updated.get(j));
      jobs.getPointer(j).parameters(j);
    }
    call.parameters(table).parameters_count(updated.size()).update_statistics(1);
  }

  /** The set of a job whose statistics the call updates. */
  winnow_parameters updated(long job) {
    return updated.get(Math.toIntExact(job));
  }

  /** A mode for every node in place of the common one. */
  void norms(int[] modes) {
    call.norm_modes(own(new IntPointer(modes)));
  }

  /** Samples of the largest input. */
  int largestInput() {
    return largestInput;
  }

  @Override
  public void close() {
    Collections.reverse(owned);
    owned.forEach(Pointer::close);
    owned.clear();
    updated.forEach(Winnow::winnow_parameters_destroy);
    updated.clear();
  }

  private void rows(JobList jobs, List<Integer> used, int choices) {
    if (choices == 0) {
      return;
    }
    double[] coefficients = new double[Math.multiplyExact(used.size(), choices)];
    int[] states = new int[coefficients.length];
    for (int r = 0; r < used.size(); r++) {
      Row row = jobs.row(used.get(r));
      for (int c = 0; c < choices; c++) {
        coefficients[r * choices + c] = row.coefficient(c);
        states[r * choices + c] = row.state(c).ordinal();
      }
    }
    call.coefficients(own(new DoublePointer(coefficients)))
        .states(own(new IntPointer(states)))
        .row_count(used.size());
  }

  private void parameters(JobList jobs, List<Integer> used, ParameterSets sets) {
    PointerPointer<winnow_parameters> table = own(new PointerPointer<>(used.size()));
    for (int p = 0; p < used.size(); p++) {
      table.put(p, sets.get(jobs.parameters(used.get(p))));
    }
    call.parameters(table).parameters_count(used.size());
  }

  private void inputs(JobList jobs, List<Integer> indices) {
    winnow_images table = own(new winnow_images(indices.size()));
    for (int i = 0; i < indices.size(); i++) {
      Images images = jobs.images(indices.get(i));
      used.add(images);
      largestInput = Math.max(largestInput, images.samples());
      table
          .getPointer(i)
          .values(own(new FloatPointer(images.values())))
          .samples(images.samples())
          .channels(images.channels())
          .height(images.height())
          .width(images.width())
          .dtype(Winnow.WINNOW_F32)
          .reserved(0);
    }
    call.inputs(table).input_count(indices.size());
  }

  private void streams(JobList jobs, List<Integer> used) {
    if (used.isEmpty()) {
      return;
    }
    winnow_random_stream table = own(new winnow_random_stream(used.size()));
    for (int s = 0; s < used.size(); s++) {
      Stream stream = jobs.stream(used.get(s));
      table.getPointer(s).seed(stream.seed()).stream(stream.id());
    }
    call.streams(table).stream_count(used.size());
  }

  private <P extends Pointer> P own(P pointer) {
    owned.add(pointer);
    return pointer;
  }

  private static int local(Map<Integer, Integer> table, int index) {
    Integer known = table.putIfAbsent(index, table.size());
    return known == null ? table.size() - 1 : known;
  }
}
