package dev.winnow.space;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.winnow.SharedFolder;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.commons.csv.CSVRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NasBench201CellTest {
  private static final String BEST =
      "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|";

  @Property
  void notationAndIndicesGoRound(@ForAll @Size(6) List<@IntRange(max = 4) Integer> choice) {
    int[] indices = choice.stream().mapToInt(Integer::intValue).toArray();
    NasBench201Cell cell = NasBench201Cell.of(indices);
    assertEquals(cell, NasBench201Cell.parse(cell.toString()));
    assertArrayEquals(indices, cell.indices());
  }

  /** Any single character removed, replaced or added makes it another cell or no cell at all. */
  @Property
  void noSecondSpellingIsAccepted(
      @ForAll @IntRange(max = 120) int at, @ForAll char character, @ForAll boolean insert) {
    int place = Math.min(at, BEST.length());
    int rest = Math.min(place + (insert ? 0 : 1), BEST.length());
    String changed = BEST.substring(0, place) + character + BEST.substring(rest);
    try {
      assertEquals(changed, NasBench201Cell.parse(changed).toString());
    } catch (IllegalArgumentException e) {
      assertTrue(e.getMessage().startsWith("not a NAS-Bench-201 cell: character "));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '"',
      value = {
        "\"\"; character 1, before edge 1-0: expected '|' but found the end",
        "nor_conv_3x3~0; character 1, before edge 1-0: expected '|'",
        "|conv~0|; character 2, edge 1-0: expected one of none, skip_connect, nor_conv_1x1",
        "|none~1|; character 6, edge 1-0: expected '~0|' but found '~1|'",
        "|none~0|; character 9, before edge 2-0: expected '+|' but found the end",
        "|none~0||none~0|none~1|; character 9, before edge 2-0: expected '+|'",
        "|none~0|+|none~0|+|none~0|; character 18, edge 2-1: expected one of none",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|+; "
            + "character 48, expected the end after edge 3-2 but found '+'",
        "|none~0|+|none~0|none~1|+|none~0|none~1|none~2; "
            + "character 45, edge 3-2: expected '~2|' but found '~2'",
        "|None~0|+|none~0|none~1|+|none~0|none~1|none~2|; character 2, edge 1-0"
      })
  void aMalformedNotationNamesThePlace(String notation, String message) {
    var e =
        assertThrows(IllegalArgumentException.class, () -> NasBench201Cell.parse(notation.strip()));
    assertTrue(e.getMessage().contains(message), e::getMessage);
  }

  @Test
  void aVeryLongNotationIsNotRepeatedWhole() {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> NasBench201Cell.parse("|".repeat(1 << 20)));
    assertTrue(e.getMessage().length() < 500);
  }

  @Test
  void indicesOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> NasBench201Cell.of(0, 1, 2, 3, 4, 5));
    assertThrows(IllegalArgumentException.class, () -> NasBench201Cell.of(0, 1, 2, 3, 4, -1));
    assertThrows(IllegalArgumentException.class, () -> NasBench201Cell.of(0, 1, 2, 3, 4));
  }

  private static long classes(Function<NasBench201Cell, String> form) {
    return new NasBench201().cells().map(form).distinct().count();
  }

  /** 6,466: the count in the benchmark's paper. */
  @Test
  void thePublishedFormHasAsManyClassesAsPublished() {
    assertEquals(6466, classes(NasBench201Cell::publishedForm));
  }

  /** 4,930: an independent computation, spec/estimator-evaluation.md. */
  @Test
  void theFlattenedFormHasFewerClasses() {
    assertEquals(4930, classes(NasBench201Cell::flattenedForm));
  }

  /** The table's column {@code unique_str} was written by the benchmark's own programs. */
  @Test
  void thePublishedFormIsTheTablesOwnForEveryCell() throws IOException {
    Set<NasBench201Cell> seen = new HashSet<>();
    try (var rows = Tables.open(SharedFolder.require("data/nb201/nb201_accuracy.csv.gz"))) {
      for (CSVRecord row : rows) {
        NasBench201Cell cell = NasBench201Cell.parse(row.get("arch_str"));
        seen.add(cell);
        assertEquals(row.get("unique_str"), cell.publishedForm(), row.get("arch_str"));
      }
    }
    assertEquals(15_625, seen.size());
  }

  /** Law: cells that the coarser form tells apart differ in the finer one too. */
  @Test
  void flatteningOnlyMergesPublishedClasses() {
    long both = classes(cell -> cell.publishedForm() + " " + cell.flattenedForm());
    assertEquals(classes(NasBench201Cell::publishedForm), both);
  }

  /** 341 cells have no path from input to output: spec/estimator-evaluation.md. */
  @Test
  void whatReachesNoOutputIsEmpty() {
    long disconnected =
        new NasBench201().cells().filter(cell -> cell.flattenedForm().equals("#")).count();
    assertEquals(341, disconnected);
  }

  @Test
  void cellsAreEnumeratedOnce() {
    var cells = new NasBench201().cells().collect(Collectors.toSet());
    assertEquals(15_625, cells.size());
    assertEquals(15_625, new NasBench201().size());
  }
}
