/**
 * Searches: which networks are scored, on what, and what is decided from the scores. They compute
 * through {@link dev.winnow.compute.Engine} and remember through {@link dev.winnow.search.Journal}.
 */
package dev.winnow.search;
