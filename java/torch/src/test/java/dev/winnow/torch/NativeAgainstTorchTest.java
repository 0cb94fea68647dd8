package dev.winnow.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.engine.NativeEngine;
import dev.winnow.torch.Comparison.Outcome;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Random networks on the native engine against libtorch, an implementation of everything by other
 * people. {@code -Dwinnow.differential.networks=N} compares N of them, {@code
 * -Dwinnow.differential.seed=S} begins at another seed: with N = 1 a failure is replayed.
 */
class NativeAgainstTorchTest {
  private static final int NETWORKS = Integer.getInteger("winnow.differential.networks", 50);
  private static final long SEED = Long.getLong("winnow.differential.seed", 1);

  @BeforeAll
  static void oneThread() {
    LibTorch.threads(1);
  }

  @Test
  void randomNetworksComputeTheSame() {
    List<String> failures = new ArrayList<>();
    int complete = 0;
    try (NativeEngine engine = NativeEngine.open("cpu", 1)) {
      for (long seed = SEED; seed < SEED + NETWORKS; seed++) {
        RandomCase random = RandomCase.of(seed);
        Outcome outcome = Comparison.of(engine, random);
        complete += outcome.complete() ? 1 : 0;
        if (!outcome.misfits().isEmpty()) {
          failures.add("seed " + seed + " (" + SavedCase.save(random) + "): " + outcome.misfits());
        }
      }
    }
    assertEquals(List.of(), failures);
    System.out.printf(
        "%d random networks against libtorch, %d with gradients%n", NETWORKS, complete);
    // The others are on a kink, or rounding magnified: they must stay few.
    assertTrue(NETWORKS < 50 || complete > NETWORKS / 2, complete + " of " + NETWORKS);
  }
}
