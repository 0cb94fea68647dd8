package dev.winnow.torch;

import dev.winnow.compute.Row.State;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Operation;
import dev.winnow.net.Pair;
import dev.winnow.net.Shape;
import dev.winnow.random.Stream;
import dev.winnow.torch.RandomCase.Draws;
import java.util.ArrayList;
import java.util.List;

/**
 * Grows a small network node by node, of every operation, with any strides, dilations, groups,
 * sizes and unequal kernels, and edges of candidates as a supernet has them.
 */
final class RandomNetwork {
  /** What a choice of a row may be. */
  static final List<State> STATES = List.of(State.RUN, State.SKIP, State.BLOCK, State.MUTE);

  private static final int LARGEST_SIDE = 12;
  private static final int MOST_CHANNELS = 24;
  private static final int ALWAYS = NetworkGraph.ALWAYS;

  private final Draws draws;
  private final int choices;
  private final NetworkGraph.Builder builder;
  private final List<Integer> open = new ArrayList<>(); // nodes of no choice

  RandomNetwork(Stream stream) {
    draws = new Draws(stream.generator());
    choices = draws.between(0, 8);
    Shape input = new Shape(draws.between(1, 6), draws.between(1, 9), draws.between(1, 9));
    builder = NetworkGraph.builder(input, choices);
    open.add(0);
  }

  NetworkGraph grow() {
    int steps = draws.between(2, 10);
    for (int k = 0; k < steps; k++) {
      step();
    }
    int last = open.get(open.size() - 1);
    if (draws.chance(0.8)) {
      if (draws.chance(0.7)) {
        last = add(new Operation.GlobalAveragePool(), ALWAYS, last);
      }
      last = add(new Operation.Linear(draws.between(1, 5), draws.chance(0.7)), ALWAYS, last);
    }
    return builder.build(last);
  }

  private void step() {
    int input = pick();
    Shape in = builder.shape(input);
    switch (draws.between(0, 16)) {
      case 0, 1, 2 -> grown(add(convolution(in), ALWAYS, input));
      case 3 -> grown(add(norm(), ALWAYS, add(convolution(in), ALWAYS, input)));
      case 4 -> grown(add(norm(), ALWAYS, input));
      case 5 -> grown(add(relu(), ALWAYS, input));
      case 6 -> grown(add(averagePool(in), ALWAYS, input));
      case 7 -> grown(add(maxPool(in), ALWAYS, input));
      case 8 -> concat(input, in);
      case 9 -> {
        List<Integer> inputs = alike(input, true);
        grown(add(new Operation.WeightedSum(nothing(inputs.size())), ALWAYS, array(inputs)));
      }
      case 10 -> pad(input, in);
      case 11 -> {
        int first = draws.between(0, in.channels() - 1);
        int count = draws.between(1, in.channels() - first);
        grown(add(new Operation.ChannelSlice(first, count), ALWAYS, input));
      }
      case 12 -> grown(add(new Operation.Zero(pair(1, 2)), ALWAYS, input));
      case 13 -> grown(add(noise(), ALWAYS, input));
      default -> mixedEdge(input, in);
    }
  }

  /** Candidates on one input and their weighted sum; a choice may serve several edges. */
  private void mixedEdge(int input, Shape in) {
    List<Integer> inputs = new ArrayList<>();
    List<Integer> of = new ArrayList<>();
    int count = draws.between(1, 4);
    for (int k = 0; k < count; k++) {
      int choice = choices == 0 ? ALWAYS : draws.between(ALWAYS, choices - 1);
      inputs.add(candidate(input, in, choice));
      of.add(choice);
    }
    grown(add(new Operation.WeightedSum(of), ALWAYS, array(inputs)));
  }

  private int candidate(int input, Shape in, int choice) {
    return switch (draws.between(0, 6)) {
      case 0 -> {
        int relu = add(relu(), choice, input);
        yield add(norm(), choice, add(same(in, 1), choice, relu));
      }
      case 1 -> {
        int relu = add(relu(), choice, input);
        int depthwise = add(same(in, in.channels()), choice, relu);
        yield add(
            norm(),
            choice,
            add(Operation.Convolution.of(in.channels(), 1, 1, 0), choice, depthwise));
      }
      case 2 -> add(same(in, 1), choice, input);
      case 3 ->
          add(
              new Operation.AveragePool(Pair.of(3), Pair.of(1), Pair.of(1), draws.chance(0.5)),
              choice,
              input);
      case 4 -> add(new Operation.MaxPool(Pair.of(3), Pair.of(1), Pair.of(1)), choice, input);
      case 5 -> {
        boolean instead = draws.chance(0.5); // as in S4
        int source = instead ? add(new Operation.Zero(Pair.of(1)), choice, input) : input;
        yield add(noise(), choice, source);
      }
      default -> input;
    };
  }

