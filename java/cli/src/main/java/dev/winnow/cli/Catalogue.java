package dev.winnow.cli;

import dev.winnow.cli.score.ScoreSettings;
import dev.winnow.space.SearchSpace;
import dev.winnow.table.AccuracyColumn;
import dev.winnow.table.KnownTables;
import dev.winnow.table.TableMapping;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Names and one-line descriptions of what the command line offers. */
final class Catalogue {
  /** Something that can be named on the command line. */
  record Entry(String name, String description) {}

  static final List<Entry> METHODS =
      List.of(
          new Entry("te-nas", "prunes a supernet by NTK condition number and linear regions"),
          new Entry("random", "scores random cells alone; the baseline of every table"));

  /** Methods of the design whose issue comes later; naming one is answered, not unknown. */
  static final List<String> PLANNED_METHODS =
      List.of("zero-cost-pt", "single-darts", "darts", "evolution");

  static final List<Entry> SCORES =
      ScoreSettings.DESCRIPTIONS.entrySet().stream()
          .map(score -> new Entry(score.getKey(), score.getValue()))
          .toList();

  static final List<Entry> DATA =
      List.of(
          new Entry("generated", "smooth 1/f noise from the seed; the default, needs no download"),
          new Entry("cifar10:DIR", "CIFAR-10, binary or Python batches"),
          new Entry("cifar100:DIR", "CIFAR-100, binary or Python batches"),
          new Entry("imagenet16:DIR", "ImageNet16-120 batches"));

  private Catalogue() {}

  /** A space, the data sets that its tables cover, and these tables. */
  record Space(String name, long size, String example, List<String> dataSets, List<Table> tables) {}

  /** A published table and what its columns of accuracies hold. */
  record Table(String name, String file, String sha256, List<String> accuracies) {}

  /** The spaces, by name. */
  static List<Space> spaces() {
    List<Space> spaces = new ArrayList<>();
    for (SearchSpace space : Spaces.all()) {
      List<Table> tables = new ArrayList<>();
      Set<String> dataSets = new LinkedHashSet<>();
      for (TableMapping mapping : KnownTables.ofSpace(space.name())) {
        List<AccuracyColumn> columns = mapping.accuracyColumns();
        columns.forEach(column -> column.dataset().ifPresent(dataSets::add));
        tables.add(
            new Table(
                mapping.name(),
                mapping.file(),
                mapping.sha256(),
                columns.stream().map(AccuracyColumn::describe).toList()));
      }
      spaces.add(
          new Space(space.name(), space.size(), space.example(), List.copyOf(dataSets), tables));
    }
    return spaces;
  }

  /** Everything, for {@code --json}. */
  static Map<String, Object> asMap() {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("spaces", spaces());
    all.put("methods", METHODS);
    all.put("scores", SCORES);
    all.put("data", DATA);
    return all;
  }
}
