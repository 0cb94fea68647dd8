package dev.winnow.cli.score;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DryRunTest {
  /** Whoever stops early has seen the largest, for the memory, and both ends, for the time. */
  @Test
  void theFirstAreTheLargestAndTheSmallest() {
    Map<String, Long> sizes = Map.of("a", 3L, "b", 9L, "c", 1L, "d", 5L, "e", 4L);
    assertEquals(
        List.of("b", "c", "d", "a", "e"),
        DryRun.fromBothEnds(List.of("a", "b", "c", "d", "e"), sizes));
    assertEquals(List.of("a"), DryRun.fromBothEnds(List.of("a"), sizes));
  }
}
