package dev.winnow.cli.report;

import dev.winnow.cli.report.CellDrawing.Edge;
import dev.winnow.cli.report.SpectrumPlot.Spectrum;
import dev.winnow.cli.search.Accuracy;
import java.util.List;
import java.util.Map;

/**
 * What a report shows, read from a run folder. Empty lists and texts leave their section out.
 *
 * @param title method and space
 * @param subtitle mode, seed, data
 * @param finished whether the run has a result
 * @param cell the found cell, one operation per edge
 * @param architecture its notation
 * @param facts names and values beside the drawing
 * @param accuracies from a benchmark table
 * @param start the supernet's edges before the first round
 * @param rounds pruning rounds, the last one perhaps open
 * @param deltaDefinition what Δκ and ΔR are in this mode
 * @param spectra tangent-kernel spectra
 * @param sampled rows of the architectures of a sampling search, header first
 * @param otherCell the cell that random search found
 * @param comparison rows of the comparison with random search, header first
 * @param configuration resolved configuration
 * @param provenance where and with what it ran
 */
record ReportData(
    String title,
    String subtitle,
    boolean finished,
    List<Edge> cell,
    String architecture,
    Map<String, String> facts,
    List<Accuracy> accuracies,
    List<Edge> start,
    List<Round> rounds,
    String deltaDefinition,
    List<Spectrum> spectra,
    List<List<String>> sampled,
    List<Edge> otherCell,
    List<List<String>> comparison,
    String configuration,
    String provenance) {}
