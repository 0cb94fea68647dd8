package dev.winnow.cli.search;

import static dev.winnow.cli.config.Setting.Type.NUMBER;
import static dev.winnow.cli.config.Setting.Type.TEXT;
import static dev.winnow.cli.config.Setting.Type.WHOLE_NUMBER;

import dev.winnow.cli.config.Setting;
import dev.winnow.search.Mode;
import dev.winnow.search.RandomSearchOptions;
import dev.winnow.search.TeNasOptions;
import dev.winnow.space.CellSpace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The keys of a search's configuration and their defaults. */
public final class SearchSettings {
  static final String TE_NAS = "te-nas";
  static final String RANDOM = "random";

  /** The methods there are. */
  public static final List<String> METHODS = List.of(TE_NAS, RANDOM);

  /** Of the images that defaults are for: all that can be opened have at most 120. */
  private static final int CLASSES = 10;

  private static final List<Setting> COMMON =
      List.of(
          Setting.oneOf("method", "what searches", TE_NAS, RANDOM),
          Setting.of("space", TEXT, "search space"),
          Setting.of("seed", WHOLE_NUMBER, "root seed of everything random"),
          Setting.of(
              "data",
              TEXT,
              "images: generated, generated:16, cifar10:DIR, cifar100:DIR or imagenet16:DIR"),
          Setting.of(
              "table",
              TEXT,
              "benchmark table (CSV, may be gzipped) that gives the found cell's accuracy and rank;"
                  + " plays no part in the search"),
          Setting.of(
              "tableArchitecture",
              TEXT,
              "the table's column of architectures; without it the one of a usual name (arch_str,"
                  + " arch, architecture)"),
          Setting.of(
              "tableAccuracies",
              TEXT,
              "the table's columns of accuracies, joined by commas; without it all whose names say"
                  + " so (c10_test_200_mean, …)"));

  private static final List<Setting> PRUNING =
      List.of(
          Setting.oneOf(
              "mode",
              "released: the authors' program, quirks included; paper: the paper's text; winnow:"
                  + " common random numbers, repeats until the decision is stable",
              "winnow",
              "released",
              "paper"),
          Setting.oneOf(
              "baseline", "a search to run after this one and show beside it", "none", RANDOM),
          Setting.of("channels", WHOLE_NUMBER, "channels C of the first stage of the NTK network"),
          Setting.of("cellsPerStage", WHOLE_NUMBER, "cells N of a stage of the NTK network"),
          Setting.of("stages", WHOLE_NUMBER, "stages (resolutions) of the NTK network"),
          Setting.of(
              "repeats",
              WHOLE_NUMBER,
              "evaluations of each candidate; in mode winnow the number it starts with"),
          Setting.of("pruneNumber", WHOLE_NUMBER, "operations removed from an edge in a round"),
          Setting.of(
              "decimals",
              WHOLE_NUMBER,
              "decimals of a change and significant digits of its sort key; only mode released"
                  + " rounds"),
          Setting.of(
              "budget",
              WHOLE_NUMBER,
              "NTK evaluations of the whole search at most; only mode winnow adds repeats"),
          Setting.of(
              "stability",
              NUMBER,
              "share (0 to 1) of bootstrap resamples that must prune the same operations before a"
                  + " round is decided; only mode winnow"),
          Setting.of("resamples", WHOLE_NUMBER, "bootstrap resamples; only mode winnow"));

  private static final List<Setting> SCORES =
      List.of(
          Setting.of("ntk.batch", WHOLE_NUMBER, "images of one NTK"),
          Setting.of("regions.patchSide", WHOLE_NUMBER, "height and width of a patch, in pixels"),
          Setting.of("regions.batch", WHOLE_NUMBER, "patches that share batch statistics"),
          Setting.of("regions.batches", WHOLE_NUMBER, "batches of one region count"));

  private static final List<Setting> SAMPLING =
      List.of(
          Setting.of("random.networks", WHOLE_NUMBER, "architectures that a random search scores"),
          Setting.of("random.repeats", WHOLE_NUMBER, "evaluations of each of them"));

  private SearchSettings() {}

  /** Keys of a method. */
  public static List<Setting> of(String method) {
    List<Setting> all = new ArrayList<>(COMMON);
    if (method.equals(TE_NAS)) {
      all.addAll(PRUNING);
    }
    all.addAll(SCORES);
    all.addAll(SAMPLING);
    return all;
  }

  /** Keys of all methods. */
  static List<Setting> all() {
    return of(TE_NAS);
  }

  /** Default of every key of a method that has one. */
  public static Map<String, String> defaults(String method, Mode mode, CellSpace space) {
    TeNasOptions options = TeNasOptions.of(mode, space, CLASSES);
    RandomSearchOptions random = RandomSearchOptions.of(space, 0);
    Map<String, String> values = new LinkedHashMap<>();
    values.put("method", method);
    values.put("space", space.name());
    values.put("seed", Long.toString(options.seed()));
    values.put("data", "generated");
    if (method.equals(TE_NAS)) {
      values.put("mode", mode.label());
      values.put("baseline", "none");
      values.put("channels", Integer.toString(options.channels()));
      values.put("cellsPerStage", Integer.toString(options.cellsPerStage()));
      values.put("stages", Integer.toString(options.stages()));
      values.put("repeats", Integer.toString(options.repeats()));
      values.put("pruneNumber", Integer.toString(options.pruneNumber()));
      values.put("decimals", Integer.toString(options.decimals()));
      values.put("budget", Integer.toString(options.budget()));
      values.put("stability", Double.toString(options.stability()));
      values.put("resamples", Integer.toString(options.resamples()));
    }
    values.put("ntk.batch", Integer.toString(options.ntkBatch()));
    values.put("regions.patchSide", Integer.toString(options.patchSide()));
    values.put("regions.batch", Integer.toString(options.regionBatch()));
    values.put("regions.batches", Integer.toString(options.regionBatches()));
    values.put("random.networks", Integer.toString(random.networks()));
    values.put("random.repeats", Integer.toString(random.repeats()));
    return values;
  }
}
