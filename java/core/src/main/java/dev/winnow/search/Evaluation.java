package dev.winnow.search;

import dev.winnow.compute.Parameters;
import dev.winnow.compute.Row;
import dev.winnow.random.Stream;

/**
 * One score of one network that a search asks for. Plain data: images are drawn only when it is
 * really computed, and equal draws are one block of images.
 *
 * @param job key under which the journal knows it, unique in the search
 * @param row the candidate
 * @param parameters its weights
 * @param draw its images, and what noise operations add
 */
record Evaluation(String job, Row row, Parameters parameters, Draw draw) {

  /**
   * Which images of the set.
   *
   * @param stream what shuffles, flips and crops
   * @param number of the first batch in the endless epochs of the stream
   */
  record Draw(Stream stream, long number) {
    /** Where noise operations draw from. */
    Stream noise() {
      return stream.of("noise").of(number);
    }
  }
}
