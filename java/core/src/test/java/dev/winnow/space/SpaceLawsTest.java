package dev.winnow.space;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds in every space of the list. */
class SpaceLawsTest {
  private static final Shape IMAGE = new Shape(3, 32, 32);

  static List<SearchSpace> spaces() {
    return ServiceLoader.load(SearchSpace.class).stream().map(s -> s.get()).toList();
  }

  private static Philox random(SearchSpace space, String purpose) {
    return Stream.root(7).of(space.name()).of(purpose).generator();
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void theOwnNotationIsReadAsItself(SearchSpace space) {
    Philox random = random(space, "notation");
    assertEquals(space.example(), space.notation(space.example()));
    for (int i = 0; i < 300; i++) {
      String architecture = space.sample(random);
      assertEquals(architecture, space.notation(architecture));
      assertFalse(architecture.matches("(?s).*[,\\s].*"), architecture);
    }
  }

  /** A canonical form that is itself an architecture is its own canonical form. */
  @ParameterizedTest
  @MethodSource("spaces")
  void theCanonicalFormIsOne(SearchSpace space) {
    Philox random = random(space, "canonical");
    for (int i = 0; i < 300; i++) {
      String form = space.canonical(space.sample(random));
      try {
        space.notation(form);
      } catch (IllegalArgumentException e) {
        return; // NAS-Bench-201's is an expression, not a cell
      }
      assertEquals(form, space.canonical(form));
    }
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void mutationStaysInTheSpaceAndReachesManyArchitectures(SearchSpace space) {
    Philox random = random(space, "mutate");
    String architecture = space.example();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 300; i++) {
      String mutated = space.mutate(architecture, random);
      assertNotEquals(architecture, mutated);
      assertEquals(mutated, space.notation(mutated));
      seen.add(mutated);
      architecture = mutated;
    }
    assertTrue(seen.size() > 100, () -> "only " + seen.size());
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void theSameSeedDrawsTheSame(SearchSpace space) {
    Philox one = random(space, "seed");
    Philox two = random(space, "seed");
    for (int i = 0; i < 20; i++) {
      String architecture = space.sample(one);
      assertEquals(architecture, space.sample(two));
      assertEquals(space.mutate(architecture, one), space.mutate(architecture, two));
    }
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void everyArchitectureComesOnce(SearchSpace space) {
    if (space.size() > 50_000) {
      Iterator<String> first = space.architectures();
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < 1000; i++) {
        assertTrue(seen.add(first.next()));
      }
      return;
    }
    Set<String> seen = new HashSet<>();
    space.architectures().forEachRemaining(architecture -> assertTrue(seen.add(architecture)));
    assertEquals(space.size(), seen.size());
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void itsNetworksCanBeBuiltInEverySize(SearchSpace space) {
    Philox random = random(space, "network");
    for (int i = 0; i < 20; i++) {
      String architecture = i == 0 ? space.example() : space.sample(random);
      assertEquals(
          7, classes(space.network(architecture, space.standard(7, IMAGE.height()))), architecture);
      assertEquals(7, classes(space.network(architecture, space.reduced(7, IMAGE))));
      assertEquals(7, classes(space.network(architecture, space.thin(7, new Shape(1, 3, 3)))));
    }
  }

  private static int classes(NetworkGraph graph) {
    return graph.nodes().get(graph.output()).shape().channels();
  }

  /** Also the mixed operations' own weights have the shapes of the stand-alone networks'. */
  @ParameterizedTest
  @MethodSource("spaces")
  void theSupernetHoldsTheStandAloneNetworks(SearchSpace space) {
    if (!(space instanceof CellSpace cells) || space.name().equals("mobilenet")) {
      return; // the published program numbers the layers of a stand-alone MobileNet anew
    }
    NetworkOptions size = space.reduced(7, IMAGE);
    Map<String, List<Integer>> all = new HashMap<>();
    cells.supernet(size).graph().tensors().forEach(t -> all.put(t.name(), t.shape()));
    Philox random = random(space, "supernet");
    for (int i = 0; i < 20; i++) {
      space
          .network(space.sample(random), size)
          .tensors()
          .forEach(tensor -> assertEquals(tensor.shape(), all.get(tensor.name()), tensor.name()));
    }
  }

  /** Whatever is pasted is an architecture or an error that says what it is not. */
  @ParameterizedTest
  @MethodSource("spaces")
  void damagedNotationsAreArchitecturesOrExplained(SearchSpace space) {
    Philox random = random(space, "damage");
    for (int i = 0; i < 3000; i++) {
      StringBuilder text = new StringBuilder(space.sample(random));
      for (int d = random.nextInt(3); d >= 0; d--) {
        int at = random.nextInt(text.length());
        switch (random.nextInt(3)) {
          case 0 -> text.setCharAt(at, (char) (32 + random.nextInt(96)));
          case 1 -> text.deleteCharAt(at);
          default -> text.insert(at, (char) (32 + random.nextInt(96)));
        }
      }
      String damaged = text.toString();
      try {
        String read = space.notation(damaged);
        assertEquals(read, space.notation(read), damaged);
      } catch (IllegalArgumentException e) {
        assertTrue(e.getMessage().startsWith("not a "), () -> damaged + ": " + e.getMessage());
        assertTrue(e.getMessage().length() < 600, e.getMessage());
      }
    }
    for (String text : List.of("", " ", "[]", "\u0000", "9".repeat(100_000))) {
      var e = assertThrows(IllegalArgumentException.class, () -> space.notation(text));
      assertTrue(e.getMessage().length() < 600, e.getMessage());
    }
  }
}
