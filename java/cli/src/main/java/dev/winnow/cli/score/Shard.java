package dev.winnow.cli.score;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a population: every {@code count}-th architecture, beginning with number {@code index}
 * from 0. Parts of one population are equally long, up to one, and cost about the same.
 *
 * @param index in [0, count)
 * @param count in [1, 100000]
 */
public record Shard(int index, int count) {
  /** Everything. */
  public static final Shard WHOLE = new Shard(0, 1);

  private static final int MOST = 100_000;
  private static final Pattern FORM = Pattern.compile("(\\d{1,6})/(\\d{1,6})");

  public Shard {
    if (count < 1 || count > MOST) {
      throw new IllegalArgumentException(
          "the number of shards must be in [1, " + MOST + "] but was " + count);
    }
    if (index < 0 || index >= count) {
      throw new IllegalArgumentException(
          "a shard of " + count + " must be in [0, " + (count - 1) + "] but was " + index);
    }
  }

  /**
   * Reads {@code i/n}.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static Shard parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "a shard must be i/n, such as 0/8 for the first of eight, but was '" + text + "'");
    }
    return new Shard(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
  }

  /** Whether the part holds the architecture of this number, from 0. */
  boolean holds(long number) {
    return number % count == index;
  }

  /** Number of architectures in this part of so many. */
  public long size(long total) {
    return total / count + (index < total % count ? 1 : 0);
  }
}
