package dev.winnow.score;

import dev.winnow.compute.Images;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;

/**
 * A training set as scores see it: random inputs, each a pure function of its stream. Thread-safe.
 */
public interface ImageSource {

  /** For provenance, for example {@code cifar10}. */
  String name();

  /** Of one image. */
  Shape shape();

  /** Number of images. */
  int size();

  /** Number of classes; 1 where nothing is labelled. */
  int classes();

  /**
   * Batch {@code number} of endlessly reshuffled epochs, augmented and normalised.
   *
   * @param batch at most {@link #size}
   */
  Images images(Stream stream, int batch, long number);

  /**
   * Batches {@code number … number + batches − 1} of endlessly reshuffled epochs, each image cut to
   * a {@code side × side} patch of one channel, normalised.
   */
  Images patches(Stream stream, int side, int batch, int batches, long number);
}
