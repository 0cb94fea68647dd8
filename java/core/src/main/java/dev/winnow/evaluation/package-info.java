/**
 * How well estimates rank architectures: criteria against true accuracies with intervals and with
 * what random ranking gives, biases, stability, agreement between estimates.
 */
package dev.winnow.evaluation;
