package dev.winnow.compute;

import dev.winnow.compute.Plan.NormMode;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * One pass over a network: forward, backward too where something enters at the logits, and what is
 * read of it.
 *
 * @param norms statistics; those of a batch are differentiated through
 * @param cotangent what enters; empty where nothing goes back
 * @param readings at least one
 */
public record Pass(Norms norms, Optional<Cotangent> cotangent, Set<Reading<?>> readings) {
  public Pass {
    Objects.requireNonNull(norms, "norms");
    Objects.requireNonNull(cotangent, "cotangent");
    readings = Set.copyOf(readings);
    if (readings.isEmpty()) {
      throw new IllegalArgumentException("a pass of which nothing is read");
    }
    for (Reading<?> reading : readings) {
      if (reading.ofGradients() && cotangent.isEmpty()) {
        throw new IllegalArgumentException(reading + " needs a cotangent");
      }
    }
  }

  /** Nothing goes back. */
  public static Pass forward(NormMode norm, Reading<?>... readings) {
    return new Pass(Norms.all(norm), Optional.empty(), Set.of(readings));
  }

  /** With a cotangent at the logits. */
  public static Pass backward(NormMode norm, Cotangent cotangent, Reading<?>... readings) {
    return new Pass(Norms.all(norm), Optional.of(cotangent), Set.of(readings));
  }

  /**
   * Whether one pass can serve both: the same norms, and the same cotangent or a single one beside
   * a forward pass, which is then the same to the bit.
   */
  public boolean serves(Pass other) {
    return norms.equals(other.norms)
        && (cotangent.equals(other.cotangent)
            || (other.cotangent.isEmpty() && cotangent.orElseThrow().single())
            || (cotangent.isEmpty() && other.cotangent.orElseThrow().single()));
  }

  /**
   * The pass of which both read.
   *
   * @param other one that this {@link #serves}
   */
  public Pass with(Pass other) {
    Set<Reading<?>> all = new HashSet<>(readings);
    all.addAll(other.readings);
    return new Pass(norms, cotangent.or(() -> other.cotangent), all);
  }
}
