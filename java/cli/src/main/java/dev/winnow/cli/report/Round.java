package dev.winnow.cli.report;

import java.util.List;

/**
 * One pruning round.
 *
 * @param number from 1
 * @param candidates in the order in which they were scored
 * @param repeats evaluations per candidate
 * @param alive operations left on each edge after the round; empty while it is open
 */
public record Round(
    int number, List<Candidate> candidates, int repeats, List<List<String>> alive) {}
