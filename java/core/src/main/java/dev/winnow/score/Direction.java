package dev.winnow.score;

/** Which of two values of a score is the better one. */
public enum Direction {
  LOWER_IS_BETTER,
  HIGHER_IS_BETTER
}
