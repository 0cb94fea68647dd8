/**
 * The report of a run: one HTML file with inline drawings. The drawings are written as SVG text
 * here and not by a chart library, because those draw through AWT, whose fonts a headless server or
 * a reduced Java runtime does not have.
 */
package dev.winnow.cli.report;
