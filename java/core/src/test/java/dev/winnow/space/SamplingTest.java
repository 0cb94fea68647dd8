package dev.winnow.space;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.hipparchus.stat.inference.ChiSquareTest;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Samples are uniform over the list of architectures: they fall into equal parts of it equally
 * often, or, where it is too long to hold, each edge has each operation equally often. A sampler
 * that is a little wrong is found out.
 */
class SamplingTest {
  private static final int DRAWS = 20_000;
  private static final int PARTS = 50;
  private static final double LEAST = 0.001;

  static List<SearchSpace> listed() {
    return SpaceLawsTest.spaces().stream().filter(s -> s.size() <= 500_000).toList();
  }

  static List<CellSpace> products() {
    return SpaceLawsTest.spaces().stream()
        .filter(CellSpace.class::isInstance)
        .map(CellSpace.class::cast)
        .filter(space -> space.groups().isEmpty())
        .toList();
  }

  @ParameterizedTest
  @MethodSource("listed")
  void everyPartOfTheListIsDrawnEquallyOften(SearchSpace space) {
    Map<String, Integer> part = new HashMap<>();
    long[] sizes = new long[PARTS];
    Iterator<String> architectures = space.architectures();
    for (long i = 0; architectures.hasNext(); i++) {
      int p = (int) (i * PARTS / space.size());
      part.put(architectures.next(), p);
      sizes[p]++;
    }
    ToIntFunction<String> partOf = part::get;
    Philox random = Stream.root(1).of(space.name()).generator();
    assertTrue(p(sizes, partOf, space::sample, random) > LEAST);
    // One draw in five of the first half is not kept.
    Function<Philox, String> biased =
        r -> {
          String drawn = space.sample(r);
          return part.get(drawn) < PARTS / 2 && r.nextInt(5) == 0 ? space.sample(r) : drawn;
        };
    assertTrue(p(sizes, partOf, biased, random) < LEAST);
  }

  @ParameterizedTest
  @MethodSource("products")
  void everyOperationIsDrawnEquallyOften(CellSpace space) {
    int edges = space.edges().size();
    for (int e = 0; e < edges; e += Math.max(1, edges / 4)) {
      int edge = e;
      long[] sizes = new long[space.edges().get(e).operations().size()];
      Arrays.fill(sizes, 1);
      ToIntFunction<String> operation = architecture -> space.parse(architecture)[edge];
      Philox random = Stream.root(2).of(space.name()).of(e).generator();
      assertTrue(p(sizes, operation, space::sample, random) > LEAST);
      Function<Philox, String> biased =
          r -> {
            String drawn = space.sample(r);
            return operation.applyAsInt(drawn) == 0 && r.nextInt(5) == 0 ? space.sample(r) : drawn;
          };
      assertTrue(p(sizes, operation, biased, random) < LEAST);
    }
  }

  /** Probability of counts at least as uneven as the sampler's. */
  private static double p(
      long[] sizes, ToIntFunction<String> part, Function<Philox, String> sampler, Philox random) {
    long[] counts = new long[sizes.length];
    for (int i = 0; i < DRAWS; i++) {
      counts[part.applyAsInt(sampler.apply(random))]++;
    }
    double[] expected = new double[sizes.length];
    double total = Arrays.stream(sizes).sum();
    for (int i = 0; i < expected.length; i++) {
      expected[i] = DRAWS * sizes[i] / total;
    }
    return new ChiSquareTest().chiSquareTest(expected, counts);
  }
}
