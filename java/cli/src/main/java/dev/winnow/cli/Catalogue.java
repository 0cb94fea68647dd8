package dev.winnow.cli;

import dev.winnow.space.SearchSpace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
      List.of(
          new Entry("ntk", "condition number of the neural tangent kernel; lower is better"),
          new Entry("regions", "number of linear regions over 3x3 patches; higher is better"),
          new Entry("nwot", "log-determinant of the activation kernel; higher is better"),
          new Entry("params", "number of learned parameters"),
          new Entry("macs", "multiply-accumulates of one image"));

  static final List<Entry> DATA =
      List.of(
          new Entry("generated", "smooth 1/f noise from the seed; the default, needs no download"),
          new Entry("cifar10:DIR", "CIFAR-10, binary or Python batches"),
          new Entry("cifar100:DIR", "CIFAR-100, binary or Python batches"),
          new Entry("imagenet16:DIR", "ImageNet16-120 batches"));

  private Catalogue() {}

  /** Everything, for {@code --json}. */
  static Map<String, Object> asMap() {
    Map<String, Object> all = new LinkedHashMap<>();
    List<Map<String, Object>> spaces = new ArrayList<>();
    for (SearchSpace space : Spaces.all()) {
      spaces.add(Map.of("name", space.name(), "size", space.size(), "example", space.example()));
    }
    all.put("spaces", spaces);
    all.put("methods", METHODS);
    all.put("scores", SCORES);
    all.put("data", DATA);
    return all;
  }
}
