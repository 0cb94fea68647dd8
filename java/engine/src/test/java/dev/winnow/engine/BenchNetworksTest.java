package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Shape;
import dev.winnow.space.CellSpace;
import dev.winnow.space.NasBench201;
import dev.winnow.space.Supernet;
import dev.winnow.space.darts.Darts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The networks that benches and baselines read, {@code bench/shapes/networks}, are what the spaces
 * make today. {@code -Dwinnow.write.networks=true} writes them anew.
 */
class BenchNetworksTest {
  private static final Path FOLDER = Path.of("../../bench/shapes/networks");
  private static final int CLASSES = 10;

  /** By file name: the supernets of the published searches. */
  private static TreeMap<String, Supernet> supernets() {
    CellSpace nb201 = new NasBench201();
    CellSpace darts = new Darts();
    Shape image = new Shape(3, 32, 32);
    Shape patch = new Shape(1, 3, 3);
    TreeMap<String, Supernet> all = new TreeMap<>();
    all.put("nas-bench-201", nb201.supernet(nb201.reduced(CLASSES, image)));
    all.put("nas-bench-201-c16-n5", nb201.supernet(nb201.standard(CLASSES, 32)));
    all.put("nas-bench-201-thin", nb201.supernet(nb201.thin(CLASSES, patch)));
    all.put("nas-bench-201-tiny", nb201.supernet(nb201.reduced(CLASSES, new Shape(3, 8, 8))));
    all.put("darts", darts.supernet(darts.reduced(CLASSES, image)));
    all.put("darts-thin", darts.supernet(darts.thin(CLASSES, patch)));
    all.put("darts-tiny", darts.supernet(darts.reduced(CLASSES, new Shape(3, 8, 8))));
    return all;
  }

  static Stream<String> names() {
    return supernets().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("names")
  void fileIsWhatTheSpaceMakes(String name) throws IOException {
    Path file = FOLDER.resolve(name + ".txt");
    String text = text(supernets().get(name));
    if (Boolean.getBoolean("winnow.write.networks")) {
      Files.writeString(file, text);
    }
    assertEquals(text, Files.readString(file), file + ": run with -Dwinnow.write.networks=true");
  }

  @Test
  void thereIsNoOtherFile() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      Set<String> found = files.map(f -> f.getFileName().toString()).collect(Collectors.toSet());
      assertEquals(names().map(n -> n + ".txt").collect(Collectors.toSet()), found);
    }
  }

  /** Format: bench/shapes/README.md. */
  private static String text(Supernet supernet) {
    NetworkGraph graph = supernet.graph();
    double coefficient = 1f / supernet.edges().get(0).operations().size();
    StringBuilder text = new StringBuilder("# Written and checked by BenchNetworksTest.\n");
    text.append(
        String.format(
            Locale.ROOT,
            "network %d %s %d%n",
            graph.choices(),
            Float.toString((float) coefficient),
            graph.output()));
    // The attributes are taken from the blob, so that their order is written down once.
    ByteBuffer blob = ByteBuffer.wrap(NetworkBlob.encode(graph)).order(ByteOrder.LITTLE_ENDIAN);
    blob.position(8 * Long.BYTES);
    for (Node node : graph.nodes()) {
      StringJoiner line = new StringJoiner(" ");
      long operation = blob.getLong();
      blob.getLong(); // offset and length of the name
      blob.getLong();
      line.add(node.name()).add(Long.toString(operation)).add(Long.toString(blob.getLong()));
      line.add(words(blob));
      line.add(words(blob));
      text.append(line).append('\n');
    }
    return text.toString();
  }

  private static String words(ByteBuffer blob) {
    long count = blob.getLong();
    StringJoiner words = new StringJoiner(",");
    for (long k = 0; k < count; k++) {
      words.add(Long.toString(blob.getLong()));
    }
    return count == 0 ? "-" : words.toString();
  }
}
