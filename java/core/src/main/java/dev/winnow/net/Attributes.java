package dev.winnow.net;

/**
 * Ranges of an operation's attributes: the rules and words of {@code native/network/decoder.cc}.
 */
final class Attributes {
  private Attributes() {}

  static void check(Operation operation, Place where) {
    if (operation instanceof Operation.Convolution c) {
      range(c.outputs(), 1, where, " out channels");
      range(c.kernel(), 1, where, " kernel");
      range(c.stride(), 1, where, " stride");
      range(c.padding(), 0, where, " padding");
      range(c.dilation(), 1, where, " dilation");
      range(c.groups(), 1, where, " groups");
    } else if (operation instanceof Operation.BatchNorm norm) {
      if (!(norm.epsilon() > 0 && Double.isFinite(norm.epsilon()))) {
        throw new IllegalArgumentException(
            where + " epsilon must be > 0 but was " + norm.epsilon());
      }
      if (!(norm.momentum() >= 0 && norm.momentum() <= 1)) {
        throw new IllegalArgumentException(
            where + " momentum must be in [0, 1] but was " + norm.momentum());
      }
    } else if (operation instanceof Operation.Relu relu) {
      notNegative(relu.cap(), where, " cap");
    } else if (operation instanceof Operation.AveragePool pool) {
      pool(pool.kernel(), pool.stride(), pool.padding(), where);
    } else if (operation instanceof Operation.MaxPool pool) {
      pool(pool.kernel(), pool.stride(), pool.padding(), where);
    } else if (operation instanceof Operation.Linear linear) {
      range(linear.outputs(), 1, where, " out features");
    } else if (operation instanceof Operation.Zero zero) {
      range(zero.stride(), 1, where, " stride");
    } else if (operation instanceof Operation.PadCrop pad) {
      for (int side : new int[] {pad.top(), pad.bottom(), pad.left(), pad.right()}) {
        range(side, -ShapeInference.MAX_SIDE, where, " pad");
      }
    } else if (operation instanceof Operation.Noise noise) {
      notNegative(noise.deviation(), where, " standard deviation");
    }
  }

  private static void pool(Pair kernel, Pair stride, Pair padding, Place where) {
    range(kernel, 1, where, " kernel");
    range(stride, 1, where, " stride");
    range(padding, 0, where, " padding");
    // More padding would leave windows without a single cell of the image.
    if (padding.height() > kernel.height() / 2 || padding.width() > kernel.width() / 2) {
      throw new IllegalArgumentException(where + " padding must be at most half the kernel");
    }
  }

  private static void range(Pair pair, int low, Place where, String what) {
    range(pair.height(), low, where, what, " height");
    range(pair.width(), low, where, what, " width");
  }

  private static void range(int value, int low, Place where, String what) {
    range(value, low, where, what, "");
  }

  private static void range(int value, int low, Place where, String what, String side) {
    if (value < low || value > ShapeInference.MAX_SIDE) {
      throw new IllegalArgumentException(
          where
              + what
              + side
              + " must be in ["
              + low
              + ", "
              + ShapeInference.MAX_SIDE
              + "] but was "
              + value);
    }
  }

  private static void notNegative(double value, Place where, String what) {
    if (!(value >= 0 && Double.isFinite(value))) {
      throw new IllegalArgumentException(
          where + what + " must be >= 0 and finite but was " + value);
    }
  }
}
