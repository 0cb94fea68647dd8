/** Scoring a population of architectures into a CSV file that can be continued. */
package dev.winnow.cli.score;