  private Operation.Convolution same(Shape in, int groups) {
    Pair dilation = draws.chance(0.6) ? Pair.of(1) : pair(1, 3);
    Pair half = pair(0, 2);
    Pair kernel = new Pair(2 * half.height() + 1, 2 * half.width() + 1);
    Pair padding = new Pair(half.height() * dilation.height(), half.width() * dilation.width());
    return new Operation.Convolution(
        in.channels(), kernel, Pair.of(1), padding, dilation, groups, draws.chance(0.3));
  }

  private Operation.Convolution convolution(Shape in) {
    while (true) {
      int groups = draws.chance(0.3) ? draws.between(1, in.channels()) : 1;
      while (in.channels() % groups != 0) {
        groups--;
      }
      int outputs = groups * draws.between(1, groups == 1 ? 7 : 2);
      Pair dilation = draws.chance(0.7) ? Pair.of(1) : pair(1, 3);
      Operation.Convolution c =
          new Operation.Convolution(
              outputs, pair(1, 5), pair(1, 3), pair(0, 4), dilation, groups, draws.chance(0.3));
      if (outputs <= MOST_CHANNELS
          && fits(
              in.height(),
              c.kernel().height(),
              c.stride().height(),
              c.padding().height(),
              dilation.height())
          && fits(
              in.width(),
              c.kernel().width(),
              c.stride().width(),
              c.padding().width(),
              dilation.width())) {
        return c;
      }
    }
  }

  private Operation averagePool(Shape in) {
    Operation.MaxPool window = maxPool(in);
    return new Operation.AveragePool(
        window.kernel(), window.stride(), window.padding(), draws.chance(0.5));
  }

  private Operation.MaxPool maxPool(Shape in) {
    while (true) {
      Pair kernel = pair(1, 4);
      Pair padding =
          new Pair(draws.between(0, kernel.height() / 2), draws.between(0, kernel.width() / 2));
      Pair stride = pair(1, 3);
      if (fits(in.height(), kernel.height(), stride.height(), padding.height(), 1)
          && fits(in.width(), kernel.width(), stride.width(), padding.width(), 1)) {
        return new Operation.MaxPool(kernel, stride, padding);
      }
    }
  }

  private static boolean fits(int side, int kernel, int stride, int padding, int dilation) {
    int room = side + 2 * padding - dilation * (kernel - 1) - 1;
    return room >= 0 && room / stride + 1 <= LARGEST_SIDE;
  }

  private void concat(int input, Shape in) {
    List<Integer> inputs = alike(input, false);
    int channels = inputs.stream().mapToInt(node -> builder.shape(node).channels()).sum();
    if (channels <= MOST_CHANNELS) {
      grown(add(new Operation.Concat(), ALWAYS, array(inputs)));
    }
  }

  private void pad(int input, Shape in) {
    int[] by = {
      draws.between(-1, 2), draws.between(-1, 2), draws.between(-1, 2), draws.between(-1, 2)
    };
    int height = in.height() + by[0] + by[1];
    int width = in.width() + by[2] + by[3];
    if (height >= 1 && width >= 1 && height <= LARGEST_SIDE && width <= LARGEST_SIDE) {
      grown(add(new Operation.PadCrop(by[0], by[1], by[2], by[3]), ALWAYS, input));
    }
  }

  private Operation norm() {
    return new Operation.BatchNorm(draws.chance(0.8), draws.chance(0.8) ? 1e-5 : 1e-3, 0.1);
  }

  private Operation noise() {
    return new Operation.Noise(draws.chance(0.1) ? 0 : 0.5 * draws.between(1, 3));
  }

  private Operation relu() {
    return new Operation.Relu(draws.chance(0.2) ? 0.75 : 0);
  }

  /** The newest node half of the time, so that networks get deep. */
  private int pick() {
    return draws.chance(0.5) ? open.get(open.size() - 1) : draws.one(open);
  }

  /** Nodes of the same height and width, and channels where asked; some twice. */
  private List<Integer> alike(int first, boolean channels) {
    Shape shape = builder.shape(first);
    List<Integer> found = new ArrayList<>(List.of(first));
    for (int node : open) {
      Shape other = builder.shape(node);
      boolean fits =
          other.height() == shape.height()
              && other.width() == shape.width()
              && (!channels || other.channels() == shape.channels());
      if (fits && found.size() < 4 && draws.chance(0.5)) {
        found.add(node);
      }
    }
    return found;
  }

  private Pair pair(int low, int high) {
    return new Pair(draws.between(low, high), draws.between(low, high));
  }

  private int add(Operation operation, int choice, int... inputs) {
    return builder.add("n" + (next++), operation, choice, inputs);
  }

  private int next = 1;

  private void grown(int node) {
    open.add(node);
  }

  private static List<Integer> nothing(int count) {
    return java.util.Collections.nCopies(count, ALWAYS);
  }

  private static int[] array(List<Integer> nodes) {
    return nodes.stream().mapToInt(Integer::intValue).toArray();
  }
}
