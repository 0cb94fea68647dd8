package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.winnow.compute.Engine;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.compute.Reading;
import dev.winnow.net.NetworkGraph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The native core against the numbers of the published programs: {@code winnow verify}. */
class GoldenCasesTest {

  private static JsonNode verify(String... places) throws IOException {
    String[] arguments = new String[places.length + 2];
    arguments[0] = "verify";
    arguments[1] = "--json";
    for (int i = 0; i < places.length; i++) {
      arguments[i + 2] = SharedFiles.find(places[i]).toString();
    }
    CommandLineRun run = CommandLineRun.of(NativeEngines::open, arguments);
    assertEquals(ExitCode.DONE, run.code(), () -> run.out() + run.err());
    return new ObjectMapper().readTree(run.out());
  }

  /** 5 kernels, 5 logits, 2 counts of regions and active units, in two number types, and bits. */
  @Test
  void referenceVectors() throws IOException {
    JsonNode report = verify("spec/te-nas-vectors.json");
    assertEquals(0, report.get("missed").intValue());
    assertEquals(69, report.get("passed").intValue());
    assertEquals(Set.of(), fieldNames(report.get("notRun")));
  }

  private static Set<String> fieldNames(JsonNode object) {
    Set<String> names = new HashSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @Test
  void scoresOfStandAloneNetworks() throws IOException {
    JsonNode report =
        verify(
            "golden/c1_nb201_allconv",
            "golden/c1_nb201_best",
            "golden/c1_nb201_disconnected",
            "golden/c1_nb201_none",
            "golden/c1_nb201_poolheavy",
            "golden/c1_nb201_skipheavy",
            "golden/c1_nb201_full_n5");
    assertEquals(0, report.get("missed").intValue());
    // Activation kernels: 3 variants, matrix and log-determinant, in 2 number types; 2 variants of
    // 3 cases have recorded no
    // matrix that is float64's too.
    int kernels = 7 * 9 + 7 * 3 * 4 - 2 * 3;
    // Sum and layers: 6 scores of the loss and the weights in 2 number types, 2 flows in float64.
    int sums = 7 * 2 * (6 * 2 + 2);
    int jacobians = 7 * 2 * 2; // jacob_cov and epe_nas in 2 number types
    int complexities = 7 * 2; // zen in 2 number types
    assertEquals(kernels + sums + jacobians + complexities, report.get("passed").intValue());
    assertEquals(Set.of(), fieldNames(report.get("notRun")));
  }

  /** A device that runs forward and backward passes and nothing else. */
  private record PlainPasses(Engine cpu) implements Engine {
    @Override
    public Optional<String> refusal(NetworkGraph graph, Precision precision, Pass pass) {
      return pass.readings().stream()
          .filter(
              reading ->
                  reading instanceof Reading.HessianProducts
                      || reading instanceof Reading.ChannelSaliencies
                      || reading instanceof Reading.ActivationGrams)
          .findFirst()
          .map(reading -> "it has no " + reading.getClass().getSimpleName());
    }

    @Override
    public Plan plan(NetworkGraph graph, PlanOptions options) {
      return cpu.plan(graph, options);
    }

    @Override
    public Map<String, String> provenance() {
      return cpu.provenance();
    }

    @Override
    public void close() {
      cpu.close();
    }
  }

  @Test
  void scoresThatADeviceDoesNotHaveAreNamedAndNotRun() throws IOException {
    Path place = SharedFiles.find("golden/c1_nb201_disconnected");
    CommandLineRun run =
        CommandLineRun.of(
            (device, threads) -> new PlainPasses(NativeEngines.open(device, threads)),
            "verify",
            place.toString());
    assertEquals(ExitCode.DONE, run.code(), () -> run.out() + run.err());
    assertEquals(
        List.of(
            "  not run fisher: it has no ChannelSaliencies",
            "  not run grasp: it has no HessianProducts",
            "  not run zen: it has no ActivationGrams"),
        run.out().lines().filter(line -> line.startsWith("  not run")).toList());
    for (String score : List.of("fisher", "grasp", "zen")) {
      assertFalse(run.out().contains("ok     " + score), run::out);
    }
    assertTrue(run.out().contains("ok     snip layers float64"), run::out);
  }

  @Test
  void kernelsAndRegionsOfSupernets() throws IOException {
    JsonNode report =
        verify(
            "golden/c2_nb201_ntk_default",
            "golden/c2_nb201_ntk_kaiming",
            "golden/c2_nb201_regions_default",
            "golden/c2_darts_ntk_default",
            "golden/c2_darts_regions_default");
    assertEquals(0, report.get("missed").intValue());
    // Kernels, condition numbers and eigenvalues in two number types; regions, bits, constant ones
    // and the largest region.
    assertEquals(3 * 4 * 6 + 2 * 4 * 4, report.get("passed").intValue());
    assertEquals(Set.of(), fieldNames(report.get("notRun")));
  }

  /**
   * Logits, losses and eval logits (5 numbers a case), gradients of every parameter in two number
   * types (48, 169, 56 and 131 of them) and of the input, and the running means and variances that
   * the pass leaves (30, 88, 36 and 86), in both.
   */
  @Test
  void forwardAndBackwardOfStandAloneNetworks() throws IOException {
    JsonNode report =
        verify(
            "golden/c4_fwdbwd_nb201",
            "golden/c4_fwdbwd_darts",
            "golden/c4_fwdbwd_nbmacro",
            "golden/c4_fwdbwd_mobilenet");
    assertEquals(0, report.get("missed").intValue());
    assertEquals(
        4 * 6 + 2 * (48 + 169 + 56 + 131) + 2 * (30 + 88 + 36 + 86),
        report.get("passed").intValue());
  }

  /**
   * DARTS: kernel and log-determinant with each of 7 operations removed, in 2 states.
   * NAS-Bench-201: in 2 states 5 log-determinants and one kernel, 5 synflow and 5 snip.
   */
  @Test
  void perturbedSupernetsOfZeroCostPt() throws IOException {
    JsonNode report = verify("golden/c3_darts_zerocostpt", "golden/c3_nb201_zerocostpt");
    assertEquals(0, report.get("missed").intValue());
    assertEquals(2 * 7 * 2 + 2 * (5 + 1 + 5 + 5), report.get("passed").intValue());
    assertEquals(Set.of(), fieldNames(report.get("notRun")));
  }

  /** Every case at once is what a user runs; here only what cannot run, which takes no time. */
  @Test
  void whatCannotRunIsNamed() throws IOException {
    CommandLineRun run =
        CommandLineRun.of(
            NativeEngines::open, "verify", SharedFiles.find("golden/c5_nb201_training").toString());
    assertEquals(ExitCode.CHECK_FAILED, run.code(), run::err);
    assertTrue(run.out().contains("kind supernet_training 1"), run::out);
  }
}
