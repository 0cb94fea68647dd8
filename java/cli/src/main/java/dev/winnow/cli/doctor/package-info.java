/** Checks that a machine computes correctly, in a few seconds and without data. */
package dev.winnow.cli.doctor;
