package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.winnow.compute.Engine;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Tests on an engine of one thread, which is open while those of a class run. */
abstract class OnOneThread {
  static Engine engine;

  @BeforeAll
  static void open() {
    engine = NativeEngine.open("cpu", 1);
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  /** A caller's mistake is refused in these words. */
  static void assertMistake(String expected, Runnable mistake) {
    assertEquals(expected, assertThrows(IllegalArgumentException.class, mistake::run).getMessage());
  }
}
