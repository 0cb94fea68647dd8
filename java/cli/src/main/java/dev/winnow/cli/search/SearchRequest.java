package dev.winnow.cli.search;

import dev.winnow.cli.config.Configuration;
import dev.winnow.cli.config.ConfigurationText;
import dev.winnow.compute.Initialization;
import dev.winnow.data.ImageSet;
import dev.winnow.score.LinearRegionCount;
import dev.winnow.score.NtkConditionNumber;
import dev.winnow.score.Sampling;
import dev.winnow.search.Mode;
import dev.winnow.search.RandomSearch;
import dev.winnow.search.RandomSearchOptions;
import dev.winnow.search.Search;
import dev.winnow.search.TeNas;
import dev.winnow.search.TeNasOptions;
import dev.winnow.space.CellSpace;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A search as it was asked for: every key with its value.
 *
 * @param configuration what was given
 * @param space what is searched
 * @param method its name
 * @param values every key that has a value, defaults included
 */
public record SearchRequest(
    Configuration configuration, CellSpace space, String method, Map<String, String> values) {

  /** What the range checks of the core call a key. */
  private static final Map<String, String> KEYS =
      Map.of(
          "ntkBatch", "ntk.batch",
          "regionBatch", "regions.batch",
          "regionBatches", "regions.batches",
          "patchSide", "regions.patchSide",
          "batch", "regions.batch",
          "batches", "regions.batches",
          "NTK batch", "ntk.batch",
          "networks", "random.networks");

  /** An empty configuration with every key of a search. */
  public static Configuration empty() {
    return new Configuration(SearchSettings.all());
  }

  /**
   * Reads the text that {@link #text} wrote.
   *
   * @param file where it is from, for messages
   */
  public static Configuration read(String text, Path file) throws IOException {
    Configuration configuration = empty();
    configuration.read(new StringReader(text), file);
    return configuration;
  }

  /**
   * Completes a configuration with defaults.
   *
   * @throws IllegalArgumentException for a key that the method does not have
   */
  public static SearchRequest of(Configuration configuration, CellSpace space) {
    String method = configuration.text("method", SearchSettings.TE_NAS);
    Mode mode = Mode.valueOf(configuration.text("mode", "winnow").toUpperCase(Locale.ROOT));
    List<String> known = SearchSettings.of(method).stream().map(setting -> setting.key()).toList();
    Map<String, String> values = SearchSettings.defaults(method, mode, space);
    for (String key : configuration.given()) {
      if (!known.contains(key)) {
        throw new IllegalArgumentException(
            key
                + " is no setting of search "
                + method
                + " ("
                + configuration.place(key)
                + "); it has "
                + String.join(", ", known));
      }
      values.put(key, configuration.get(key).orElseThrow());
    }
    return new SearchRequest(configuration, space, method, values);
  }

  /** Text of {@code config.resolved.yaml}. */
  public String text() {
    return ConfigurationText.of(
        "Every setting of this search. Continue it with: winnow search --resume DIR",
        SearchSettings.of(method),
        values);
  }

  /** The same for the baseline of this search, where one is asked for. */
  public Optional<SearchRequest> baseline() {
    if (!values.getOrDefault("baseline", "none").equals(SearchSettings.RANDOM)) {
      return Optional.empty();
    }
    Configuration random = empty();
    for (var setting : SearchSettings.of(SearchSettings.RANDOM)) {
      String value = values.get(setting.key());
      if (value != null && !setting.key().equals("method")) {
        random.set(setting.key(), value, configuration.place(setting.key()));
      }
    }
    random.set("method", SearchSettings.RANDOM, "baseline");
    return Optional.of(of(random, space));
  }

  /** The source of images, for example {@code cifar10:DIR}. */
  public String data() {
    return values.get("data");
  }

  /** The root seed. */
  public long seed() {
    return Long.parseLong(values.get("seed"));
  }

  /** The benchmark table, where one is given. */
  public Optional<Path> table() {
    return Optional.ofNullable(values.get("table")).map(Path::of);
  }

  /**
   * Opens the benchmark table; one that knows nothing where none is given.
   *
   * @throws IllegalArgumentException for a table that cannot be used, or columns without a table
   */
  public FoundCell.Lookup lookup() throws IOException {
    for (String key : List.of("tableArchitecture", "tableAccuracies")) {
      if (table().isEmpty() && values.containsKey(key)) {
        throw new IllegalArgumentException(
            key + " needs a table (" + configuration.place(key) + ")");
      }
    }
    return table().isEmpty() ? FoundCell.Lookup.NONE : lookup(table().get());
  }

  /** Opens another table with the same columns. */
  public FoundCell.Lookup lookup(Path table) throws IOException {
    return Table.open(table, space, values.get("tableArchitecture"), values.get("tableAccuracies"));
  }

  /** Mode in its command-line form; empty where the method has one only. */
  public String mode() {
    return values.getOrDefault("mode", "");
  }

  /**
   * The search itself.
   *
   * @throws IllegalArgumentException for a value out of range, naming key and place
   */
  public Search search(ImageSet images) {
    try {
      return method.equals(SearchSettings.TE_NAS)
          ? new TeNas(space, images, teNas())
          : random(images);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(e.getMessage() + place(e.getMessage()), e);
    }
  }

  private TeNasOptions teNas() {
    return new TeNasOptions(
        Mode.valueOf(values.get("mode").toUpperCase(Locale.ROOT)),
        seed(),
        integer("channels"),
        integer("cellsPerStage"),
        integer("stages"),
        integer("ntk.batch"),
        integer("regions.batch"),
        integer("regions.batches"),
        integer("regions.patchSide"),
        integer("repeats"),
        integer("pruneNumber"),
        integer("decimals"),
        integer("budget"),
        Double.parseDouble(values.get("stability")),
        integer("resamples"));
  }

  private Search random(ImageSet images) {
    return new RandomSearch(
        space,
        images,
        new RandomSearchOptions(seed(), integer("random.networks"), integer("random.repeats")),
        List.of(
            new NtkConditionNumber(integer("ntk.batch"), Initialization.KAIMING_FAN_OUT),
            new LinearRegionCount(
                new Sampling(
                    Sampling.Kind.PATCHES, integer("regions.batch"), integer("regions.batches")),
                integer("regions.patchSide"),
                Initialization.KAIMING_FAN_IN)));
  }

  private int integer(String key) {
    return configuration.integer(key, Integer.parseInt(values.get(key)));
  }

  /** Where the key that a range check complains of was written. */
  private String place(String message) {
    String name = message.replaceFirst("(?s) must be .*", "");
    String key =
        name.equals("repeats") && !method.equals(SearchSettings.TE_NAS)
            ? "random.repeats"
            : KEYS.getOrDefault(name, name);
    return values.containsKey(key) ? " (" + key + ", " + configuration.place(key) + ")" : "";
  }
}
