package dev.winnow.space.darts;

import static dev.winnow.space.darts.DartsOperation.AVG_POOL_3X3;
import static dev.winnow.space.darts.DartsOperation.DIL_CONV_3X3;
import static dev.winnow.space.darts.DartsOperation.DIL_CONV_5X5;
import static dev.winnow.space.darts.DartsOperation.MAX_POOL_3X3;
import static dev.winnow.space.darts.DartsOperation.NONE;
import static dev.winnow.space.darts.DartsOperation.SEP_CONV_3X3;
import static dev.winnow.space.darts.DartsOperation.SKIP_CONNECT;

import java.util.List;

/**
 * Space S1 of Zela et al. (2020): on each edge the two operations that DARTS most often favoured
 * there.
 */
public final class DartsS1 extends DartsSpace {
  /** Normal cell, then reduction cell; edges 2-0, 2-1, 3-0 and so on. */
  private static final List<List<DartsOperation>> OPERATIONS =
      List.of(
          List.of(NONE, SKIP_CONNECT, DIL_CONV_3X3),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_5X5),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_5X5),
          List.of(NONE, SKIP_CONNECT, SEP_CONV_3X3),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_3X3),
          List.of(NONE, MAX_POOL_3X3, SKIP_CONNECT),
          List.of(NONE, SKIP_CONNECT, SEP_CONV_3X3),
          List.of(NONE, SKIP_CONNECT, SEP_CONV_3X3),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_3X3),
          List.of(NONE, SKIP_CONNECT, SEP_CONV_3X3),
          List.of(NONE, MAX_POOL_3X3, SKIP_CONNECT),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_3X3),
          List.of(NONE, DIL_CONV_3X3, DIL_CONV_5X5),
          List.of(NONE, DIL_CONV_3X3, DIL_CONV_5X5),
          List.of(NONE, MAX_POOL_3X3, AVG_POOL_3X3),
          List.of(NONE, MAX_POOL_3X3, DIL_CONV_3X3),
          List.of(NONE, MAX_POOL_3X3, AVG_POOL_3X3),
          List.of(NONE, MAX_POOL_3X3, AVG_POOL_3X3),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_5X5),
          List.of(NONE, MAX_POOL_3X3, AVG_POOL_3X3),
          List.of(NONE, MAX_POOL_3X3, SEP_CONV_3X3),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_3X3),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_5X5),
          List.of(NONE, MAX_POOL_3X3, AVG_POOL_3X3),
          List.of(NONE, MAX_POOL_3X3, AVG_POOL_3X3),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_5X5),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_5X5),
          List.of(NONE, SKIP_CONNECT, DIL_CONV_5X5));

  /** The published restriction. */
  public DartsS1() {
    super(OPERATIONS);
  }

  @Override
  public String name() {
    return "darts-s1";
  }

  /** What Zero-Cost-PT found on CIFAR-10 with seed 0. */
  @Override
  public String example() {
    return "dil_conv_3x3~0;dil_conv_5x5~1;sep_conv_3x3~1;dil_conv_3x3~2;"
        + "sep_conv_3x3~1;sep_conv_3x3~2;sep_conv_3x3~0;"
        + "dil_conv_3x3~4/avg_pool_3x3~0;dil_conv_3x3~1;avg_pool_3x3~1;"
        + "skip_connect~2;sep_conv_3x3~1;dil_conv_3x3~2;dil_conv_5x5~2;"
        + "dil_conv_5x5~4";
  }
}
