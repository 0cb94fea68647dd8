package dev.winnow.space.darts;

import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.space.CellSpace;
import dev.winnow.space.EdgeGroup;
import dev.winnow.space.MixedEdge;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Supernet;
import dev.winnow.space.darts.DartsCell.Input;
import dev.winnow.space.darts.DartsNetwork.Incoming;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The DARTS space or a part of it: which operations each of the 14 edges of either cell may have.
 * An architecture keeps two edges into each node.
 *
 * <p><b>Networks.</b> {@link NetworkOptions#stages} of 3 stands for the networks of DARTS: 3N + 2
 * cells with reductions after the first and second N, a stem of 3C channels for small images, three
 * convolutions of stride 2 for images of 96 pixels and more; the auxiliary head, which only
 * training uses, is left out. In their supernets norms inside cells have no parameters and pools
 * are followed by one. Stages of 2 stand for TE-NAS's small networks: N normal cells and one
 * reduction cell, a stem of C channels, batch norm and ReLU before the global pool; 1 leaves out
 * the reduction cell. The edge {@code normal.3-1} is edge {@code 3-1} of every normal cell; choice
 * {@code edge * operations + operation} of a supernet's row.
 */
abstract class DartsSpace implements CellSpace {
  /** Edges into nodes 2 to 5. */
  private static final int EDGES = 14;

  private static final List<String> CELLS = List.of("normal", "reduce");

  private final List<List<DartsOperation>> operations;
  private final List<MixedEdge> edges = new ArrayList<>();
  private final List<EdgeGroup> groups = new ArrayList<>();
  private final List<List<List<Input>>> nodes = new ArrayList<>();

  /**
   * @param operations of each edge, normal cell first, {@link DartsOperation#NONE} first in each
   */
  DartsSpace(List<List<DartsOperation>> operations) {
    this.operations = List.copyOf(operations);
    int choice = 0;
    for (int type = 0; type < CELLS.size(); type++) {
      for (int to = DartsCell.INPUTS; to < DartsCell.NODES; to++) {
        List<Integer> group = new ArrayList<>();
        for (int from = 0; from < to; from++) {
          int e = edges.size();
          List<String> names = operations.get(e).stream().map(DartsOperation::label).toList();
          List<Integer> choices = IntStream.range(choice, choice + names.size()).boxed().toList();
          String name = CELLS.get(type) + "." + to + "-" + from;
          edges.add(new MixedEdge(type, name, names, choices));
          group.add(e);
          choice += names.size();
        }
        groups.add(new EdgeGroup(CELLS.get(type) + "." + to, group, DartsCell.PER_NODE));
        nodes.add(pairs(group));
      }
    }
  }

  /** Every way to feed a node. */
  private List<List<Input>> pairs(List<Integer> group) {
    List<List<Input>> pairs = new ArrayList<>();
    for (int a = 0; a < group.size(); a++) {
      for (int b = a + 1; b < group.size(); b++) {
        for (Input one : inputs(group.get(a), a)) {
          for (Input two : inputs(group.get(b), b)) {
            pairs.add(List.of(one, two));
          }
        }
      }
    }
    return List.copyOf(pairs);
  }

  private List<Input> inputs(int edge, int source) {
    return choosable(edge).stream().map(operation -> new Input(operation, source)).toList();
  }

  private List<DartsOperation> choosable(int edge) {
    return operations.get(edge).stream().filter(o -> o != DartsOperation.NONE).toList();
  }

  private static int edge(int type, int to, int from) {
    return type * EDGES + (to - 2) * (to + 1) / 2 + from;
  }

  @Override
  public final List<MixedEdge> edges() {
    return List.copyOf(edges);
  }

  @Override
  public final List<EdgeGroup> groups() {
    return List.copyOf(groups);
  }

  @Override
  public final long size() {
    return nodes.stream().mapToLong(List::size).reduce(1, Math::multiplyExact);
  }

  @Override
  public final Iterator<String> architectures() {
    return LongStream.range(0, size()).mapToObj(this::numbered).iterator();
  }

  private String numbered(long number) {
    int[] pair = new int[nodes.size()];
    long rest = number;
    for (int i = pair.length - 1; i >= 0; i--) {
      pair[i] = (int) (rest % nodes.get(i).size());
      rest /= nodes.get(i).size();
    }
    return genotype(pair).toString();
  }

  /** Each node's pair of inputs uniform among those that the space has, first node first. */
  @Override
  public final String sample(Philox random) {
    return genotype(nodes.stream().mapToInt(pairs -> random.nextInt(pairs.size())).toArray())
        .toString();
  }

  private Genotype genotype(int[] pair) {
    List<Input> inputs = new ArrayList<>();
    for (int i = 0; i < pair.length; i++) {
      inputs.addAll(nodes.get(i).get(pair[i]));
    }
    return new Genotype(
        new DartsCell(inputs.subList(0, DartsCell.SIZE)),
        new DartsCell(inputs.subList(DartsCell.SIZE, 2 * DartsCell.SIZE)));
  }

  /**
   * One input of one node, uniform among the 16, gets another operation or, with equal probability
   * where the node has more than two possible sources, another source; its operation stays if the
   * new edge has it, else it is drawn.
   */
  @Override
  public final String mutate(String architecture, Philox random) {
    Genotype genotype = genotype(architecture);
    int number = random.nextInt(2 * DartsCell.SIZE);
    int type = number / DartsCell.SIZE;
    int slot = number % DartsCell.SIZE;
    int node = DartsCell.INPUTS + slot / DartsCell.PER_NODE;
    List<Input> inputs = new ArrayList<>(cell(genotype, type).inputs());
    Input old = inputs.get(slot);
    int other = inputs.get(slot ^ 1).source();
    List<DartsOperation> here = choosable(edge(type, node, old.source()));
    boolean move = node > DartsCell.INPUTS && (here.size() == 1 || random.nextInt(2) == 1);
    if (move) {
      int source = random.nextInt(node - 2);
      for (int taken : new int[] {Math.min(old.source(), other), Math.max(old.source(), other)}) {
        source += source >= taken ? 1 : 0;
      }
      List<DartsOperation> there = choosable(edge(type, node, source));
      DartsOperation operation =
          there.contains(old.operation())
              ? old.operation()
              : there.get(random.nextInt(there.size()));
      inputs.set(slot, new Input(operation, source));
    } else {
      List<DartsOperation> others = here.stream().filter(o -> o != old.operation()).toList();
      inputs.set(slot, new Input(others.get(random.nextInt(others.size())), old.source()));
    }
    DartsCell mutated = new DartsCell(inputs);
    return (type == 0
            ? new Genotype(mutated, genotype.reduce())
            : new Genotype(genotype.normal(), mutated))
        .toString();
  }

  private static DartsCell cell(Genotype genotype, int type) {
    return type == 0 ? genotype.normal() : genotype.reduce();
  }

  /** Parses and checks that every edge may have its operation. */
  private Genotype genotype(String text) {
    Genotype genotype = Genotype.parse(text);
    for (int type = 0; type < CELLS.size(); type++) {
      for (int node = DartsCell.INPUTS; node < DartsCell.NODES; node++) {
        for (Input input : cell(genotype, type).into(node)) {
          int e = edge(type, node, input.source());
          if (!operations.get(e).contains(input.operation())) {
            throw new IllegalArgumentException(
                "not a "
                    + name()
                    + " architecture: edge "
                    + edges.get(e).name()
                    + " must have one of "
                    + String.join(", ", choosable(e).stream().map(DartsOperation::label).toList())
                    + " but has "
                    + input.operation().label());
          }
        }
      }
    }
    return genotype;
  }

  @Override
  public final String notation(String text) {
    return genotype(text).toString();
  }

  /** The Python text {@code Genotype(normal=[…], …)}. */
  @Override
  public final String published(String architecture) {
    return genotype(architecture).python();
  }

  @Override
  public final String canonical(String architecture) {
    return genotype(architecture).canonical();
  }

  @Override
  public final int[] parse(String architecture) {
    Genotype genotype = genotype(architecture);
    int[] chosen = new int[edges.size()];
    for (int type = 0; type < CELLS.size(); type++) {
      for (int node = DartsCell.INPUTS; node < DartsCell.NODES; node++) {
        for (Input input : cell(genotype, type).into(node)) {
          int e = edge(type, node, input.source());
          chosen[e] = operations.get(e).indexOf(input.operation());
        }
      }
    }
    return chosen;
  }

  /**
   * @param chosen index of the operation of each edge; 0, {@code none}, on those that are not kept
   */
  @Override
  public final String architecture(int[] chosen) {
    if (chosen.length != edges.size()) {
      throw new IllegalArgumentException(
          "a DARTS architecture has " + edges.size() + " edges but got " + chosen.length);
    }
    List<Input> inputs = new ArrayList<>();
    for (EdgeGroup group : groups) {
      int before = inputs.size();
      for (int from = 0; from < group.edges().size(); from++) {
        int e = group.edges().get(from);
        List<DartsOperation> known = operations.get(e);
        if (chosen[e] < 0 || chosen[e] >= known.size()) {
          throw new IllegalArgumentException(
              "operation index of edge "
                  + edges.get(e).name()
                  + " must be in [0, "
                  + (known.size() - 1)
                  + "] but was "
                  + chosen[e]);
        }
        if (known.get(chosen[e]) != DartsOperation.NONE) {
          inputs.add(new Input(known.get(chosen[e]), from));
        }
      }
      if (inputs.size() - before != group.keep()) {
        throw new IllegalArgumentException(
            "node "
                + group.name()
                + " must have "
                + group.keep()
                + " inputs but has "
                + (inputs.size() - before));
      }
    }
    return new Genotype(
            new DartsCell(inputs.subList(0, DartsCell.SIZE)),
            new DartsCell(inputs.subList(DartsCell.SIZE, 2 * DartsCell.SIZE)))
        .toString();
  }

  @Override
  public final NetworkGraph network(String architecture, NetworkOptions options) {
    Genotype genotype = genotype(architecture);
    return DartsNetwork.build(
        DartsMacro.standAlone(options),
        0,
        (node, reduction) ->
            cell(genotype, reduction ? 1 : 0).into(node).stream()
                .map(in -> new Incoming(in.source(), in.operation(), NetworkGraph.ALWAYS))
                .toList());
  }

  @Override
  public final Supernet supernet(NetworkOptions options) {
    int choices = edges.stream().mapToInt(e -> e.choices().size()).sum();
    return new Supernet(
        DartsNetwork.build(DartsMacro.supernet(options), choices, this::incoming), edges);
  }

  private List<Incoming> incoming(int node, boolean reduction) {
    List<Incoming> all = new ArrayList<>();
    for (int from = 0; from < node; from++) {
      int e = edge(reduction ? 1 : 0, node, from);
      for (int o = 0; o < operations.get(e).size(); o++) {
        all.add(new Incoming(from, operations.get(e).get(o), edges.get(e).choices().get(o)));
      }
    }
    return all;
  }

  /** The network in which found cells are trained: C = 36 and 20 cells, ImageNet 48 and 14. */
  @Override
  public NetworkOptions standard(int classes, int imageSide) {
    boolean large = imageSide >= DartsMacro.IMAGENET_SIDE;
    Shape image = new Shape(3, imageSide, imageSide);
    return new NetworkOptions(large ? 48 : 36, large ? 4 : 6, 3, true, classes, image);
  }

  /** TE-NAS's network: a normal and a reduction cell, one channel. */
  @Override
  public final NetworkOptions reduced(int classes, Shape image) {
    return new NetworkOptions(1, 1, 2, true, classes, image);
  }

  /** TE-NAS's network for patches: a normal and a reduction cell. */
  @Override
  public final NetworkOptions thin(int classes, Shape patch) {
    return new NetworkOptions(patch.channels(), 1, 2, false, classes, patch);
  }
}
