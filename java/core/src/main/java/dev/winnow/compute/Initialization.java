package dev.winnow.compute;

import dev.winnow.net.Role;
import java.util.List;

/**
 * A recipe per kind of tensor: distribution, fan and gain. Tensors whose role has no recipe keep
 * their default (running mean 0, running variance 1; anything else unset, which is an error when
 * used).
 *
 * @param name for provenance
 * @param recipes at most one per role
 */
public record Initialization(String name, List<Recipe> recipes) {
  public Initialization {
    recipes = List.copyOf(recipes);
  }

  /**
   * PyTorch's defaults: convolution and linear weights and biases U(−1/√fan_in, 1/√fan_in), norm
   * scale 1, shift 0. What the released TE-NAS program really uses.
   */
  public static final Initialization PYTORCH_DEFAULT =
      new Initialization(
          "pytorch-default",
          List.of(
              new Recipe(Role.CONVOLUTION_WEIGHT, Distribution.UNIFORM, Fan.IN, 1),
              new Recipe(Role.CONVOLUTION_BIAS, Distribution.UNIFORM, Fan.IN, 1),
              new Recipe(Role.LINEAR_WEIGHT, Distribution.UNIFORM, Fan.IN, 1),
              new Recipe(Role.LINEAR_BIAS, Distribution.UNIFORM, Fan.IN, 1),
              new Recipe(Role.NORM_SCALE, Distribution.CONSTANT, Fan.ONE, 1),
              new Recipe(Role.NORM_SHIFT, Distribution.CONSTANT, Fan.ONE, 0)));

  /**
   * Kaiming normal over fan_out with the gain of ReLU, biases 0: what the TE-NAS paper says of NTK
   * networks.
   */
  public static final Initialization KAIMING_FAN_OUT = kaiming("kaiming-fan-out", Fan.OUT);

  /**
   * Kaiming normal over fan_in with the gain of ReLU, biases 0: what the TE-NAS paper says of
   * region networks.
   */
  public static final Initialization KAIMING_FAN_IN = kaiming("kaiming-fan-in", Fan.IN);

  /**
   * N(0, 1) whatever the fan, biases 0, norm scale 1, shift 0: what scores take that are about
   * networks with Gaussian weights.
   */
  public static final Initialization STANDARD_NORMAL = normal("standard-normal", Fan.ONE, 1);

  private static Initialization kaiming(String name, Fan fan) {
    return normal(name, fan, Math.sqrt(2));
  }

  private static Initialization normal(String name, Fan fan, double gain) {
    return new Initialization(
        name,
        List.of(
            new Recipe(Role.CONVOLUTION_WEIGHT, Distribution.NORMAL, fan, gain),
            new Recipe(Role.CONVOLUTION_BIAS, Distribution.CONSTANT, Fan.ONE, 0),
            new Recipe(Role.LINEAR_WEIGHT, Distribution.NORMAL, fan, gain),
            new Recipe(Role.LINEAR_BIAS, Distribution.CONSTANT, Fan.ONE, 0),
            new Recipe(Role.NORM_SCALE, Distribution.CONSTANT, Fan.ONE, 1),
            new Recipe(Role.NORM_SHIFT, Distribution.CONSTANT, Fan.ONE, 0)));
  }

  /** Ordinals are the native core's {@code winnow_distribution}. */
  public enum Distribution {
    /** The gain itself. */
    CONSTANT,
    /** U(−gain/√fan, gain/√fan). */
    UNIFORM,
    /** N(0, gain²/fan). */
    NORMAL
  }

  /** Ordinals are the native core's {@code winnow_fan}. */
  public enum Fan {
    /** 1. */
    ONE,
    /** Inputs of one output; a bias takes its weight's. */
    IN,
    /** Outputs times the kernel's area, not divided by the groups. */
    OUT
  }

  /** How tensors of one role are filled. */
  public record Recipe(Role role, Distribution distribution, Fan fan, double gain) {
    public Recipe {
      if (!Double.isFinite(gain)) {
        throw new IllegalArgumentException("gain of " + role + " must be finite but was " + gain);
      }
    }
  }
}
