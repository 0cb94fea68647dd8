package dev.winnow.space.darts;

import dev.winnow.space.darts.DartsCell.Input;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Reads the notations of {@link Genotype#parse}; used once. */
final class GenotypeReader {
  /** Longest part of a malformed notation that a message repeats. */
  private static final int QUOTED = 120;

  private static final List<DartsOperation> NASLIB =
      List.of(
          DartsOperation.MAX_POOL_3X3,
          DartsOperation.AVG_POOL_3X3,
          DartsOperation.SKIP_CONNECT,
          DartsOperation.SEP_CONV_3X3,
          DartsOperation.SEP_CONV_5X5,
          DartsOperation.DIL_CONV_3X3,
          DartsOperation.DIL_CONV_5X5);

  private final String text;
  private int at;

  GenotypeReader(String text) {
    this.text = text;
  }

  Genotype read() {
    blanks();
    Genotype genotype;
    if (text.startsWith("Genotype", at)) {
      genotype = python();
    } else {
      boolean compact = at < text.length() && Character.isDigit(text.charAt(at));
      DartsCell normal = cell("normal", compact);
      expect(at < text.length() && text.charAt(at) == ':' ? ":" : "/", "after the normal cell");
      genotype = new Genotype(normal, cell("reduce", compact));
    }
    blanks();
    if (at < text.length()) {
      throw expected("the end", "after the reduce cell");
    }
    return genotype;
  }

  /** Eight inputs without blanks. */
  private DartsCell cell(String name, boolean compact) {
    int start = at;
    List<Input> inputs = new ArrayList<>();
    for (int i = 0; i < DartsCell.SIZE; i++) {
      String place = place(name, i);
      if (i > 0) {
        expect(compact ? "," : ";", "before " + place);
      }
      if (compact) {
        int source = number(place);
        expect(":", place);
        int before = at;
        int operation = number(place);
        if (operation >= NASLIB.size()) {
          at = before;
          throw expected("an operation in [0, 6]", place);
        }
        inputs.add(new Input(NASLIB.get(operation), source));
      } else {
        DartsOperation operation = operation(place);
        expect(at < text.length() && text.charAt(at) == ':' ? ":" : "~", place);
        inputs.add(new Input(operation, number(place)));
      }
    }
    return checked(name, start, inputs);
  }

  private DartsCell checked(String name, int start, List<Input> inputs) {
    try {
      return new DartsCell(inputs);
    } catch (IllegalArgumentException e) {
      throw malformed(start, name + " cell: " + e.getMessage());
    }
  }

  private static String place(String cell, int input) {
    return "input " + input + " of the " + cell + " cell";
  }

  private Genotype python() {
    expect("Genotype", "at the start");
    token("(", "after Genotype");
    Map<String, DartsCell> cells = new LinkedHashMap<>();
    List<String> fields = List.of("normal", "normal_concat", "reduce", "reduce_concat");
    List<String> missing = new ArrayList<>(fields);
    while (!missing.isEmpty()) {
      if (missing.size() < fields.size()) {
        token(",", "before " + String.join(" or ", missing));
      }
      blanks();
      int start = at;
      String field = word();
      if (!missing.remove(field)) {
        at = start;
        throw expected("one of " + String.join(", ", missing), "field of the Genotype");
      }
      token("=", "after " + field);
      if (field.endsWith("_concat")) {
        concat(field);
      } else {
        cells.put(field, pythonCell(field));
      }
    }
    blanks();
    if (at < text.length() && text.charAt(at) == ',') {
      at++; // Python allows it after the last field
    }
    token(")", "at the end of the Genotype");
    return new Genotype(cells.get("normal"), cells.get("reduce"));
  }

  private DartsCell pythonCell(String name) {
    token("[", "the " + name + " cell");
    int start = at;
    List<Input> inputs = new ArrayList<>();
    for (int i = 0; i < DartsCell.SIZE; i++) {
      String place = place(name, i);
      if (i > 0) {
        token(",", "before " + place);
      }
      token("(", place);
      blanks();
      String quote = at < text.length() && text.charAt(at) == '"' ? "\"" : "'";
      expect(quote, place);
      DartsOperation operation = operation(place);
      expect(quote, place);
      token(",", place);
      blanks();
      inputs.add(new Input(operation, number(place)));
      token(")", place);
    }
    token("]", "after the eight inputs of the " + name + " cell");
    return checked(name, start, inputs);
  }

  /** The nodes that make up the output: all intermediate ones, in every cell of the space. */
  private void concat(String field) {
    blanks();
    int start = at;
    boolean range = text.startsWith("range", at);
    at += range ? "range".length() : 0;
    blanks();
    boolean list = !range && at < text.length() && text.charAt(at) == '[';
    token(list ? "[" : "(", field);
    List<Integer> numbers = new ArrayList<>();
    do {
      at += numbers.isEmpty() ? 0 : 1;
      blanks();
      numbers.add(number(field));
      blanks();
    } while (at < text.length() && text.charAt(at) == ',' && numbers.size() < DartsCell.NODES);
    token(list ? "]" : ")", field);
    List<Integer> all = range ? List.of(2, 6) : List.of(2, 3, 4, 5);
    if (!numbers.equals(all)) {
      throw malformed(start, field + " must be range(2, 6) or [2, 3, 4, 5]");
    }
  }

  private DartsOperation operation(String place) {
    int start = at;
    String label = word();
    return DartsOperation.of(label)
        .filter(operation -> operation != DartsOperation.NONE)
        .orElseThrow(
            () -> {
              at = start;
              return expected(
                  "one of "
                      + Arrays.stream(DartsOperation.values())
                          .filter(operation -> operation != DartsOperation.NONE)
                          .map(DartsOperation::label)
                          .collect(Collectors.joining(", ")),
                  place);
            });
  }

  private String word() {
    int start = at;
    while (at < text.length()
        && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
      at++;
    }
    return text.substring(start, at);
  }

  /** One digit; no number in the space has two. */
  private int number(String place) {
    boolean digit = at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
    if (!digit) {
      throw expected("a digit", place);
    }
    return text.charAt(at++) - '0';
  }

  private void token(String token, String place) {
    blanks();
    expect(token, place);
  }

  private void blanks() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
  }

  private void expect(String token, String place) {
    if (!text.startsWith(token, at)) {
      throw expected("'" + token + "'", place);
    }
    at += token.length();
  }

  private IllegalArgumentException expected(String what, String place) {
    String found = at >= text.length() ? "the end" : "'" + shortened(text.substring(at), 20) + "'";
    return malformed(at, place + ": expected " + what + " but found " + found);
  }

  private IllegalArgumentException malformed(int where, String what) {
    return new IllegalArgumentException(
        "not a DARTS genotype: character "
            + (where + 1)
            + ", "
            + what
            + " in '"
            + shortened(text, QUOTED)
            + "'");
  }

  private static String shortened(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length) + "…";
  }
}
