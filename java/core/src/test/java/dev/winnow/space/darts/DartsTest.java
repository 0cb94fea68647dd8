package dev.winnow.space.darts;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.score.ActivationKernelLogDeterminant.Hooks;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Tables;
import dev.winnow.tensor.Safetensors;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.commons.csv.CSVRecord;
import org.hipparchus.stat.inference.ChiSquareTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Sizes of networks are those that the published programs have: spec/zero-cost-pt.md 2.2, 4.7. */
class DartsTest {
  private static final Darts SPACE = new Darts();
  private static final Shape CIFAR = new Shape(3, 32, 32);
  private static final Shape IMAGENET = new Shape(3, 224, 224);

  @Test
  void theSpaceHasTheKnownSize() {
    long cell = 180 * 5_764_801L; // pairs of sources 1, 3, 6, 10; seven operations on eight edges
    assertEquals(cell * cell, SPACE.size());
    long small = 180 * 256L;
    for (DartsSpace part : List.of(new DartsS1(), new DartsS2(), new DartsS3(), new DartsS4())) {
      assertEquals(small * small, part.size(), part.name());
    }
  }

  /** Parameters and million MACs of the supernets that Zero-Cost-PT perturbs. */
  @Test
  void supernetsAreThePublishedOnes() {
    NetworkOptions cifar = new NetworkOptions(16, 2, 3, true, 10, CIFAR);
    NetworkGraph supernet = SPACE.supernet(cifar).graph();
    assertEquals(1_930_618, supernet.parameters());
    assertEquals(300.3, supernet.macs() / 1e6, 0.05);
    assertEquals(8_634_368, hookedUnits(supernet));
    NetworkOptions imagenet = new NetworkOptions(16, 2, 3, true, 1000, IMAGENET);
    NetworkGraph larger = SPACE.supernet(imagenet).graph();
    assertEquals(2_215_648, larger.parameters());
    assertEquals(286.0, larger.macs() / 1e6, 0.05);
    assertEquals(7_137_536, hookedUnits(larger));
  }

  /** Inputs of ReLUs as that program counts them. */
  private static long hookedUnits(NetworkGraph graph) {
    int[] multiplicities = Hooks.RELUS_AND_WRAPPERS.multiplicities(graph);
    long units = 0;
    int relu = 0;
    for (Node node : graph.nodes()) {
      if (node.operation() instanceof Operation.Relu) {
        units += node.shape().elements() * multiplicities[relu++];
      }
    }
    return units;
  }

  /** spec/te-nas.md 1.3: MACs, weights that the NTK is taken of, ReLU units. */
  @Test
  void networksOfTeNasAreThePublishedOnes() {
    NetworkGraph ten = SPACE.supernet(SPACE.reduced(10, CIFAR)).graph();
    assertEquals(2_413_648, ten.macs());
    assertEquals(5_138, weights(ten));
    NetworkGraph thousand = SPACE.supernet(SPACE.reduced(1000, CIFAR)).graph();
    assertEquals(13_058, weights(thousand));
    NetworkGraph thin = SPACE.supernet(SPACE.thin(10, new Shape(1, 3, 3))).graph();
    assertEquals(26_692, thin.macs());
    assertEquals(
        1_987,
        thin.nodes().stream()
            .filter(node -> node.operation() instanceof Operation.Relu)
            .mapToLong(node -> node.shape().elements())
            .sum());
  }

  private static long weights(NetworkGraph graph) {
    return graph.tensors().stream()
        .filter(tensor -> tensor.name().endsWith(".weight"))
        .mapToLong(tensor -> tensor.elements())
        .sum();
  }

  /** The known count of the second-order DARTS cell without its auxiliary head. */
  @Test
  void dartsV2HasTheKnownParameters() {
    NetworkOptions standard = SPACE.standard(10, 32);
    assertEquals(3_349_342, SPACE.network(SPACE.example(), standard).parameters());
  }

  /** Million parameters, and on ImageNet million MACs, of genotypes of the table. */
  @ParameterizedTest
  @CsvSource({
    "init_pt_s5_C10_0_100_N10, 4.923, 6.757, 749",
    "init_pt_s5_C10_1_100_N10, 4.581, 6.332, 706",
    "init_pt_s5_C10_2_100_N10, 4.630, 6.375, 714",
    "init_pt_s5_C10_3_100_N10, 4.522, 6.307, 694",
    "init_pt_s5_in_0_100_N10, , 6.704,",
    "init_pt_s5_in_1_100_N10, , 6.251,",
    "init_pt_s5_in_2_100_N10, , 6.627,",
    "init_pt_s5_in_3_100_N10, , 6.708,",
    "random_max_0, 5.144, 6.966,",
  })
  void publishedCellsHaveThePublishedSizes(String name, Double cifar, double imagenet, Double macs)
      throws IOException {
    String genotype = genotypes().get(name);
    if (cifar != null) {
      NetworkGraph small = SPACE.network(genotype, SPACE.standard(10, 32));
      assertEquals(cifar, small.parameters() / 1e6, 0.0005);
    }
    NetworkGraph large = SPACE.network(genotype, SPACE.standard(1000, 224));
    assertEquals(imagenet, large.parameters() / 1e6, 0.0005);
    if (macs != null) {
      assertEquals(macs, large.macs() / 1e6, 0.5);
    }
  }

  private static Map<String, String> genotypes() throws IOException {
    Map<String, String> genotypes = new HashMap<>();
    try (var rows = Tables.open(SharedFolder.require("data/darts_genotypes.csv.gz"))) {
      for (CSVRecord row : rows) {
        genotypes.put(row.get("name"), row.get("normal") + "/" + row.get("reduce"));
      }
    }
    return genotypes;
  }

