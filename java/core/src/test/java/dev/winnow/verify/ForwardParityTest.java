package dev.winnow.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import dev.winnow.compute.Monitor;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The recorded logits, losses and region counts of the published programs, recomputed by plain
 * loops over our graphs: networks, names, rows and filling rule are right, whatever an engine does.
 */
class ForwardParityTest {

  private static List<Check> forwardChecks(String place) throws IOException {
    CaseReport report =
        new Verifier(new ForwardEngine(), Monitor.NONE).verify(SharedFolder.require(place));
    assertEquals("", report.broken());
    return report.checks().stream()
        .filter(
            check ->
                !check
                    .name()
                    .matches(
                        ".*(ntk|running_|gradient|grad_norm|snip|plain|synflow|jacob_cov|epe_nas|fisher|grasp|zen).*"))
        .toList();
  }

  private static void assertPassed(int atLeast, List<Check> checks) {
    assertTrue(checks.size() >= atLeast, checks::toString);
    assertEquals(List.of(), checks.stream().filter(check -> !check.passed()).toList());
  }

  @Test
  void referenceVectors() throws IOException {
    // 2 counts, then per network: P, and two kinds of logits in two number types; regions and bits.
    assertPassed(2 + 5 * 5 + 2 * 4, forwardChecks("spec/te-nas-vectors.json"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"golden/c2_nb201_regions_default", "golden/c2_darts_regions_default"})
  void regionsOfTheThinSupernet(String place) throws IOException {
    assertPassed(8, forwardChecks(place));
  }

  @ParameterizedTest
  @CsvSource({
    "golden/c1_nb201_poolheavy, 3",
    "golden/c4_fwdbwd_nb201, 5",
    "golden/c4_fwdbwd_darts, 5"
  })
  void logitsAndLossOfStandAloneNetworks(String place, int numbers) throws IOException {
    assertPassed(numbers, forwardChecks(place));
  }
}
