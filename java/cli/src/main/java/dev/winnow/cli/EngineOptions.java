package dev.winnow.cli;

import dev.winnow.compute.Engine;
import dev.winnow.engine.DeviceOptions;
import picocli.CommandLine.Option;

/** Options of every command that computes. */
final class EngineOptions {
  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Threads of the engine, at most "
              + DeviceOptions.MOST_THREADS
              + "; 0 takes as many as this process may use (affinity and container limit). Results"
              + " do not depend on it. Default: ${DEFAULT-VALUE}.")
  private int threads;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "cpu",
      description =
          "Device that computes: cpu, or cuda or cuda:N for an NVIDIA GPU (winnow doctor says which"
              + " there are). Default: ${DEFAULT-VALUE}.")
  private String device;

  Engine open(Session session) {
    if (threads < 0 || threads > DeviceOptions.MOST_THREADS) {
      throw new UsageException(
          "--threads must be in [0, " + DeviceOptions.MOST_THREADS + "] but was " + threads);
    }
    if (!device.matches("cpu|cuda(:\\d{1,4})?")) {
      throw new UsageException("--device must be cpu, cuda or cuda:N but was '" + device + "'");
    }
    return session.engines().open(device, threads);
  }

  int threads() {
    return threads;
  }

  String device() {
    return device;
  }
}