  /** What was searched in a restricted space is in it, and mostly not in the others. */
  @Test
  void publishedResultsOfRestrictedSpacesAreInThem() throws IOException {
    List<DartsSpace> spaces =
        List.of(new DartsS1(), new DartsS2(), new DartsS3(), new DartsS4(), SPACE);
    int[][] found = new int[5][5];
    for (Map.Entry<String, String> entry : genotypes().entrySet()) {
      for (int of = 0; of < 5; of++) {
        for (int in = 0; in < 5; in++) {
          if (entry.getKey().startsWith("init_pt_s" + (of + 1))) {
            found[of][in] += contains(spaces.get(in), entry.getValue()) ? 1 : 0;
          }
        }
      }
    }
    assertArrayEquals(new int[] {6, 0, 0, 0, 6}, found[0]);
    assertArrayEquals(new int[] {0, 6, 6}, Arrays.copyOf(found[1], 3));
    assertEquals(6, found[2][2]);
    assertEquals(6, found[3][3]);
    assertEquals(0, found[3][4], "noise is in none but S4");
    assertTrue(found[4][4] >= 12);
  }

  private static boolean contains(DartsSpace space, String genotype) {
    try {
      space.notation(genotype);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Test
  void anOperationThatTheEdgeDoesNotHaveIsNamed() {
    String text = new DartsS4().example().replaceFirst("sep_conv_3x3~1", "skip_connect~1");
    var e = assertThrows(IllegalArgumentException.class, () -> new DartsS4().notation(text));
    assertEquals(
        "not a darts-s4 architecture: edge normal.2-1 must have one of noise, sep_conv_3x3 but has"
            + " skip_connect",
        e.getMessage());
  }

  /** Two edges into each node stay; everything else is told what it is. */
  @Test
  void chosenOperationsMakeAnArchitecture() {
    int[] chosen = SPACE.parse(SPACE.example());
    assertEquals(16, Arrays.stream(chosen).filter(o -> o != 0).count());
    assertEquals(SPACE.example(), SPACE.architecture(chosen));
    int[] three = chosen.clone();
    three[4] = 1; // 3-2
    var e = assertThrows(IllegalArgumentException.class, () -> SPACE.architecture(three));
    assertEquals("node normal.3 must have 2 inputs but has 3", e.getMessage());
    int[] unknown = chosen.clone();
    unknown[27] = 8;
    e = assertThrows(IllegalArgumentException.class, () -> SPACE.architecture(unknown));
    assertEquals("operation index of edge reduce.5-4 must be in [0, 7] but was 8", e.getMessage());
  }

  @Test
  void moreStagesThanTheProgramsHaveAreRefused() {
    NetworkOptions four = new NetworkOptions(16, 2, 4, true, 10, CIFAR);
    var e =
        assertThrows(IllegalArgumentException.class, () -> SPACE.network(SPACE.example(), four));
    assertEquals("stages of a DARTS network must be in [1, 3] but was 4", e.getMessage());
  }

  /** Names and shapes of the published networks' tensors. */
  @Test
  void tensorsAreTheGoldenCases() throws IOException {
    NetworkOptions eval = new NetworkOptions(8, 1, 3, true, 10, CIFAR);
    assertTensors("c4_fwdbwd_darts", "", SPACE.network(SPACE.example(), eval));
    NetworkOptions search = new NetworkOptions(8, 2, 3, true, 10, CIFAR);
    assertTensors("c3_darts_zerocostpt", "", SPACE.supernet(search).graph());
    assertTensors("c2_darts_ntk_default", "", SPACE.supernet(SPACE.reduced(10, CIFAR)).graph());
  }

  private static void assertTensors(String name, String prefix, NetworkGraph graph)
      throws IOException {
    var golden = new TreeMap<String, String>();
    Safetensors.read(SharedFolder.require("golden/" + name + "/tensors.safetensors"))
        .forEach((key, tensor) -> golden.put(key, Arrays.toString(tensor.shape())));
    golden.keySet().removeIf(key -> !key.matches("(stem|cells|last|classifier)\\..*"));
    var ours = new TreeMap<String, String>();
    graph.tensors().forEach(spec -> ours.put(spec.name(), spec.shape().toString()));
    assertEquals(golden, ours);
  }

  /**
   * Each of the 490 ways to feed node 5 comes equally often; a sampler that shuns some does not.
   */
  @Test
  void samplesAreUniformOverTheInputsOfANode() {
    Philox random = Stream.root(1).of("darts").generator();
    assertTrue(p(SPACE::sample, random) > 0.001);
    Function<Philox, String> biased =
        r -> {
          String drawn = SPACE.sample(r);
          boolean shunned = drawn.contains("skip_connect~4") && r.nextInt(5) == 0;
          return shunned ? SPACE.sample(r) : drawn;
        };
    assertTrue(p(biased, random) < 0.001);
  }

  private static double p(Function<Philox, String> sampler, Philox random) {
    Map<List<DartsCell.Input>, Integer> counts = new HashMap<>();
    int draws = 20_000;
    for (int i = 0; i < draws; i++) {
      Genotype genotype = Genotype.parse(sampler.apply(random));
      counts.merge(genotype.normal().into(5), 1, Integer::sum);
      counts.merge(genotype.reduce().into(5), 1, Integer::sum);
    }
    assertEquals(490, counts.size());
    double[] expected = new double[490];
    Arrays.fill(expected, 2.0 * draws / 490);
    long[] observed = counts.values().stream().mapToLong(Integer::longValue).toArray();
    return new ChiSquareTest().chiSquareTest(expected, observed);
  }
}
