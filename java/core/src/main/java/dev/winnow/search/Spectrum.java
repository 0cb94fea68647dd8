package dev.winnow.search;

import java.util.List;

/**
 * Eigenvalues of a neural tangent kernel.
 *
 * @param name of what network, for example {@code start}
 * @param eigenvalues ascending; empty when the kernel was not finite
 */
public record Spectrum(String name, List<Double> eigenvalues) {
  public Spectrum {
    eigenvalues = List.copyOf(eigenvalues);
  }
}
