package dev.winnow.cli.search;

/**
 * A benchmark's accuracy of an architecture.
 *
 * @param column name in the table
 * @param description of the column in words
 * @param main whether papers report it: shown to people; {@code --json} has all columns
 * @param value of the architecture, in the table's unit (percent)
 * @param best of all architectures
 * @param rank 1 is best
 * @param rows architectures with a value
 */
public record Accuracy(
    String column,
    String description,
    boolean main,
    double value,
    double best,
    long rank,
    long rows) {}
