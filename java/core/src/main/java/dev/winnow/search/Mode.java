package dev.winnow.search;

import java.util.Locale;

/** Whose TE-NAS it is. */
public enum Mode {
  /** The authors' program, quirks included. */
  RELEASED,
  /** The paper's text where it differs from the program. */
  PAPER,
  /** Winnow's own: common random numbers, repeats until the decision is stable. */
  WINNOW;

  /** As on the command line: lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
