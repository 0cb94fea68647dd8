package dev.winnow.net;

import java.util.List;

/**
 * Shape of a node from those of its inputs: the rules and words of {@code
 * native/network/shapes.cc}.
 */
final class ShapeInference {
  static final int MAX_SIDE = 1 << 20;
  static final long MAX_ELEMENTS = 1L << 40;

  private ShapeInference() {}

  static Shape infer(Operation operation, List<Shape> inputs, Place where) {
    requireInputs(operation, inputs.size(), where);
    if (operation instanceof Operation.Input input) {
      Shape s = input.shape();
      return shape(s.channels(), s.height(), s.width(), where);
    }
    Shape first = inputs.get(0);
    long channels = first.channels();
    long height = first.height();
    long width = first.width();
    if (operation instanceof Operation.Convolution c) {
      if (channels % c.groups() != 0 || c.outputs() % c.groups() != 0) {
        throw new IllegalArgumentException(
            where
                + ": groups "
                + c.groups()
                + " must divide "
                + channels
                + " input and "
                + c.outputs()
                + " output channels");
      }
      channels = c.outputs();
      Pair kernel = c.kernel();
      Pair stride = c.stride();
      Pair padding = c.padding();
      Pair dilation = c.dilation();
      height =
          windows(
              height, kernel.height(), stride.height(), padding.height(), dilation.height(), where);
      width =
          windows(width, kernel.width(), stride.width(), padding.width(), dilation.width(), where);
    } else if (operation instanceof Operation.AveragePool p) {
      height =
          windows(height, p.kernel().height(), p.stride().height(), p.padding().height(), 1, where);
      width = windows(width, p.kernel().width(), p.stride().width(), p.padding().width(), 1, where);
    } else if (operation instanceof Operation.MaxPool p) {
      height =
          windows(height, p.kernel().height(), p.stride().height(), p.padding().height(), 1, where);
      width = windows(width, p.kernel().width(), p.stride().width(), p.padding().width(), 1, where);
    } else if (operation instanceof Operation.WeightedSum) {
      for (int k = 1; k < inputs.size(); k++) {
        if (!inputs.get(k).equals(first)) {
          throw different(k, inputs, where);
        }
      }
    } else if (operation instanceof Operation.Concat) {
      for (int k = 1; k < inputs.size(); k++) {
        Shape next = inputs.get(k);
        if (next.height() != height || next.width() != width) {
          throw different(k, inputs, where);
        }
        channels += next.channels();
      }
    } else if (operation instanceof Operation.GlobalAveragePool) {
      height = 1;
      width = 1;
    } else if (operation instanceof Operation.Linear linear) {
      channels = linear.outputs();
      height = 1;
      width = 1;
    } else if (operation instanceof Operation.Zero zero) {
      height = (height + zero.stride().height() - 1) / zero.stride().height();
      width = (width + zero.stride().width() - 1) / zero.stride().width();
    } else if (operation instanceof Operation.PadCrop pad) {
      height += (long) pad.top() + pad.bottom();
      width += (long) pad.left() + pad.right();
    } else if (operation instanceof Operation.ChannelSlice slice) {
      if (slice.first() < 0
          || slice.count() < 1
          || slice.first() > channels
          || slice.count() > channels - slice.first()) {
        throw new IllegalArgumentException(
            where
                + ": channels ["
                + slice.first()
                + ", +"
                + slice.count()
                + ") are not within the input's "
                + channels);
      }
      channels = slice.count();
    }
    // What is left keeps its input's shape: batch norm, ReLU, noise.
    return shape(channels, height, width, where);
  }

  private static void requireInputs(Operation operation, int count, Place where) {
    int low = operation instanceof Operation.Input ? 0 : 1;
    boolean many =
        operation instanceof Operation.WeightedSum || operation instanceof Operation.Concat;
    if (count < low || (!many && count > low)) {
      throw new IllegalArgumentException(
          where + " must have " + low + (many ? " or more" : "") + " inputs but has " + count);
    }
    if (operation instanceof Operation.WeightedSum sum && sum.choices().size() != count) {
      throw new IllegalArgumentException(
          where
              + " must have one choice per input but has "
              + sum.choices().size()
              + " for "
              + count);
    }
  }

  /** {@code floor((side + 2 padding − dilation (kernel − 1) − 1) / stride) + 1}. */
  private static long windows(
      long side, long kernel, long stride, long padding, long dilation, Place where) {
    long room = side + 2 * padding - dilation * (kernel - 1) - 1;
    if (room < 0) {
      throw new IllegalArgumentException(
          where
              + ": kernel "
              + kernel
              + " with dilation "
              + dilation
              + " does not fit into side "
              + side
              + " padded by "
              + padding);
    }
    return room / stride + 1;
  }

  private static Shape shape(long channels, long height, long width, Place where) {
    if (outside(channels) || outside(height) || outside(width)) {
      throw new IllegalArgumentException(
          where
              + " has shape "
              + text(channels, height, width)
              + ": each side must be in [1, "
              + MAX_SIDE
              + "]");
    }
    if (channels * height > MAX_ELEMENTS / width) {
      throw new IllegalArgumentException(
          where + " has shape " + text(channels, height, width) + ": more than 2^40 elements");
    }
    return new Shape((int) channels, (int) height, (int) width);
  }

  private static boolean outside(long side) {
    return side < 1 || side > MAX_SIDE;
  }

  private static String text(long channels, long height, long width) {
    return channels + "x" + height + "x" + width;
  }

  private static IllegalArgumentException different(int k, List<Shape> inputs, Place where) {
    return new IllegalArgumentException(
        where + ": input " + k + " is " + inputs.get(k) + " but input 0 is " + inputs.get(0));
  }
}
