package dev.winnow.cli;

import dev.winnow.compute.Engine;

/** Opens the native core. */
final class NativeEngines {
  private NativeEngines() {}

  static Engine open(String device, int threads) {
    throw new IllegalStateException("this build has no native core yet");
  }
}
