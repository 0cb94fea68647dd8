package dev.winnow.data;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.Arrays;

/**
 * Batches of an endlessly reshuffled set, numbered from 0 and computed from their number alone: any
 * batch can be had at any time, in any order, by any process.
 */
public final class Shuffle {
  private Shuffle() {}

  /**
   * The indices of a batch. Each epoch is a permutation of the set, drawn by Fisher–Yates from
   * {@code stream.of("epoch").of(epoch)} and cut into {@code size / batchSize} batches; what is
   * left over is dropped, so batches of an epoch are disjoint and none straddles two epochs.
   *
   * <p>Cost: one random number per index up to the end of the batch in its epoch, and {@code
   * 4·size} bytes; about a millisecond for CIFAR-10.
   *
   * @param size of the set
   * @param batchSize in [1, size]
   * @param number of the batch, from 0
   * @throws IllegalArgumentException for an argument out of range
   */
  public static int[] batch(Stream stream, int size, int batchSize, long number) {
    if (batchSize < 1 || batchSize > size) {
      throw new IllegalArgumentException(
          "batch size must be in [1, " + size + "], the number of images, but was " + batchSize);
    }
    if (number < 0) {
      throw new IllegalArgumentException("batch number must be >= 0 but was " + number);
    }
    int perEpoch = size / batchSize;
    Philox random = stream.of("epoch").of(number / perEpoch).generator();
    int first = (int) (number % perEpoch) * batchSize;
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      order[i] = i;
    }
    for (int i = 0; i < first + batchSize; i++) {
      int j = i + random.nextInt(size - i);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return Arrays.copyOfRange(order, first, first + batchSize);
  }
}
