/**
 * The command line: reads arguments and files, calls the core, prints results. No method of a
 * search or score lives here, so whatever a command does can be done from Java as well.
 */
package dev.winnow.cli;
