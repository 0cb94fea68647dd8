package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class NativeEngineTest {
  @Test
  void provenanceNamesDeviceKernelsAndBuild() {
    try (NativeEngine engine = NativeEngine.open("cpu", 2)) {
      Map<String, String> facts = engine.provenance();
      assertTrue(
          facts
              .keySet()
              .containsAll(
                  Set.of("abi", "byte_budget", "commit", "kind", "threads", "variant", "variants")),
          facts.toString());
      assertEquals("cpu", facts.get("kind"));
      assertEquals("2", facts.get("threads"));
      assertTrue(facts.get("variants").contains(facts.get("variant")), facts.toString());
      assertEquals(facts.keySet().stream().sorted().toList(), facts.keySet().stream().toList());
    }
  }

  @Test
  void portableKernelsRunEverywhere() {
    DeviceOptions options = DeviceOptions.of("cpu").withVariant("portable");
    try (NativeEngine engine = NativeEngine.open(options)) {
      assertEquals("portable", engine.provenance().get("variant"));
    }
  }

  @Test
  void messagesNameWhatIsWrong() {
    assertMessage("device must be cpu, cuda or cuda:N but was 'tpu'", DeviceOptions.of("tpu"));
    for (int threads : new int[] {-1, DeviceOptions.MOST_THREADS + 1}) {
      assertMessage(
          "threads must be in [0, " + DeviceOptions.MOST_THREADS + "] but was " + threads,
          DeviceOptions.of("cpu").withThreads(threads));
    }
    assertMessage("but was sse9", DeviceOptions.of("cpu").withVariant("sse9"));
    assertMessage(
        "byte_budget must be >= 0 but was -1", DeviceOptions.of("cpu").withByteBudget(-1));
    assertMessage("index of the cpu must be 0 but was 3", DeviceOptions.of("cpu:3"));
  }

  @Test
  void missingDeviceIsANativeFailureWithCallAndDevice() {
    NativeException e =
        assertThrows(NativeException.class, () -> NativeEngine.open("cuda:9999", 0));
    assertEquals(NativeException.Code.UNSUPPORTED, e.code());
    assertEquals("winnow_device_open", e.call());
    assertEquals("cuda:9999", e.device());
    assertTrue(
        e.getMessage().startsWith("winnow_device_open failed on cuda:9999: "), e.getMessage());
  }

  /** Driver and library are always accounted for; a GPU is usable exactly where it opens. */
  @Test
  void acceleratorsAreWhatOpens() {
    Map<String, String> found = NativeEngine.accelerators();
    assertTrue(found.keySet().containsAll(Set.of("cuda driver", "cuda library")), found.toString());
    assertTrue(found.get("cuda library").contains("libwinnow_cuda.so"), found.toString());
    boolean usable = found.getOrDefault("cuda:0", "").endsWith(": usable");
    try (NativeEngine engine = NativeEngine.open("cuda", 1)) {
      assertTrue(usable, found + " but cuda opens");
      assertEquals("cuda", engine.provenance().get("kind"));
    } catch (NativeException e) {
      assertFalse(usable, e.getMessage() + " but " + found);
      assertEquals(NativeException.Code.UNSUPPORTED, e.code());
    }
  }

  @Test
  void closesTwiceAndRefusesUseAfterwards() {
    NativeEngine engine = NativeEngine.open("cpu", 1);
    engine.close();
    assertDoesNotThrow(engine::close);
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> engine.plan(Networks.linear(2, 1), PlanOptions.batch(2)));
    assertEquals("engine is closed", e.getMessage());
  }

  @Test
  void planThatCannotBeLaidOutLeavesTheEngineUsable() {
    DeviceOptions tiny = DeviceOptions.of("cpu").withThreads(1).withByteBudget(4096);
    try (NativeEngine engine = NativeEngine.open(tiny)) {
      NativeException e =
          assertThrows(
              NativeException.class,
              () -> engine.plan(Networks.supernet().graph(), PlanOptions.batch(64)));
      assertEquals(NativeException.Code.OUT_OF_MEMORY, e.code());
      assertTrue(e.getMessage().contains("4096"), e.getMessage());
      try (Plan plan = engine.plan(Networks.linear(2, 1), PlanOptions.batch(2))) {
        assertEquals(2, plan.options().batch());
      }
    }
  }

  private static void assertMessage(String part, DeviceOptions options) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> NativeEngine.open(options).close());
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }
}
