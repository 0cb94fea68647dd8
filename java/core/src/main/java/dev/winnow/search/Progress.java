package dev.winnow.search;

/**
 * How far a search is, counted in evaluations of networks.
 *
 * @param round from 1
 * @param rounds known beforehand
 * @param done evaluations of this round
 * @param total evaluations of this round as planned now; grows when repeats are added
 * @param searchDone evaluations of the search
 * @param searchTotal evaluations of the search at most
 * @param recalled how many of {@code searchDone} were answered by the journal: they took no time
 */
public record Progress(
    int round,
    int rounds,
    long done,
    long total,
    long searchDone,
    long searchTotal,
    long recalled) {}
