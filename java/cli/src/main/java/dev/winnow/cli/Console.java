package dev.winnow.cli;

import java.io.PrintStream;

/**
 * Where a command prints.
 *
 * @param out the result, for people or, with {@code --json}, one object for machines
 * @param err progress and messages
 * @param interactive whether {@code err} is a terminal; without one no progress is drawn
 */
record Console(PrintStream out, PrintStream err, boolean interactive) {

  /** The process's own streams. */
  static Console ofProcess() {
    // System.console() is null unless stdin and stdout are terminals; a piped result with a visible
    // stderr loses its progress bar by that, which is the quieter mistake.
    return new Console(System.out, System.err, terminal());
  }

  private static boolean terminal() {
    java.io.Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      // Since Java 22 there is a console without a terminal, too, and a method that tells.
      return (boolean) java.io.Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException e) {
      return true;
    }
  }
}
