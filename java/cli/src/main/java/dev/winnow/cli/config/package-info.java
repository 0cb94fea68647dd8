/** Configuration files and {@code --set}: strict keys, with the place of every mistake. */
package dev.winnow.cli.config;
