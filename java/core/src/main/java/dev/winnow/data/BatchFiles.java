package dev.winnow.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads all batch files of a published {@link Layout} in a folder into one image set. */
final class BatchFiles {
  /** Room in a Python batch for labels and file names beside the pixels. */
  private static final long PICKLE_OVERHEAD = 128L << 20;

  private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");

  private final Layout layout;
  private final List<byte[]> pixels = new ArrayList<>();
  private final List<int[]> labels = new ArrayList<>();
  private final List<SourceFile> sources = new ArrayList<>();
  private long read;

  private BatchFiles(Layout layout) {
    this.layout = layout;
  }

  /**
   * All batches found in the folder, or else in the sub-folder that the published archive unpacks
   * to, in the order of their numbers.
   */
  static ImageSet read(Layout layout, Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IllegalArgumentException(folder + " is not a folder (of " + layout.label + ")");
    }
    List<Path> places = new ArrayList<>(List.of(folder));
    layout.folders.stream().map(folder::resolve).filter(Files::isDirectory).forEach(places::add);
    for (Path place : places) {
      List<Path> binary = matches(place, layout.binary);
      List<Path> pickled = matches(place, layout.pickled);
      if (!binary.isEmpty() && !pickled.isEmpty()) {
        throw new IllegalArgumentException(
            place + " holds binary and Python batches of " + layout.label + "; keep one kind");
      }
      BatchFiles files = new BatchFiles(layout);
      for (Path file : binary) {
        files.binary(file);
      }
      for (Path file : pickled) {
        files.pickled(file);
      }
      if (files.read > 0) {
        return files.set(place);
      }
    }
    throw new IllegalArgumentException(
        folder
            + " holds no training batch of "
            + layout.label
            + ": no file named "
            + (layout.binary == null ? "" : layout.binary + " or ")
            + layout.pickled
            + (layout.folders.isEmpty() ? "" : ", nor a folder of " + layout.folders));
  }

  private static List<Path> matches(Path folder, Pattern name) throws IOException {
    if (name == null) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> name.matcher(f.getFileName().toString()).matches())
          .sorted(Comparator.comparingInt(BatchFiles::number).thenComparing(f -> f.getFileName()))
          .toList();
    }
  }

  /** The first number in a file's name, so that batch 10 follows batch 9. */
  private static int number(Path file) {
    Matcher matcher = NUMBER.matcher(file.getFileName().toString());
    return matcher.find() ? Integer.parseInt(matcher.group()) : Integer.MAX_VALUE;
  }

  private void binary(Path file) throws IOException {
    int image = layout.imageBytes();
    int record = layout.labels.bytes() + image;
    byte[] content = SourceFile.read(file, (long) layout.mostImages * record);
    if (content.length % record != 0) {
      throw new IllegalArgumentException(
          file
              + ": size must be a multiple of "
              + record
              + " bytes, one "
              + layout.label
              + " record, but was "
              + content.length
              + ": record "
              + content.length / record
              + " at byte "
              + content.length / record * record
              + " is not complete");
    }
    int count = content.length / record;
    byte[] batch = new byte[count * image];
    int[] classes = new int[count];
    for (int i = 0; i < count; i++) {
      int label = i * record + layout.labels.bytes() - 1;
      classes[i] =
          layout.labels.classOf(content[label] & 0xFF, file + ": record " + i + ", byte " + label);
      System.arraycopy(content, label + 1, batch, i * image, image);
    }
    add(file, content, batch, classes, count);
  }

  private void pickled(Path file) throws IOException {
    int image = layout.imageBytes();
    byte[] content = SourceFile.read(file, (long) layout.mostImages * image + PICKLE_OVERHEAD);
    if (!(Pickle.read(file, content) instanceof Map<?, ?> batch)) {
      throw new IllegalArgumentException(file + ": a Python batch must be a dictionary");
    }
    if (!(batch.get("data") instanceof Pickle.Array data)
        || data.isEmpty()
        || data.type.kind != 'u'
        || data.type.bytes != 1
        || data.shape.length != 2
        || data.shape[1] != image) {
      throw new IllegalArgumentException(
          file
              + ": 'data' must be a uint8 array [images, "
              + image
              + "] but is "
              + (batch.get("data") instanceof Pickle.Array other && !other.isEmpty()
                  ? other.type + Arrays.toString(other.shape)
                  : "not there"));
    }
    int count = data.shape[0];
    if (count == 0) {
      throw new IllegalArgumentException(file + ": 'data' holds no image");
    }
    if (!(batch.get(layout.labels.key()) instanceof List<?> written) || written.size() != count) {
      throw new IllegalArgumentException(
          file + ": '" + layout.labels.key() + "' must be a list of " + count + " labels");
    }
    int[] classes = new int[count];
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (!(written.get(i) instanceof Long label)) {
        throw new IllegalArgumentException(file + ": label " + i + " is not an integer");
      }
      classes[i] = layout.labels.classOf(label, file + ": image " + i);
      kept += classes[i] < layout.labels.kept() ? 1 : 0;
    }
    byte[] pixels = new byte[kept * image];
    int[] labels = new int[kept];
    int next = 0;
    for (int i = 0; i < count; i++) {
      if (classes[i] < layout.labels.kept()) {
        copyRow(data, i, pixels, next * image);
        labels[next++] = classes[i];
      }
    }
    add(file, content, pixels, labels, count);
  }

  private static void copyRow(Pickle.Array data, int row, byte[] out, int at) {
    byte[] source = data.values.source();
    int from = data.values.from();
    int columns = data.shape[1];
    if (!data.columnMajor) {
      System.arraycopy(source, from + row * columns, out, at, columns);
      return;
    }
    for (int column = 0; column < columns; column++) {
      out[at + column] = source[from + column * data.shape[0] + row];
    }
  }

  private void add(Path file, byte[] content, byte[] batch, int[] classes, int images) {
    read += images;
    if (read > layout.mostImages) {
      throw new IllegalArgumentException(
          file
              + ": the batches hold more than the "
              + layout.mostImages
              + " training images of "
              + layout.label);
    }
    pixels.add(batch);
    labels.add(classes);
    sources.add(SourceFile.of(file, content));
  }

  private ImageSet set(Path folder) {
    int count = labels.stream().mapToInt(l -> l.length).sum();
    if (count == 0) {
      throw new IllegalArgumentException(
          folder + ": no image has one of the " + layout.labels.kept() + " classes that are kept");
    }
    byte[] all = new byte[Math.multiplyExact(count, layout.imageBytes())];
    int at = 0;
    for (byte[] batch : pixels) {
      System.arraycopy(batch, 0, all, at, batch.length);
      at += batch.length;
    }
    int[] classes = labels.stream().flatMapToInt(Arrays::stream).toArray();
    return ImageSet.labelled(
        layout.label,
        all,
        layout.shape,
        layout.normalization,
        layout.labels.kept(),
        classes,
        sources);
  }
}
