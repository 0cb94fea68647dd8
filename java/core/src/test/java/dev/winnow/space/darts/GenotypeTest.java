package dev.winnow.space.darts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import dev.winnow.net.NetworkGraph;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;
import dev.winnow.space.NetworkOptions;
import dev.winnow.space.Tables;
import dev.winnow.space.darts.DartsCell.Input;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenotypeTest {
  private static final Darts SPACE = new Darts();

  /** As the DARTS repository prints its second-order result; inputs not in order. */
  private static final String DARTS_V2 =
      "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0),"
          + " ('sep_conv_3x3', 1), ('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0),"
          + " ('dil_conv_3x3', 2)], normal_concat=[2, 3, 4, 5], reduce=[('max_pool_3x3', 0),"
          + " ('max_pool_3x3', 1), ('skip_connect', 2), ('max_pool_3x3', 1), ('max_pool_3x3', 0),"
          + " ('skip_connect', 2), ('skip_connect', 2), ('max_pool_3x3', 1)], reduce_concat=[2, 3,"
          + " 4, 5])";

  private static Genotype drawn(long seed) {
    return Genotype.parse(SPACE.sample(Stream.root(seed).of("genotype").generator()));
  }

  @Test
  void pythonTextIsRead() {
    assertEquals(SPACE.example(), Genotype.parse(DARTS_V2).toString());
    String loose =
        "  Genotype( reduce_concat = ( 2,3 , 4,5 ), \n"
            + DARTS_V2.substring(9, DARTS_V2.indexOf(", reduce_concat")).replace('\'', '"')
            + ",\n) ";
    assertEquals(SPACE.example(), Genotype.parse(loose).toString());
  }

  @Property
  void everyNotationGoesRound(@ForAll long seed) {
    Genotype genotype = drawn(seed);
    assertEquals(genotype, Genotype.parse(genotype.toString()));
    assertEquals(genotype, Genotype.parse(genotype.python()));
    assertEquals(genotype, Genotype.parse(compact(genotype)));
    String architecture = SPACE.architecture(SPACE.parse(genotype.toString()));
    assertEquals(genotype.toString(), architecture);
  }

  /** NASLib's codes of the operations, written down independently of the reader. */
  private static String compact(Genotype genotype) {
    return compact(genotype.normal()) + "/" + compact(genotype.reduce());
  }

  private static String compact(DartsCell cell) {
    List<String> codes =
        List.of(
            "max_pool_3x3",
            "avg_pool_3x3",
            "skip_connect",
            "sep_conv_3x3",
            "sep_conv_5x5",
            "dil_conv_3x3",
            "dil_conv_5x5");
    List<String> inputs = new ArrayList<>();
    for (Input input : cell.inputs()) {
      inputs.add(input.source() + ":" + codes.indexOf(input.operation().label()));
    }
    return String.join(",", inputs);
  }

  /** Another numbering of the nodes is the same network: equal form, parameters and MACs. */
  @Property(tries = 200)
  void renumberedNodesAreTheSameCell(@ForAll long seed) {
    Genotype genotype = drawn(seed);
    Philox random = Stream.root(seed).of("order").generator();
    Genotype renumbered =
        new Genotype(renumbered(genotype.normal(), random), renumbered(genotype.reduce(), random));
    assertEquals(genotype.canonical(), renumbered.canonical());
    assertEquals(genotype.canonical(), Genotype.parse(genotype.canonical()).canonical());
    NetworkOptions small = new NetworkOptions(4, 1, 3, true, 10, SPACE.standard(10, 32).input());
    NetworkGraph one = SPACE.network(genotype.toString(), small);
    NetworkGraph two = SPACE.network(renumbered.toString(), small);
    assertEquals(one.parameters(), two.parameters());
    assertEquals(one.macs(), two.macs());
  }

  /** A random order of the intermediate nodes in which sources come before targets. */
  private static DartsCell renumbered(DartsCell cell, Philox random) {
    List<Integer> order = new ArrayList<>(List.of(0, 1));
    while (order.size() < DartsCell.NODES) {
      List<Integer> ready = new ArrayList<>();
      for (int node = 2; node < DartsCell.NODES; node++) {
        boolean free = cell.into(node).stream().allMatch(in -> order.contains(in.source()));
        if (free && !order.contains(node)) {
          ready.add(node);
        }
      }
      order.add(ready.get(random.nextInt(ready.size())));
    }
    List<Input> inputs = new ArrayList<>();
    for (int old : order.subList(2, DartsCell.NODES)) {
      List<Input> own = new ArrayList<>();
      for (Input input : cell.into(old)) {
        own.add(new Input(input.operation(), order.indexOf(input.source())));
      }
      Collections.reverse(own); // the order within a node means nothing
      inputs.addAll(own);
    }
    return new DartsCell(inputs);
  }

  /** Cells of one class are rare, so that another operation must almost always tell apart. */
  @Property(tries = 200)
  void anotherOperationIsAnotherCell(@ForAll long seed) {
    Genotype genotype = drawn(seed);
    List<Input> inputs = new ArrayList<>(genotype.normal().inputs());
    List<DartsOperation> all = DartsOperation.STANDARD;
    Input first = inputs.get(0);
    DartsOperation other = all.get(first.operation().ordinal() % 7 + 1);
    inputs.set(0, new Input(other, first.source()));
    Genotype changed = new Genotype(new DartsCell(inputs), genotype.reduce());
    // A multiset of operations is the same in all renumberings.
    assertNotEquals(genotype.canonical(), changed.canonical());
  }

  /** Every genotype of the shared tables is read, in each of their notations. */
  @Test
  void publishedGenotypesAreRead() throws IOException {
    int read = 0;
    try (var rows =
        Tables.open(SharedFolder.require("data/darts/darts_random214_cifar10.csv.gz"))) {
      for (CSVRecord row : rows) {
        Genotype.parse(row.get("normal_cell") + ":" + row.get("reduce_cell"));
        read++;
      }
    }
    for (String file : List.of("nb301_zc_naslib_early", "nb301_zc_nwot_zen")) {
      try (var rows = Tables.open(SharedFolder.require("data/nb301/" + file + ".csv.gz"))) {
        for (CSVRecord row : rows) {
          String text = row.get("genotype_compact");
          Genotype genotype = Genotype.parse(text);
          assertEquals(genotype, Genotype.parse(compact(genotype)), text);
          read++;
        }
      }
    }
    assertEquals(214 + 1218 + 11_221, read);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``| character 1, input 0 of the normal cell: expected one of skip_connect, sep_conv_3x3",
        "sep_conv_3x4~0| character 1, input 0 of the normal cell: expected one of skip_connect",
        "none~0| character 1, input 0 of the normal cell: expected one of skip_connect",
        "sep_conv_3x3;0| character 13, input 0 of the normal cell: expected '~' but found ';0'",
        "sep_conv_3x3~x| character 14, input 0 of the normal cell: expected a digit but found 'x'",
        "skip_connect~0;skip_connect~1| character 30, before input 2 of the normal cell: expected"
            + " ';' but found the end",
        "0:3,1:7| character 7, input 1 of the normal cell: expected an operation in [0, 6] but",
        "0:3,1:3,0:3,1:3,0:3,1:3,0:3,1:3| character 32, after the normal cell: expected '/'",
        "0:3,2:3,0:3,1:3,0:3,1:3,0:3,1:3/| character 1, normal cell: an input of node 2 must come"
            + " from a node in [0, 1] but was 2",
        "0:3,1:3,0:3,1:3,0:3,0:4,0:3,1:3/| character 1, normal cell: the two inputs of node 4 must"
            + " come from different nodes but both come from 0",
        "Genotype[| character 9, after Genotype: expected '(' but found '['",
        "Genotype(cell=[]| character 10, field of the Genotype: expected one of normal,"
            + " normal_concat, reduce, reduce_concat but found 'cell=[]'",
        "Genotype(normal=[('sep_conv_3x3\", 0)| character 32, input 0 of the normal cell: expected"
            + " ''' but found",
        "Genotype(normal=[(sep_conv_3x3, 0)| character 19, input 0 of the normal cell: expected ''",
        "Genotype(normal_concat=range(2, 5), | character 24, normal_concat must be range(2, 6) or",
        "Genotype(normal_concat=[3, 4, 5], | character 24, normal_concat must be range(2, 6) or",
        "Genotype(normal_concat=range(2, 6), normal_concat=| character 37, field of the Genotype:"
            + " expected one of normal, reduce, reduce_concat but found",
      })
  void malformedGenotypesNameTheCharacter(String text, String message) {
    var e = assertThrows(IllegalArgumentException.class, () -> Genotype.parse(text));
    assertTrue(e.getMessage().startsWith("not a DARTS genotype: " + message), e::getMessage);
  }

  @Test
  void whatFollowsAGenotypeIsRefused() {
    for (String text : List.of(SPACE.example(), DARTS_V2)) {
      var e = assertThrows(IllegalArgumentException.class, () -> Genotype.parse(text + " and"));
      assertTrue(
          e.getMessage().contains("after the reduce cell: expected the end but found 'and'"),
          e::getMessage);
    }
  }

  /** TE-NAS's published CIFAR-10 cell, parsed and printed as its program would. */
  @Test
  void pythonTextIsThePublishedForm() {
    String text = SPACE.published(SPACE.example());
    assertTrue(
        text.startsWith("Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "), text);
    assertTrue(text.endsWith("], reduce_concat=range(2, 6))"), text);
  }
}
