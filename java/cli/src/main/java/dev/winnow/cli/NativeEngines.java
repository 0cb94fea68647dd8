package dev.winnow.cli;

import dev.winnow.compute.Engine;
import dev.winnow.engine.NativeEngine;

/** Opens the native core. */
final class NativeEngines {
  private NativeEngines() {}

  static Engine open(String device, int threads) {
    return NativeEngine.open(device, threads);
  }
}
