package dev.winnow.cli.report;

import dev.winnow.cli.report.CellDrawing.Edge;
import dev.winnow.cli.search.FoundCell;
import dev.winnow.cli.search.SearchRequest;
import dev.winnow.cli.search.SearchRun;
import dev.winnow.cli.search.Significant;
import dev.winnow.run.Provenance;
import dev.winnow.run.RecordedRun;
import dev.winnow.search.Measure;
import dev.winnow.search.RankedCandidate;
import dev.winnow.search.SearchResult;
import dev.winnow.space.CellSpace;
import dev.winnow.space.MixedEdge;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Turns what a run folder holds into what a report shows. */
final class RunReader {
  private static final String NTK = "ntk";
  private static final String REGIONS = "regions";

  private final SearchRequest request;
  private final RecordedRun run;
  private final Optional<RecordedRun> baseline;
  private final FoundCell.Lookup lookup;

  /**
   * @param request of the run
   * @param run the run
   * @param baseline the run beside it
   * @param lookup the benchmark, or none
   */
  RunReader(
      SearchRequest request,
      RecordedRun run,
      Optional<RecordedRun> baseline,
      FoundCell.Lookup lookup) {
    this.request = request;
    this.run = run;
    this.baseline = baseline;
    this.lookup = lookup;
  }

  ReportData data() {
    CellSpace space = request.space();
    Optional<FoundCell> found = run.result().map(result -> cell(run, result));
    boolean pruning = request.method().equals("te-nas");
    return new ReportData(
        (pruning ? "TE-NAS" : "Random search") + " on " + spaceName(space),
        subtitle(),
        run.result().isPresent(),
        found.map(cell -> edges(space, cell.architecture())).orElse(List.of()),
        found.map(FoundCell::architecture).orElse(""),
        facts(found),
        found.map(FoundCell::mainAccuracies).orElse(List.of()),
        pruning ? start(space) : List.of(),
        pruning ? rounds() : List.of(),
        deltaDefinition(),
        spectra(),
        pruning ? List.of() : sampled(),
        otherCell(),
        comparison(found),
        run.configuration(),
        provenance());
  }

  private static String spaceName(CellSpace space) {
    return switch (space.name()) {
      case "nas-bench-201" -> "NAS-Bench-201";
      case "darts" -> "DARTS";
      default -> space.name();
    };
  }

  private String subtitle() {
    List<String> parts = new ArrayList<>();
    if (!request.mode().isEmpty()) {
      parts.add("mode " + request.mode());
    }
    parts.add("seed " + request.seed());
    String data = request.data();
    parts.add(data.startsWith("generated") ? "generated images" : data.replaceFirst(":.*", ""));
    if (run.result().isEmpty()) {
      parts.add(String.format(Locale.ROOT, "%,d evaluations so far", run.evaluations().size()));
    }
    return String.join(" · ", parts);
  }

  private Map<String, String> facts(Optional<FoundCell> found) {
    Map<String, String> facts = new LinkedHashMap<>();
    found.ifPresent(
        cell -> {
          facts.put("parameters", String.format(Locale.ROOT, "%,d", cell.parameters()));
          facts.put("MACs of an image", String.format(Locale.ROOT, "%,d", cell.macs()));
        });
    run.result()
        .ifPresent(
            result ->
                result
                    .evaluations()
                    .forEach(
                        e ->
                            facts.put(
                                "evaluations of " + name(e.score()),
                                String.format(Locale.ROOT, "%,d", e.networks()))));
    return facts;
  }

  private static String name(String score) {
    return switch (score) {
      case NTK -> "κ";
      case REGIONS -> "R";
      default -> score;
    };
  }

  private FoundCell cell(RecordedRun of, SearchResult result) {
    Map<String, String> facts = of.sessions().isEmpty() ? Map.of() : of.sessions().get(0).facts();
    return FoundCell.of(
        request.space(),
        result.architecture(),
        Integer.parseInt(facts.getOrDefault(SearchRun.CLASSES, "10")),
        Integer.parseInt(facts.getOrDefault(SearchRun.SIDE, "32")),
        lookup);
  }

  private static List<Edge> edges(CellSpace space, String architecture) {
    int[] chosen = space.parse(architecture);
    List<Edge> edges = new ArrayList<>();
    for (int e = 0; e < chosen.length; e++) {
      MixedEdge edge = space.edges().get(e);
      edges.add(Edge.of(edge.name(), List.of(edge.operations().get(chosen[e]))));
    }
    return edges;
  }

  /** What the first round could prune, and so the operations it began with. */
  private List<Edge> start(CellSpace space) {
    if (run.rounds().isEmpty()) {
      return List.of();
    }
    Set<String> names =
        run.rounds().get(0).candidates().stream()
            .map(candidate -> candidate.scored().candidate().name())
            .collect(Collectors.toSet());
    List<Edge> edges = new ArrayList<>();
    for (MixedEdge edge : space.edges()) {
      edges.add(
          Edge.of(
              edge.name(),
              edge.operations().stream()
                  .filter(operation -> names.contains(edge.name() + "." + operation))
                  .toList()));
    }
    return edges;
  }

  private List<Round> rounds() {
    List<Round> rounds = new ArrayList<>();
    for (dev.winnow.search.Round round : run.rounds()) {
      rounds.add(
          new Round(
              round.number(),
              round.candidates().stream().map(this::candidate).toList(),
              round.repeats(),
              round.alive()));
    }
    return rounds;
  }

