/**
 * Tables of trained accuracies, read from CSV by column name and asked by architecture. They judge
 * what a search found; no search reads them.
 */
package dev.winnow.table;
