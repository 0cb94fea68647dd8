package dev.winnow.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.space.CellSpace;
import dev.winnow.space.SearchSpace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class NetworkJsonTest {
  private static final String SMALL =
      """
      {"format": "winnow-network/1",
       "input": [3, 8, 8],
       "nodes": [
        {"name": "conv", "operation": "convolution", "inputs": ["input"], "outputs": 4, "kernel": 3},
        {"name": "relu", "operation": "relu", "inputs": ["conv"]},
        {"name": "pool", "operation": "global-average-pool", "inputs": ["relu"]},
        {"name": "classifier", "operation": "linear", "inputs": ["pool"], "outputs": 10}],
       "output": "classifier"}
      """;

  private static void assertSame(NetworkGraph expected, NetworkGraph actual) {
    assertEquals(expected.nodes(), actual.nodes());
    assertEquals(expected.choices(), actual.choices());
    assertEquals(expected.output(), actual.output());
    assertEquals(expected.tensors(), actual.tensors());
    assertEquals(expected.features(), actual.features());
  }

  /** 4·3·3·3 + 10·4 + 10 weights; 6x6 positions of the convolution. */
  @Test
  void readsASmallNetwork() {
    NetworkGraph graph = NetworkJson.parse(SMALL, "small");
    assertEquals(158, graph.parameters());
    assertEquals(108 * 36 + 40, graph.macs());
    assertEquals(SMALL.strip().lines().count(), NetworkJson.write(graph).strip().lines().count());
    assertSame(graph, NetworkJson.parse(NetworkJson.write(graph), "again"));
  }

  /** Every operation with every field away from its default. */
  @Test
  void everyFieldGoesRound() {
    NetworkGraph.Builder builder = NetworkGraph.builder(new Shape(4, 9, 11), 3);
    Pair wide = new Pair(1, 3);
    int x =
        builder.add(
            "conv",
            new Operation.Convolution(8, wide, new Pair(1, 2), new Pair(0, 1), wide, 2, true),
            2,
            0);
    x = builder.add("bn", new Operation.BatchNorm(false, 1e-3, 0.25), -1, x);
    x = builder.add("cap \"six\"", new Operation.Relu(6), -1, x);
    x =
        builder.add(
            "avg", new Operation.AveragePool(Pair.of(3), Pair.of(2), Pair.of(1), false), 0, x);
    int y =
        builder.add("avg2", new Operation.AveragePool(wide, Pair.of(1), wide(0, 1), true), 0, x);
    y = builder.add("max", new Operation.MaxPool(wide, Pair.of(1), wide(0, 1)), -1, y);
    int z = builder.add("sum", new Operation.WeightedSum(List.of(1, -1)), -1, x, y);
    z = builder.add("plain", new Operation.WeightedSum(List.of(-1, -1)), -1, z, y);
    z = builder.add("concat", new Operation.Concat(), -1, z, y);
    z = builder.add("pad", new Operation.PadCrop(1, -1, 2, 0), -1, z);
    z = builder.add("slice", new Operation.ChannelSlice(3, 5), -1, z);
    z = builder.add("noise", new Operation.Noise(0.5), -1, z);
    int dead = builder.add("zero", new Operation.Zero(new Pair(2, 1)), -1, z);
    int output = builder.add("linear", new Operation.Linear(7, false), -1, z);
    builder.add("after", new Operation.GlobalAveragePool(), -1, dead);
    NetworkGraph graph = builder.build(output);
    assertSame(graph, NetworkJson.parse(NetworkJson.write(graph), "again"));
  }

  private static Pair wide(int height, int width) {
    return new Pair(height, width);
  }

  static List<SearchSpace> spaces() {
    return ServiceLoader.load(SearchSpace.class).stream().map(s -> s.get()).toList();
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void networksOfEverySpaceGoRound(SearchSpace space) {
    Philox random = Stream.root(3).of(space.name()).generator();
    Shape image = new Shape(3, 32, 32);
    for (int i = 0; i < 5; i++) {
      NetworkGraph graph = space.network(space.sample(random), space.reduced(10, image));
      assertSame(graph, NetworkJson.parse(NetworkJson.write(graph), "again"));
    }
    if (space instanceof CellSpace cells) {
      NetworkGraph graph = cells.supernet(space.reduced(10, image)).graph();
      assertSame(graph, NetworkJson.parse(NetworkJson.write(graph), "again"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '#',
      quoteCharacter = '`',
      value = {
        "\"winnow-network/1\" # \"winnow-network/2\" # x:1: format must be 'winnow-network/1' but",
        "[3, 8, 8] # [3, 8] # x:2: input must be [channels, height, width]",
        "[3, 8, 8] # [3, 0, 8] # x:2: input must be [channels, height, width]",
        "\"kernel\": 3 # \"kernl\": 3 # x:4: node 1: kernel is missing; it must be a whole number",
        "\"kernel\": 3 # \"kernel\": 3, \"kernl\": 3 # x:4: node 1: unknown key 'kernl'",
        "\"kernel\": 3 # \"kernel\": 3.5 # x:4: node 1: kernel must be a whole number but was 3.5",
        "\"kernel\": 3 # \"kernel\": [3] # x:4: node 1: kernel must be a whole number or",
        "\"kernel\": 3 # \"kernel\": 99999999999 # x:4: node 1: kernel must be a whole number",
        "\"kernel\": 3 # \"kernel\": 0 # x:4: node 1: node 1 (conv) kernel height must be in [1,",
        "\"kernel\": 3 # \"kernel\": 9 # x:4: node 1: node 1 (conv): kernel 9 with dilation 1 does",
        "\"kernel\": 3 # \"kernel\": 3, \"kernel\": 3 # x:4: Duplicate field 'kernel'",
        "\"relu\", \"inputs\" # \"gelu\", \"inputs\" # x:5: node 2: operation must be one of",
        "[\"conv\"] # [\"late\"] # x:5: node 2: inputs must name 'input' or an earlier node but"
            + " was",
        "[\"conv\"] # [] # x:5: node 2: node 2 (relu) must have 1 inputs but has 0",
        "\"name\": \"relu\" # \"name\": \"conv\" # x:5: node 2: node 2 (conv) has the name of an",
        "\"name\": \"relu\" # \"name\": \"\" # x:5: node 2: node 2 name length must be in",
        "\"output\": \"classifier\" # \"output\": \"logits\" # x:8: output must name",
        "\"output\": \"classifier\" # \"result\": \"classifier\" # x:8: unknown key 'result'",
        "\"input\": [3, 8, 8], # `` # x: must have a key 'input'",
        "\"input\": [3, 8, 8], # \"input\": [3, 8, 8], \"choices\": -1, # x: number of choices"
            + " must",
        "\"classifier\"} # \"classifier\" # x:9: Unexpected end-of-input",
        "\"classifier\"} # \"classifier\"} {} # x:8: nothing may follow the object",
        "\"nodes\": [ # \"nodes\": [ 7, # x:3: node 1 must be an object",
      })
  void mistakesNameTheLine(String part, String instead, String message) {
    assertTrue(SMALL.contains(part), part);
    String text = SMALL.replace(part, instead == null ? "" : instead);
    var e = assertThrows(IllegalArgumentException.class, () -> NetworkJson.parse(text, "x"));
    assertTrue(e.getMessage().startsWith(message), e::getMessage);
  }

  @Test
  void otherTextsAreExplained() {
    for (String text : List.of("", "[]", "nonsense", "[".repeat(100_000), "{\"nodes\": {}}")) {
      var e = assertThrows(IllegalArgumentException.class, () -> NetworkJson.parse(text, "x"));
      assertTrue(e.getMessage().startsWith("x:"), e::getMessage);
    }
  }

  @Test
  void aFileOfAnySizeIsNotRead(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("net.json"), " ".repeat((16 << 20) + 1));
    var e = assertThrows(IllegalArgumentException.class, () -> NetworkJson.read(file));
    assertEquals(
        file + ": a network must be at most 16777216 bytes but is 16777217", e.getMessage());
  }

  @Test
  void anUnreadableFileIsNamed(@TempDir Path folder) throws IOException {
    var e = assertThrows(IOException.class, () -> NetworkJson.read(folder));
    assertTrue(e.getMessage().startsWith(folder + ": "), e::getMessage);
    Path latin = Files.write(folder.resolve("net.json"), new byte[] {'{', (byte) 0xfc, '}'});
    var other = assertThrows(IllegalArgumentException.class, () -> NetworkJson.read(latin));
    assertEquals(latin + ": not UTF-8", other.getMessage());
  }

  /** Any damaged text is a network or an IllegalArgumentException that says where. */
  @Test
  void damageIsExplained() {
    for (int seed = 0; seed < 3000; seed++) {
      Philox random = Stream.root(seed).of("damage").generator();
      StringBuilder text = new StringBuilder(SMALL);
      for (int d = random.nextInt(3); d >= 0; d--) {
        text.setCharAt(random.nextInt(text.length()), (char) (32 + random.nextInt(96)));
      }
      try {
        NetworkJson.parse(text.toString(), "x");
      } catch (IllegalArgumentException e) {
        assertTrue(e.getMessage().startsWith("x:"), () -> text + "\n" + e.getMessage());
      }
    }
  }
}
