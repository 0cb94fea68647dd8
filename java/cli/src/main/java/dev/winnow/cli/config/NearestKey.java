package dev.winnow.cli.config;

import java.util.Collection;
import java.util.Comparator;

/** Finds what a mistyped word was probably meant to be. */
public final class NearestKey {
  private NearestKey() {}

  /** The candidate with the fewest edits; a key's last part counts as well as the whole. */
  public static String to(String word, Collection<String> candidates) {
    return candidates.stream()
        .min(
            Comparator.<String>comparingInt(candidate -> distance(word, candidate))
                .thenComparing(Comparator.naturalOrder()))
        .orElse("");
  }

  private static int distance(String word, String candidate) {
    String lastPart = candidate.substring(candidate.lastIndexOf('.') + 1);
    return Math.min(edits(word, candidate), edits(word, lastPart));
  }

  /** Levenshtein's distance. */
  private static int edits(String a, String b) {
    int[] previous = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int[] row = new int[b.length() + 1];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        row[j] = Math.min(Math.min(row[j - 1], previous[j]) + 1, previous[j - 1] + change);
      }
      previous = row;
    }
    return previous[b.length()];
  }
}
