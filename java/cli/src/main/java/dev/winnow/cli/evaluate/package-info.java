/** Evaluations as tables for people and as JSON for machines. */
package dev.winnow.cli.evaluate;
