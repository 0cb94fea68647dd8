package dev.winnow.engine;

import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The jobs of a call as indices into tables without repetitions, checked against the network while
 * they are still Java objects.
 */
final class JobList {
  /** Which row, parameters, images and stream a job has; {@link #NONE} is no stream. */
  record Entry(int row, int parameters, int images, int noise) {}

  static final int NONE = -1;

  private final List<Entry> entries;
  private final List<Row> rows = new ArrayList<>();
  private final List<Parameters> parameters = new ArrayList<>();
  private final List<Images> images = new ArrayList<>();
  private final List<Stream> streams = new ArrayList<>();

  JobList(List<Job> jobs, NetworkGraph graph) {
    entries = new ArrayList<>(jobs.size());
    Map<Row, Integer> rowIndex = new HashMap<>();
    // Equal weights in two maps are rare and hashing them is not free: once per object is enough.
    Map<Parameters, Integer> parametersByIdentity = new IdentityHashMap<>();
    Map<Parameters, Integer> parametersIndex = new HashMap<>();
    Map<Images, Integer> imagesIndex = new IdentityHashMap<>();
    Map<Stream, Integer> streamIndex = new HashMap<>();
    for (int j = 0; j < jobs.size(); j++) {
      Job job = jobs.get(j);
      checkRow(job.row(), graph, j);
      int row = index(rowIndex, rows, job.row());
      Integer set = parametersByIdentity.get(job.parameters());
      if (set == null) {
        set = index(parametersIndex, parameters, job.parameters());
        parametersByIdentity.put(job.parameters(), set);
      }
      if (!imagesIndex.containsKey(job.images())) {
        checkImages(job.images(), graph, j);
      }
      int noise = job.noise().map(stream -> index(streamIndex, streams, stream)).orElse(NONE);
      entries.add(new Entry(row, set, index(imagesIndex, images, job.images()), noise));
    }
  }

  int size() {
    return entries.size();
  }

  List<Entry> entries() {
    return entries;
  }

  Row row(int index) {
    return rows.get(index);
  }

  Parameters parameters(int index) {
    return parameters.get(index);
  }

  Images images(int index) {
    return images.get(index);
  }

  Stream stream(int index) {
    return streams.get(index);
  }

  /** Samples of every different block of images. */
  List<Images> images() {
    return images;
  }

  /**
   * End of the longest run of jobs from {@code start} whose tables and outputs stay within a budget
   * of bytes; at least one job.
   *
   * @param bytesPerSet of one parameter set
   * @param bytesPerSample of a job's output, for each of its samples
   */
  int chunk(int start, long budget, long bytesPerSet, long bytesPerSample) {
    Set<Integer> sets = new HashSet<>();
    Set<Integer> blocks = new HashSet<>();
    long bytes = 0;
    for (int j = start; j < size(); j++) {
      Entry entry = entries.get(j);
      Images block = images(entry.images());
      if (sets.add(entry.parameters())) {
        bytes += bytesPerSet;
      }
      if (blocks.add(entry.images())) {
        bytes += (long) Float.BYTES * block.values().length;
      }
      bytes += bytesPerSample * block.samples();
      bytes += (long) (Float.BYTES + Integer.BYTES) * row(entry.row()).size();
      if (bytes > budget && j > start) {
        return j;
      }
    }
    return size();
  }

  private static <T> int index(Map<T, Integer> index, List<T> table, T value) {
    return index.computeIfAbsent(
        value,
        added -> {
          table.add(added);
          return table.size() - 1;
        });
  }

  private static void checkRow(Row row, NetworkGraph graph, int job) {
    if (row.size() != graph.choices()) {
      throw new IllegalArgumentException(
          "row of job " + job + " must have " + graph.choices() + " choices but has " + row.size());
    }
  }

  private static void checkImages(Images images, NetworkGraph graph, int job) {
    Shape shape = new Shape(images.channels(), images.height(), images.width());
    Shape expected = graph.nodes().get(0).shape();
    if (!shape.equals(expected)) {
      throw new IllegalArgumentException(
          "images of job " + job + " must be " + expected + " but are " + shape);
    }
    float[] values = images.values();
    for (int k = 0; k < values.length; k++) {
      if (!Float.isFinite(values[k])) {
        throw new IllegalArgumentException(
            "images of job " + job + " must be finite but element " + k + " is " + values[k]);
      }
    }
  }
}
