package dev.winnow.cli;

import dev.winnow.compute.Engine;

/** Opens the engine that a command computes with; tests put their own in its place. */
@FunctionalInterface
interface EngineOpener {
  /**
   * @param device for example {@code cpu}
   * @param threads number of threads, 0 for as many as this process may use
   */
  Engine open(String device, int threads);
}
