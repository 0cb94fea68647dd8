/** The command {@code search}: its configuration, its progress, what it prints. */
package dev.winnow.cli.search;
