package dev.winnow.net;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collections;
import java.util.List;

/** The operations' names and fields in {@link NetworkJson}; what equals its default is left out. */
final class OperationJson {
  private static final List<String> NAMES =
      List.of(
          "convolution",
          "batch-norm",
          "relu",
          "average-pool",
          "max-pool",
          "weighted-sum",
          "concat",
          "global-average-pool",
          "linear",
          "zero",
          "pad-crop",
          "channel-slice",
          "noise");

  private OperationJson() {}

  static Operation read(JsonFields f, int inputs) {
    String name = f.text("operation");
    return switch (name) {
      case "convolution" ->
          new Operation.Convolution(
              f.integer("outputs"),
              f.pair("kernel"),
              f.pair("stride", 1),
              f.pair("padding", 0),
              f.pair("dilation", 1),
              f.integer("groups", 1),
              f.flag("bias", false));
      case "batch-norm" ->
          new Operation.BatchNorm(
              f.flag("affine", true), f.number("epsilon", 1e-5), f.number("momentum", 0.1));
      case "relu" -> new Operation.Relu(f.number("cap", 0));
      case "average-pool" ->
          new Operation.AveragePool(
              f.pair("kernel"),
              f.pair("stride", 1),
              f.pair("padding", 0),
              f.flag("countIncludePad", true));
      case "max-pool" ->
          new Operation.MaxPool(f.pair("kernel"), f.pair("stride", 1), f.pair("padding", 0));
      case "weighted-sum" ->
          new Operation.WeightedSum(f.integers("choices", Collections.nCopies(inputs, -1)));
      case "concat" -> new Operation.Concat();
      case "global-average-pool" -> new Operation.GlobalAveragePool();
      case "linear" -> new Operation.Linear(f.integer("outputs"), f.flag("bias", true));
      case "zero" -> new Operation.Zero(f.pair("stride", 1));
      case "pad-crop" ->
          new Operation.PadCrop(
              f.integer("top", 0),
              f.integer("bottom", 0),
              f.integer("left", 0),
              f.integer("right", 0));
      case "channel-slice" -> new Operation.ChannelSlice(f.integer("first", 0), f.integer("count"));
      case "noise" -> new Operation.Noise(f.number("deviation"));
      default ->
          throw f.wrong(
              "operation",
              "must be one of " + String.join(", ", NAMES) + " but was '" + name + "'");
    };
  }

  static String name(Operation operation) {
    StringBuilder name = new StringBuilder();
    for (char c : operation.getClass().getSimpleName().toCharArray()) {
      boolean capital = Character.isUpperCase(c);
      name.append(capital && !name.isEmpty() ? "-" : "").append(Character.toLowerCase(c));
    }
    return name.toString();
  }

  static void write(Operation operation, ObjectNode to) {
    if (operation instanceof Operation.Convolution c) {
      to.put("outputs", c.outputs());
      window(to, c.kernel(), c.stride(), c.padding());
      pair(to, "dilation", c.dilation(), 1);
      integer(to, "groups", c.groups(), 1);
      flag(to, "bias", c.bias(), false);
    } else if (operation instanceof Operation.BatchNorm norm) {
      flag(to, "affine", norm.affine(), true);
      number(to, "epsilon", norm.epsilon(), 1e-5);
      number(to, "momentum", norm.momentum(), 0.1);
    } else if (operation instanceof Operation.Relu relu) {
      number(to, "cap", relu.cap(), 0);
    } else if (operation instanceof Operation.AveragePool pool) {
      window(to, pool.kernel(), pool.stride(), pool.padding());
      flag(to, "countIncludePad", pool.countIncludePad(), true);
    } else if (operation instanceof Operation.MaxPool pool) {
      window(to, pool.kernel(), pool.stride(), pool.padding());
    } else if (operation instanceof Operation.WeightedSum sum) {
      if (sum.choices().stream().anyMatch(choice -> choice != NetworkGraph.ALWAYS)) {
        ArrayNode choices = to.putArray("choices");
        sum.choices().forEach(choices::add);
      }
    } else if (operation instanceof Operation.Linear linear) {
      to.put("outputs", linear.outputs());
      flag(to, "bias", linear.bias(), true);
    } else if (operation instanceof Operation.Zero zero) {
      pair(to, "stride", zero.stride(), 1);
    } else if (operation instanceof Operation.PadCrop pad) {
      integer(to, "top", pad.top(), 0);
      integer(to, "bottom", pad.bottom(), 0);
      integer(to, "left", pad.left(), 0);
      integer(to, "right", pad.right(), 0);
    } else if (operation instanceof Operation.ChannelSlice slice) {
      integer(to, "first", slice.first(), 0);
      to.put("count", slice.count());
    } else if (operation instanceof Operation.Noise noise) {
      to.put("deviation", noise.deviation());
    }
  }

  private static void window(ObjectNode to, Pair kernel, Pair stride, Pair padding) {
    pair(to, "kernel", kernel, -1);
    pair(to, "stride", stride, 1);
    pair(to, "padding", padding, 0);
  }

  private static void pair(ObjectNode to, String key, Pair pair, int otherwise) {
    if (pair.height() != pair.width()) {
      to.putArray(key).add(pair.height()).add(pair.width());
    } else {
      integer(to, key, pair.height(), otherwise);
    }
  }

  private static void integer(ObjectNode to, String key, int value, int otherwise) {
    if (value != otherwise) {
      to.put(key, value);
    }
  }

  private static void number(ObjectNode to, String key, double value, double otherwise) {
    if (value != otherwise) {
      to.put(key, value);
    }
  }

  private static void flag(ObjectNode to, String key, boolean value, boolean otherwise) {
    if (value != otherwise) {
      to.put(key, value);
    }
  }
}
