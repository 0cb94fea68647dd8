package dev.winnow.run;

import dev.winnow.score.Estimate;
import dev.winnow.search.Measure;
import dev.winnow.search.RankedCandidate;
import dev.winnow.search.Round;
import dev.winnow.search.SearchResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * {@code scores.csv}: one line per candidate and round, in order of enumeration. For each score s
 * the columns s (mean), s_se, s_change, s_change_se, s_rank, s_undefined; no value is an empty
 * field.
 */
final class ScoresTable {
  private ScoresTable() {}

  static String of(SearchResult result) {
    StringBuilder text = new StringBuilder();
    CSVFormat format = CSVFormat.DEFAULT.builder().setRecordSeparator("\n").get();
    try (CSVPrinter csv = new CSVPrinter(text, format)) {
      csv.printRecord(header(result));
      for (Round round : result.rounds()) {
        for (RankedCandidate candidate : round.candidates()) {
          csv.printRecord(line(round, candidate));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a StringBuilder never fails
    }
    return text.toString();
  }

  private static List<String> header(SearchResult result) {
    List<String> header = new ArrayList<>(List.of("round", "candidate", "repeats"));
    for (SearchResult.Evaluations evaluations : result.evaluations()) {
      String score = evaluations.score();
      for (String suffix : List.of("", "_se", "_change", "_change_se", "_rank", "_undefined")) {
        header.add(score + suffix);
      }
    }
    header.addAll(List.of("position", "pruned"));
    return header;
  }

  private static List<String> line(Round round, RankedCandidate candidate) {
    List<String> line = new ArrayList<>();
    line.add(Integer.toString(round.number()));
    line.add(candidate.scored().candidate().name());
    line.add(Integer.toString(round.repeats()));
    for (int s = 0; s < candidate.ranks().size(); s++) {
      Measure measure = candidate.scored().measures().get(s);
      add(line, measure.value());
      add(line, measure.change());
      line.add(candidate.ranks().get(s).toString());
      line.add(measure.undefined());
    }
    line.add(Integer.toString(candidate.position()));
    line.add(Boolean.toString(candidate.pruned()));
    return line;
  }

  private static void add(List<String> line, Estimate estimate) {
    line.add(text(estimate.mean()));
    line.add(text(estimate.standardError()));
  }

  private static String text(double number) {
    return Double.isNaN(number) ? "" : Double.toString(number);
  }
}