  private Candidate candidate(RankedCandidate ranked) {
    MixedEdge edge = request.space().edges().get(ranked.scored().candidate().edge());
    return new Candidate(
        edge.name(),
        edge.operations().get(ranked.scored().candidate().operation()),
        estimate(ranked.scored().measure(NTK)),
        estimate(ranked.scored().measure(REGIONS)),
        ranked.position(),
        ranked.pruned());
  }

  private static Estimate estimate(Measure measure) {
    return new Estimate(measure.change().mean(), measure.change().standardError());
  }

  private String deltaDefinition() {
    return switch (request.mode()) {
      case "winnow" ->
          "Δκ is ln κ of the network before pruning minus ln κ without the operation; ΔR is the"
              + " share of linear regions that goes with it. All candidates of a repeat share"
              + " weights and images.";
      case "released" ->
          "Δκ and ΔR are the decrease of κ and of the number of linear regions without the"
              + " operation, as a share of the value before pruning, rounded to "
              + request.values().get("decimals")
              + " decimals in each repeat.";
      default ->
          "Δκ and ΔR are the decrease of κ and of the number of linear regions without the"
              + " operation.";
    };
  }

  private List<SpectrumPlot.Spectrum> spectra() {
    return run.result().stream()
        .flatMap(result -> result.spectra().stream())
        .map(
            s ->
                new SpectrumPlot.Spectrum(
                    spectrumName(s.name(), s.eigenvalues()),
                    s.eigenvalues().stream().mapToDouble(Double::doubleValue).toArray()))
        .toList();
  }

  private static String spectrumName(String name, List<Double> ascending) {
    String words =
        switch (name) {
          case "start" -> "supernet";
          case "end" -> "found cell";
          default -> name;
        };
    if (ascending.isEmpty() || ascending.get(0) <= 0) {
      return words;
    }
    return String.format(
        Locale.ROOT, "%s, κ = %.4g", words, ascending.get(ascending.size() - 1) / ascending.get(0));
  }

  /** The architectures of a sampling search, best first; header first. */
  private List<List<String>> sampled() {
    if (run.rounds().isEmpty()) {
      return List.of();
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("place", "architecture", "κ", "± s.e.", "R", "± s.e."));
    run.rounds().get(0).candidates().stream()
        .sorted(Comparator.comparingInt(RankedCandidate::position))
        .forEach(
            c ->
                rows.add(
                    List.of(
                        Integer.toString(c.position() + 1),
                        c.scored().candidate().name(),
                        Significant.digits(c.scored().measure(NTK).value().mean(), 5),
                        Significant.digits(c.scored().measure(NTK).value().standardError(), 2),
                        Significant.digits(c.scored().measure(REGIONS).value().mean(), 5),
                        Significant.digits(
                            c.scored().measure(REGIONS).value().standardError(), 2))));
    return rows;
  }

  private List<Edge> otherCell() {
    return baseline
        .flatMap(RecordedRun::result)
        .map(result -> edges(request.space(), result.architecture()))
        .orElse(List.of());
  }

  private List<List<String>> comparison(Optional<FoundCell> found) {
    if (found.isEmpty() || baseline.isEmpty() || baseline.get().result().isEmpty()) {
      return List.of();
    }
    SearchResult random = baseline.get().result().get();
    FoundCell other = cell(baseline.get(), random);
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("", "TE-NAS", "random search"));
    rows.add(
        List.of(
            "networks scored",
            Integer.toString(
                run.rounds().stream().mapToInt(round -> round.candidates().size()).sum()),
            Integer.toString(random.rounds().get(0).candidates().size())));
    rows.add(List.of("evaluations of κ", evaluations(run), evaluations(baseline.get())));
    rows.add(
        List.of(
            "parameters",
            String.format(Locale.ROOT, "%,d", found.get().parameters()),
            String.format(Locale.ROOT, "%,d", other.parameters())));
    rows.add(
        List.of(
            "MACs of an image",
            String.format(Locale.ROOT, "%,d", found.get().macs()),
            String.format(Locale.ROOT, "%,d", other.macs())));
    for (int i = 0; i < found.get().mainAccuracies().size(); i++) {
      rows.add(
          List.of(
              found.get().mainAccuracies().get(i).description(),
              accuracy(found.get(), i),
              accuracy(other, i)));
    }
    return rows;
  }

  private static String evaluations(RecordedRun run) {
    return run.result().stream()
        .flatMap(result -> result.evaluations().stream())
        .filter(e -> e.score().equals(NTK))
        .findFirst()
        .map(e -> String.format(Locale.ROOT, "%,d", e.networks()))
        .orElse("–");
  }

  private static String accuracy(FoundCell cell, int column) {
    return column < cell.mainAccuracies().size()
        ? String.format(
            Locale.ROOT,
            "%.2f %% (rank %,d)",
            cell.mainAccuracies().get(column).value(),
            cell.mainAccuracies().get(column).rank())
        : "–";
  }

  private String provenance() {
    StringBuilder text = new StringBuilder();
    int number = 1;
    for (Provenance session : run.sessions()) {
      text.append(run.sessions().size() == 1 ? "" : "session " + number++ + "\n");
      session.facts().forEach((k, v) -> text.append(k).append(": ").append(v).append('\n'));
    }
    return text.toString();
  }
}
