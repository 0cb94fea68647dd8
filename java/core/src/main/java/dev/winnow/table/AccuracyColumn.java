package dev.winnow.table;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a column of accuracies holds, as far as its name says. Columns are never merged: another
 * split, another number of epochs or another choice of runs is another column.
 *
 * @param name the column's, for example {@code c10_test_200_mean}
 * @param dataset for example {@code CIFAR-10}
 * @param split what was classified: {@code test} or {@code valid}
 * @param epochs of training
 * @param runs what the number is of several trainings: {@code mean} or {@code one seed}
 */
public record AccuracyColumn(
    String name,
    Optional<String> dataset,
    Optional<String> split,
    OptionalInt epochs,
    Optional<String> runs) {

  private static final Map<String, String> DATASETS =
      Map.ofEntries(
          Map.entry("c10", "CIFAR-10"),
          Map.entry("cifar10", "CIFAR-10"),
          Map.entry("c100", "CIFAR-100"),
          Map.entry("cifar100", "CIFAR-100"),
          Map.entry("in16", "ImageNet16-120"),
          Map.entry("imagenet16", "ImageNet16-120"));

  private static final Map<String, String> SPLITS =
      Map.of("test", "test", "valid", "valid", "val", "valid");

  private static final Map<String, String> RUNS = Map.of("mean", "mean", "oneseed", "one seed");

  /**
   * Reads a name made of known words joined by {@code _}: data set, split, epochs, runs, each at
   * most once and in any order, beside {@code acc} or {@code accuracy}. Empty when a word is
   * unknown, when the split is missing, or when neither a data set nor {@code acc} says that the
   * numbers are accuracies.
   */
  public static Optional<AccuracyColumn> parse(String name) {
    Map<String, String> found = new HashMap<>();
    for (String word : name.split("_", -1)) {
      String kind;
      String meaning;
      if (DATASETS.containsKey(word)) {
        kind = "dataset";
        meaning = DATASETS.get(word);
      } else if (SPLITS.containsKey(word)) {
        kind = "split";
        meaning = SPLITS.get(word);
      } else if (RUNS.containsKey(word)) {
        kind = "runs";
        meaning = RUNS.get(word);
      } else if (word.matches("[1-9][0-9]{0,4}")) {
        kind = "epochs";
        meaning = word;
      } else if (word.equals("acc") || word.equals("accuracy")) {
        kind = "accuracy";
        meaning = word;
      } else {
        return Optional.empty();
      }
      if (found.put(kind, meaning) != null) {
        return Optional.empty();
      }
    }
    if (!found.containsKey("split")
        || !(found.containsKey("dataset") || found.containsKey("accuracy"))) {
      return Optional.empty();
    }
    String epochs = found.get("epochs");
    return Optional.of(
        new AccuracyColumn(
            name,
            Optional.ofNullable(found.get("dataset")),
            Optional.of(found.get("split")),
            epochs == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(epochs)),
            Optional.ofNullable(found.get("runs"))));
  }

  /** A column of which only the name is known. */
  static AccuracyColumn named(String name) {
    return parse(name)
        .orElseGet(
            () ->
                new AccuracyColumn(
                    name,
                    Optional.empty(),
                    Optional.empty(),
                    OptionalInt.empty(),
                    Optional.empty()));
  }

  /** For a reader, for example {@code CIFAR-10 test accuracy, 200 epochs, mean}; else the name. */
  public String describe() {
    if (split.isEmpty()) {
      return name;
    }
    StringBuilder text = new StringBuilder();
    dataset.ifPresent(d -> text.append(d).append(' '));
    text.append(split.get()).append(" accuracy");
    epochs.ifPresent(e -> text.append(", ").append(e).append(" epochs"));
    runs.ifPresent(r -> text.append(", ").append(r));
    return text.toString();
  }
}
