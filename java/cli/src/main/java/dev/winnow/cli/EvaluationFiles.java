package dev.winnow.cli;

import dev.winnow.cli.score.ScoreSettings;
import dev.winnow.evaluation.Measurements;
import dev.winnow.evaluation.ScoresFile;
import dev.winnow.space.NasBench201;
import dev.winnow.space.NasBench201Cell;
import dev.winnow.space.SearchSpace;
import dev.winnow.table.ColumnNames;
import dev.winnow.table.CsvFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** Scores in files, as the command line names them. */
final class EvaluationFiles {
  private static final String NO_SPACE = "none";

  /** A name has two letters side by side, not twice the same: a row of symbols may have that. */
  private static final Pattern NAME = Pattern.compile("([A-Za-z])(?!\\1)[A-Za-z]");

  @Option(
      names = "--scores",
      paramLabel = "FILE",
      required = true,
      description =
          "Scores of 'winnow score', plain or gzipped; may be repeated. Scores of different"
              + " protocols are kept apart, and a score of several protocols is also examined for"
              + " stability.")
  private List<Path> scores;

  @Option(
      names = "--scores-columns",
      paramLabel = "A,B",
      split = ",",
      description = "Read these columns of a file that 'winnow score' did not write.")
  private List<String> scoresColumns;

  @Option(
      names = "--scores-architecture",
      paramLabel = "COLUMN",
      split = ",",
      description =
          "The column, or columns, of architectures of such a file. Default: arch_str, arch or"
              + " architecture.")
  private List<String> scoresArchitecture;

  @Option(
      names = "--where",
      paramLabel = "COLUMN=VALUE",
      description = "Only rows of such a file with this cell; may be repeated.")
  private List<String> where = new ArrayList<>();

  @Option(
      names = "--iso",
      paramLabel = "FORM",
      defaultValue = "flat",
      description =
          "Canonical form by which architectures are the same function: flat, published (of"
              + " NAS-Bench-201's programs, 6,466 classes) or none. Default: ${DEFAULT-VALUE}.")
  private Forms forms;

  @Option(
      names = "--lower",
      paramLabel = "A,B",
      split = ",",
      description =
          "Scores and accuracies (errors) of which lower is better. Default: those of Winnow's"
              + " scores that say so, such as ntk.")
  private Set<String> lower;

  private Optional<SearchSpace> space; // null until it is known

  /** Names of which lower is better. */
  Set<String> lower() {
    return lower == null ? ScoreSettings.lowerIsBetter() : lower;
  }

  /**
   * Refuses a name given as one of which lower is better that nothing has.
   *
   * @param names of scores and accuracies
   */
  void requireLowerAmong(Set<String> names) {
    for (String name : lower == null ? Set.<String>of() : lower) {
      if (!names.contains(name)) {
        throw new UsageException("--lower must be among " + names + " but one was '" + name + "'");
      }
    }
  }

  /** Scores of all files, some perhaps of one name. */
  List<Measurements> scores() throws IOException {
    if (scoresColumns == null && (scoresArchitecture != null || !where.isEmpty())) {
      throw new UsageException("--scores-architecture and --where need --scores-columns");
    }
    Map<String, String> cells = byKey("--where", "COLUMN=VALUE", where);
    List<Measurements> all = new ArrayList<>();
    for (Path file : scores) {
      all.addAll(
          scoresColumns == null
              ? ScoresFile.read(file, notation())
              : ScoresFile.read(
                  file,
                  architectureColumn(file, scoresArchitecture, "--scores-architecture"),
                  scoresColumns,
                  notation(),
                  cells));
    }
    return all;
  }

  /** Options of the form KEY=VALUE, each key once. */
  static Map<String, String> byKey(String option, String form, List<String> given) {
    Map<String, String> byKey = new LinkedHashMap<>();
    for (String each : given) {
      int equals = each.indexOf('=');
      if (equals < 1) {
        throw new UsageException(option + " must be " + form + " but was '" + each + "'");
      }
      String key = each.substring(0, equals);
      if (byKey.putIfAbsent(key, each.substring(equals + 1)) != null) {
        throw new UsageException(option + " names " + key + " twice: " + given);
      }
    }
    return byKey;
  }

  static List<String> header(Path file) throws IOException {
    return CsvFile.read(file, CsvFile::header);
  }

  static List<String> architectureColumn(Path file, List<String> given, String option)
      throws IOException {
    if (given != null) {
      return given;
    }
    List<String> header = header(file);
    List<String> found = ColumnNames.architectures(header);
    if (found.size() != 1) {
      throw new UsageException(
          option + " must name the column of architectures of " + file + "; they are " + header);
    }
    return found;
  }

  UnaryOperator<String> notation() throws IOException {
    Optional<SearchSpace> known = space();
    return known.isEmpty() ? UnaryOperator.identity() : known.get()::notation;
  }

  /** Forms that architectures of the same function share. */
  Optional<Function<String, String>> form() throws IOException {
    Optional<SearchSpace> known = space();
    if (forms == Forms.NONE || known.isEmpty()) {
      return Optional.empty();
    }
    if (forms == Forms.FLAT) {
      return Optional.of(known.get()::canonical);
    }
    if (!(known.get() instanceof NasBench201)) {
      throw new UsageException(
          "--iso published is known of nas-bench-201 but not of " + known.get().name());
    }
    return Optional.of(architecture -> NasBench201Cell.parse(architecture).publishedForm());
  }

  /** Which architectures count as the same function. */
  enum Forms {
    NONE,
    PUBLISHED,
    FLAT
  }

  Optional<SearchSpace> space() throws IOException {
    if (space == null) {
      String name = scoresColumns == null ? recordedSpace() : NO_SPACE;
      space = name.equals(NO_SPACE) ? Optional.empty() : Optional.of(Spaces.named(name));
    }
    return space;
  }

  @Option(
      names = "--space",
      paramLabel = "NAME",
      description =
          "Space that the architectures are of; 'none' compares them as texts. Default: what the"
              + " scores file says, else none.")
  void space(String name) {
    space = name.equals(NO_SPACE) ? Optional.empty() : Optional.of(Spaces.named(name));
  }

  private String recordedSpace() throws IOException {
    return ScoresFile.read(scores.get(0), UnaryOperator.identity())
        .get(0)
        .protocol()
        .getOrDefault("space", NO_SPACE);
  }

  /**
   * The words of a notation, of which one is exchanged by a mutation: what is between punctuation;
   * single characters where these are no names.
   */
  static List<String> words(String architecture) {
    boolean named = NAME.matcher(architecture).find();
    List<String> words = List.of(architecture.split("[^\\w-]+"));
    return named && words.size() > 1 ? words : List.of(architecture.split(""));
  }

  /** Names of the files. */
  String describe() {
    return scores.stream()
        .map(Path::getFileName)
        .map(Path::toString)
        .collect(Collectors.joining(", "));
  }
}
