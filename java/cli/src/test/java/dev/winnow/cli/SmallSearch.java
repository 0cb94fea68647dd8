package dev.winnow.cli;

import java.util.ArrayList;
import java.util.List;

/** A TE-NAS search of a second: little networks, little batches, no added repeats. */
final class SmallSearch {
  private static final List<String> SETTINGS =
      List.of(
          "channels=2",
          "ntk.batch=4",
          "repeats=2",
          "budget=1",
          "regions.batch=50",
          "regions.batches=1",
          "resamples=20",
          "random.networks=4",
          "random.repeats=2");

  private SmallSearch() {}

  /** Arguments of {@code search te-nas} with these settings, then the given ones. */
  static String[] arguments(String... more) {
    List<String> all = new ArrayList<>(List.of("search", "te-nas", "--data", "generated:16"));
    for (String setting : SETTINGS) {
      all.add("--set");
      all.add(setting);
    }
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
