package dev.winnow.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.winnow.SharedFolder;
import dev.winnow.compute.Monitor;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Row;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.net.TensorSpec;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NetworkOptions;
import dev.winnow.tensor.Dtype;
import dev.winnow.tensor.Safetensors;
import dev.winnow.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cases written here, for an engine that answers what the test wants. */
class VerifierTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final NetworkOptions OPTIONS =
      new NetworkOptions(1, 1, 3, true, 2, new Shape(3, 4, 4));

  /** Eigenvalues 1 and 3: κ = 3. */
  private static final double[][] KERNEL = {{2, 1}, {1, 2}};

  private final AnsweringEngine engine = new AnsweringEngine();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();
  private final Map<String, Object> json = new LinkedHashMap<>();

  @TempDir private Path folder;

  @BeforeEach
  void aCaseOfTheSupernetWithOneMask() {
    NetworkGraph graph = new NasBench201().supernet(OPTIONS).graph();
    for (TensorSpec spec : graph.tensors()) {
      int[] shape = spec.shape().stream().mapToInt(Integer::intValue).toArray();
      double[] values = new double[(int) spec.elements()];
      Arrays.fill(values, spec.node());
      tensors.put(spec.name(), new Tensor(shape, values));
    }
    tensors.put("input", new Tensor(new int[] {2, 3, 4, 4}, new double[96]));
    tensors.put("alpha", new Tensor(new int[] {6, 5}, alpha()));
    tensors.put("expected.ntk.m", new Tensor(new int[] {2, 2}, new double[] {2, 1, 1, 2}));
    tensors.put("expected.ntk_f64.m", tensors.get("expected.ntk.m"));
    json.put("schema", "golden-parity/1");
    json.put("case", "tiny");
    json.put("kind", "tenas_supernet_ntk");
    json.put("space", "nb201");
    json.put(
        "network",
        Map.of("C", 1, "N", 1, "depth", -1, "use_stem", true, "num_classes", 2, "affine", true));
    Map<String, Object> proxy = new LinkedHashMap<>();
    proxy.put("value", 3.0);
    proxy.put("value_f64", 3.0);
    proxy.put("tolerance", Map.of("kind", "relative", "value", 1e-3));
    proxy.put("eigenvalues", List.of(1.0, 3.0));
    proxy.put("eigenvalues_f64", List.of(1.0, 3.0));
    proxy.put("matrix", "expected.ntk.m");
    proxy.put("matrix_tolerance", Map.of("kind", "relative_to_max_abs", "value", 1e-4));
    json.put(
        "masks",
        List.of(
            Map.of(
                "mask", "m",
                "alpha_tensor", List.of("alpha"),
                "proxies", Map.of("ntk_cond", proxy, "snip", Map.of()))));
    engine.kernel = KERNEL;
  }

  /** Edge 0 without its 3x3 convolution, the others with their skip alone. */
  private static double[] alpha() {
    double[] alpha = new double[30];
    Arrays.fill(alpha, -1000);
    for (int edge = 0; edge < 6; edge++) {
      alpha[edge * 5 + 1] = 0;
    }
    alpha[2] = 0;
    alpha[4] = 0;
    return alpha;
  }

  private void write() throws Exception {
    Path file = folder.resolve("tensors.safetensors");
    Safetensors.write(file, tensors, Dtype.F64);
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
    json.putIfAbsent("tensors_sha256", HexFormat.of().formatHex(hash));
    Files.write(folder.resolve("case.json"), MAPPER.writeValueAsBytes(json));
  }

  private CaseReport verify() throws Exception {
    write();
    return new Verifier(engine, Monitor.NONE).verify(folder);
  }

  private String broken() throws Exception {
    CaseReport report = verify();
    assertFalse(report.usable());
    assertEquals(List.of(), report.checks());
    return report.broken();
  }

  private static List<String> missed(CaseReport report) {
    return report.checks().stream().filter(c -> !c.passed()).map(Check::name).toList();
  }

  @Test
  void equalNumbersPassInBothNumberTypes() throws Exception {
    CaseReport report = verify();
    assertEquals("", report.broken());
    assertEquals(
        List.of("m ntk matrix float32", "m ntk_cond float32", "m ntk eigenvalues float32"),
        report.checks().stream().limit(3).map(c -> c.name().replaceAll(" \\[.*", "")).toList());
    assertEquals(6, report.checks().size());
    assertEquals(List.of(), missed(report));
  }

  @Test
  void theEngineIsAskedForTheRecordedCandidateOnTheRecordedWeights() throws Exception {
    verify();
    assertEquals(
        List.of(Precision.FLOAT32, Precision.FLOAT64),
        engine.options.stream().map(o -> o.precision()).toList());
    assertEquals(2, engine.options.get(0).batch());
    Row row = engine.jobs.get(0).row();
    boolean[][] alive = new boolean[6][5];
    for (boolean[] edge : alive) {
      edge[1] = true;
    }
    alive[0] = new boolean[] {false, true, true, false, true};
    assertEquals(new NasBench201().supernet(OPTIONS).row(alive), row);
    Parameters.Given given = (Parameters.Given) engine.jobs.get(0).parameters();
    assertEquals(tensors.get("classifier.weight"), given.tensors().get("classifier.weight"));
    assertEquals(0, engine.open, "plans left open");
  }

  @Test
  void scoresThatCannotBeComputedAreNamed() throws Exception {
    assertEquals(List.of("snip"), verify().notRun().stream().map(n -> n.name()).toList());
  }

  /** An entry 3e-4 off: above the stated 1e-4 of the largest entry 2, and above float64's bound. */
  @Test
  void aDifferenceBeyondTheToleranceMissesAndIsShown() throws Exception {
    engine.kernel = new double[][] {{2, 1.0003}, {1.0003, 2}};
    CaseReport report = verify();
    assertEquals(4, missed(report).size(), () -> missed(report).toString());
    Check matrix = report.checks().get(0);
    assertEquals("m ntk matrix float32 [1 of 4]", matrix.name());
    assertEquals(1.0, matrix.expected());
    assertEquals(1.0003, matrix.computed());
    assertEquals(2e-4, matrix.allowed(), 1e-19);
    assertTrue(report.checks().get(1).passed(), "3.0003 / 0.9997 = 3.0012, within 1e-3 of 3");
  }

  @Test
  void aKernelThatIsNotANumberMisses() throws Exception {
    engine.kernel = new double[][] {{Double.NaN, 1}, {1, 2}};
    CaseReport report = verify();
    assertTrue(missed(report).contains("m ntk matrix float32 [0 of 4]"));
    assertTrue(missed(report).contains("m ntk_cond float32"));
  }

  /** The stated bound stays; what is off beyond it is the recorded float32 matrix. */
  @Test
  void aRecordedMatrixThatMissesItsOwnBoundGivesWayToItsFloat64() throws Exception {
    tensors.put("expected.ntk.m", new Tensor(new int[] {2, 2}, new double[] {2, 1.1, 1.1, 2}));
    Check matrix = verify().checks().get(0);
    assertEquals("m ntk matrix float32 against recorded float64 [0 of 4]", matrix.name());
    assertTrue(matrix.passed());
    assertEquals(2e-4, matrix.allowed(), 1e-19);
    engine.kernel = new double[][] {{2, 1.1}, {1.1, 2}};
    assertFalse(verify().checks().get(0).passed());
  }

  @Test
  void aMissingTensorIsNamedWithItsFile() throws Exception {
    tensors.remove("cells.0.2-1.nor_conv_1x1.conv.weight");
    String file = folder.resolve("tensors.safetensors").toString();
    assertEquals(file + ": no tensor 'cells.0.2-1.nor_conv_1x1.conv.weight'", broken());
  }

  @Test
  void aTensorOfAnotherShapeIsNamedWithItsFile() throws Exception {
    tensors.put("classifier.weight", new Tensor(new int[] {2, 3}, new double[6]));
    String file = folder.resolve("tensors.safetensors").toString();
    assertEquals(
        file + ": tensor 'classifier.weight' must have shape [2, 4] but has [2, 3]", broken());
  }

  @Test
  void anInputThatIsNoBlockOfImagesIsNamed() throws Exception {
    tensors.put("input", new Tensor(new int[] {6}, new double[6]));
    assertTrue(broken().contains("tensor 'input' must be a block of images but has shape [6]"));
  }

  @Test
  void tornJsonIsNamedWithItsLine() throws Exception {
    write();
    Path description = folder.resolve("case.json");
    String whole = Files.readString(description);
    Files.writeString(description, whole.substring(0, whole.length() / 2));
    CaseReport report = new Verifier(engine, Monitor.NONE).verify(folder);
    assertTrue(report.broken().startsWith(description + ":1: not JSON: "), report::broken);
  }

  /** Whatever a description says, it is judged: a report comes back, never an exception. */
  @Test
  void everyDamagedDescriptionIsReported() throws Exception {
    write();
    Path description = folder.resolve("case.json");
    byte[] whole = Files.readAllBytes(description);
    byte[] replacements = "0-9e.\"{}[],:\\ \u0000\u00ff".getBytes(StandardCharsets.ISO_8859_1);
    Random random = new Random(1);
    for (int i = 0; i < 500; i++) {
      byte[] damaged = whole.clone();
      int at = random.nextInt(damaged.length);
      damaged[at] = replacements[random.nextInt(replacements.length)];
      Files.write(description, damaged);
      try {
        new Verifier(engine, Monitor.NONE).verify(folder);
      } catch (RuntimeException | IOException e) {
        throw new AssertionError(
            "change " + i + ": '" + (char) damaged[at] + "' at byte " + at + " of case.json", e);
      }
    }
  }

  @Test
  void aTornTensorFileIsNamed() throws Exception {
    write();
    Path file = folder.resolve("tensors.safetensors");
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length - 8));
    CaseReport report = new Verifier(engine, Monitor.NONE).verify(folder);
    assertTrue(report.broken().startsWith(file + ": "), report::broken);
  }

  @Test
  void aTensorFileThatIsNotTheRecordedOneIsRefused() throws Exception {
    json.put("tensors_sha256", "0".repeat(64));
    assertTrue(broken().contains("but the case recorded 000"));
  }

  @Test
  void aMissingFieldIsNamedWithItsPlace() throws Exception {
    json.put("network", Map.of("C", 1, "N", 1, "depth", -1, "num_classes", 2));
    String description = folder.resolve("case.json").toString();
    assertEquals(description + ": field network.use_stem is missing", broken());
  }

  @Test
  void aFieldOfTheWrongTypeIsNamedWithItsPlace() throws Exception {
    json.put(
        "network", Map.of("C", "three", "N", 1, "depth", -1, "use_stem", true, "num_classes", 2));
    assertTrue(broken().contains("network.C must be an integer but was \"three\""));
  }

  @Test
  void anotherSchemaIsRefused() throws Exception {
    json.put("schema", "golden-parity/2");
    assertTrue(broken().contains("schema must be golden-parity/1 but was \"golden-parity/2\""));
  }

  @Test
  void anotherKindOrSpaceIsNamedNotRun() throws Exception {
    json.put("kind", "supernet_training");
    CaseReport report = verify();
    assertEquals(List.of(), report.checks());
    assertEquals("kind supernet_training", report.notRun().get(0).name());
    json.put("space", "nb101");
    assertEquals("space nb101", verify().notRun().get(0).name());
  }

  @Test
  void casesAreFoundOneByOneOrInAFolder() throws Exception {
    write();
    assertEquals(List.of(folder), Verifier.cases(folder));
    Path outer = Files.createDirectory(folder.resolve("outer"));
    Path inner = Files.createDirectory(outer.resolve("inner"));
    Files.copy(folder.resolve("case.json"), inner.resolve("case.json"));
    Files.createFile(outer.resolve("README.md"));
    assertEquals(List.of(inner), Verifier.cases(outer));
    Path empty = Files.createDirectory(folder.resolve("empty"));
    var e = assertThrows(IllegalArgumentException.class, () -> Verifier.cases(empty));
    assertTrue(e.getMessage().startsWith(empty + ": no case here"));
    assertThrows(NoSuchFileException.class, () -> Verifier.cases(folder.resolve("absent")));
  }

  /**
   * Every shared case can be read; an engine that answers zeros passes nothing that is a number.
   */
  @Test
  void sharedCasesAreReadAndAWrongEngineFails() throws IOException {
    Path golden = SharedFolder.require("golden");
    for (Path path : Verifier.cases(golden)) {
      if (!path.getFileName().toString().startsWith("c2_nb201")) {
        continue;
      }
      engine.kernel = new double[72][72];
      CaseReport report = new Verifier(engine, Monitor.NONE).verify(path);
      assertEquals("", report.broken());
      long numbers = report.checks().stream().filter(c -> !c.name().endsWith("bits")).count();
      assertEquals(numbers, report.missed(), path::toString);
      assertTrue(numbers >= 4, path::toString);
    }
  }

  /** Counts of the vectors' file that follow from the network alone. */
  @Test
  void sharedVectorsAreReadAndTheirCountsHold() throws IOException {
    Path file = SharedFolder.require("spec/te-nas-vectors.json");
    engine.kernel = null;
    engine.logits = null;
    CaseReport report = new Verifier(engine, Monitor.NONE).verify(file);
    assertEquals("", report.broken());
    List<String> passed = report.checks().stream().filter(Check::passed).map(Check::name).toList();
    assertEquals(
        List.of(
            "A_ntensors",
            "A_nb201_supernet P",
            "B_nb201_prune_edge2_op3 P",
            "C_nb201_single_3_1_2_4_3_1 P",
            "F_lr_nb201 float32 bits",
            "F_lr_nb201 float64 bits",
            "D_ntensors",
            "D_darts_supernet P",
            "E_darts_final P",
            "G_lr_darts float32 bits",
            "G_lr_darts float64 bits"),
        passed);
  }
}
