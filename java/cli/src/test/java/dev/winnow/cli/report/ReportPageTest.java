package dev.winnow.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.cli.report.CellDrawing.Edge;
import dev.winnow.cli.report.SpectrumPlot.Spectrum;
import dev.winnow.cli.search.Accuracy;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

class ReportPageTest {
  private static final List<String> EDGES = List.of("1-0", "2-0", "2-1", "3-0", "3-1", "3-2");
  private static final List<String> OPERATIONS =
      List.of("skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3");

  @Test
  void aPageNeedsNoNetwork() throws IOException {
    String page = ReportPage.of(example(true));
    Files.writeString(Path.of("target", "example-report.html"), page);
    assertFalse(page.contains("http:") || page.contains("https:") || page.contains("src="), page);
    assertTrue(page.contains("Found cell"));
    assertTrue(page.contains("Spectrum of the tangent kernel"));
  }

  @Test
  void aPartialRunSaysSoAndHasNoCell() {
    String page = ReportPage.of(example(false));
    assertTrue(page.contains("has not finished"));
    assertFalse(page.contains("Found cell"));
  }

  /** Of a cell that may do without edges, those that it has; of another one {@code none} too. */
  @Test
  void absentEdgesAreNotDrawn() {
    List<Edge> darts =
        List.of(
            Edge.of("normal.2-0", List.of("sep_conv_3x3")), Edge.of("normal.2-1", List.of("none")));
    assertEquals(new Edge("normal", 0, 2, List.of("sep_conv_3x3")), darts.get(0));
    String drawing = CellDrawing.large(darts);
    assertTrue(drawing.contains("2←0 sep_conv_3x3"), drawing);
    assertFalse(drawing.contains("2←1"), drawing);
    assertTrue(CellDrawing.large(List.of(Edge.of("2-1", List.of("none")))).contains("2←1 none"));
  }

  @Test
  void drawingsAreWellFormed() throws Exception {
    ReportData data = example(true);
    for (String svg :
        List.of(
            CellDrawing.large(data.cell()),
            CellDrawing.small(data.start()),
            DeltaPlot.of(data.rounds().get(0)),
            SpectrumPlot.of(data.spectra()))) {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    }
  }

  @Test
  void textOfARunCannotBecomeMarkup() {
    assertEquals("&lt;a href=&#39;x&#39;&gt;&amp;&quot;", Svg.escape("<a href='x'>&\""));
  }

  @Test
  void ticksAreRoundAndInside() {
    Axis axis = Axis.linear(-0.23, 0.31, 0, 100);
    assertEquals(List.of(-0.2, 0.0, 0.2), axis.ticks(3).stream().map(t -> t + 0.0).toList());
    Axis log = Axis.logarithmic(0.5, 2000, 100, 0);
    assertEquals(List.of(0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0), log.ticks(6));
    assertEquals(0, log.at(10000), 1e-9);
  }

  private static ReportData example(boolean finished) {
    Philox random = Stream.root(1).of("report").generator();
    List<Edge> start = EDGES.stream().map(name -> Edge.of(name, OPERATIONS)).toList();
    List<Round> rounds = new ArrayList<>();
    List<List<String>> alive = new ArrayList<>();
    EDGES.forEach(name -> alive.add(new ArrayList<>(OPERATIONS)));
    for (int r = 1; r <= 3; r++) {
      List<Candidate> candidates = new ArrayList<>();
      for (int e = 0; e < EDGES.size(); e++) {
        int drop = random.nextInt(alive.get(e).size());
        for (int o = 0; o < alive.get(e).size(); o++) {
          candidates.add(
              new Candidate(
                  EDGES.get(e),
                  alive.get(e).get(o),
                  new Estimate(random.nextDouble() - 0.4, 0.05 + 0.1 * random.nextDouble()),
                  new Estimate(0.4 * random.nextDouble() - 0.2, 0.03 * random.nextDouble()),
                  candidates.size(),
                  o == drop));
        }
        alive.get(e).remove(drop);
      }
      rounds.add(
          new Round(r, candidates, 8, alive.stream().map(left -> List.copyOf(left)).toList()));
    }
    List<Edge> cell = new ArrayList<>();
    for (int e = 0; e < EDGES.size(); e++) {
      cell.add(Edge.of(EDGES.get(e), alive.get(e)));
    }
    double[] first = new double[72];
    double[] last = new double[72];
    for (int i = 0; i < 72; i++) {
      first[i] = 4000 / Math.pow(i + 1, 1.3);
      last[i] = 9000 / Math.pow(i + 1, 1.1);
    }
    return new ReportData(
        "TE-NAS on NAS-Bench-201",
        "mode winnow, seed 0, generated images",
        finished,
        finished ? cell : List.of(),
        "|nor_conv_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|…|",
        new TreeMap<>(Map.of("parameters", "1,073,466", "MACs", "153 M", "time", "61 s")),
        List.of(
            new Accuracy(
                "c10_test_200_mean", "CIFAR-10 test accuracy", true, 93.9, 94.37, 311, 15625)),
        start,
        rounds,
        "Change relative to the network before pruning.",
        List.of(new Spectrum("supernet", first), new Spectrum("found cell", last)),
        List.of(),
        cell,
        List.of(List.of("", "TE-NAS", "random"), List.of("κ", "31.2", "77.1")),
        "mode: winnow\nseed: 0\n",
        "{}");
  }
}
