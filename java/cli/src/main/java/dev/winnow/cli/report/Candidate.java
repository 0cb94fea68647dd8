package dev.winnow.cli.report;

/**
 * One candidate of a pruning round: an operation of an edge, and what its removal changes.
 *
 * @param edge target and source, for example {@code 2-0}
 * @param operation its name
 * @param kappa change of the NTK condition number
 * @param regions change of the number of linear regions
 * @param rank place in the round's order, 0 is pruned first; −1 while the round is open
 * @param pruned whether the round removed it
 */
public record Candidate(
    String edge, String operation, Estimate kappa, Estimate regions, int rank, boolean pruned) {}
