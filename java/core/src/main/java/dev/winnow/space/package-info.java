/**
 * Search spaces: what architectures there are, how they are written, and the networks they stand
 * for. Searches, scores and the command line see a space through {@link
 * dev.winnow.space.SearchSpace}, found by {@link java.util.ServiceLoader}. Larger spaces have
 * packages of their own.
 */
package dev.winnow.space;
