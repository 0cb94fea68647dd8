package dev.winnow.space.nasbench101;

import dev.winnow.space.nasbench101.NasBench101Cell.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The ways to write a {@link NasBench101Cell}. */
final class CellNotation {
  /** As Python prints or takes it: a list of lists, then a list of names. */
  private static final Pattern PYTHON =
      Pattern.compile(
          "[\\w\\s.=:({'\"]*\\[\\s*\\[([^\\]]*(?:\\]\\s*,\\s*\\[[^\\]]*)*)\\]\\s*,?\\s*\\]"
              + "[\\w\\s,.=:)'\"]*\\[([^\\[\\]]*)\\][\\s,)}]*");

  private static final int LONGEST = 2000;
  private static final int QUOTED = 40;

  private CellNotation() {}

  static String print(NasBench101Cell cell) {
    StringBuilder text = new StringBuilder();
    for (int row = 0; row < cell.vertices(); row++) {
      text.append(row == 0 ? "" : "|");
      for (int column = 0; column < cell.vertices(); column++) {
        text.append(cell.hasEdge(row, column) ? '1' : '0');
      }
    }
    text.append(":input;");
    cell.operations().forEach(operation -> text.append(operation.label()).append(';'));
    return text.append("output").toString();
  }

  static NasBench101Cell parse(String text) {
    if (text.length() > LONGEST) {
      throw NasBench101Cell.malformed(
          "must have at most " + LONGEST + " characters but has " + text.length());
    }
    if (text.indexOf('[') >= 0) {
      return python(text);
    }
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw NasBench101Cell.malformed(
          "must be rows of a matrix, ':' and operations, as in"
              + " 011|001|000:input;conv3x3-bn-relu;output, but was '"
              + shortened(text)
              + "'");
    }
    List<String> rows = List.of(text.substring(0, colon).strip().split("\\|", -1));
    return cell(rows, List.of(text.substring(colon + 1).strip().split(";", -1)));
  }

  private static NasBench101Cell python(String text) {
    Matcher matcher = PYTHON.matcher(text);
    if (!matcher.matches()) {
      throw NasBench101Cell.malformed(
          "must be matrix=[[0, 1, …], …], ops=['input', …] but was '" + shortened(text) + "'");
    }
    List<String> rows = new ArrayList<>();
    for (String row : matcher.group(1).split("\\]\\s*,\\s*\\[", -1)) {
      rows.add(row.replaceAll("[\\s,]+", ""));
    }
    List<String> names = new ArrayList<>();
    for (String name : matcher.group(2).strip().split("\\s*,\\s*", -1)) {
      boolean quoted = name.matches("'[^']*'|\"[^\"]*\"");
      names.add(quoted ? name.substring(1, name.length() - 1) : name);
    }
    return cell(rows, names);
  }

  private static NasBench101Cell cell(List<String> rows, List<String> names) {
    int vertices = rows.size();
    if (vertices < 2 || vertices > NasBench101Cell.MOST_VERTICES) {
      throw NasBench101Cell.malformed("the matrix must have 2 to 7 rows but has " + vertices);
    }
    int edges = 0;
    for (int row = 0; row < vertices; row++) {
      String cells = rows.get(row);
      if (cells.length() != vertices) {
        throw NasBench101Cell.malformed(
            "row "
                + row
                + " of the matrix must have "
                + vertices
                + " entries but is '"
                + shortened(cells)
                + "'");
      }
      for (int column = 0; column < vertices; column++) {
        edges |= bit(cells.charAt(column), row, column);
      }
    }
    if (names.size() != vertices) {
      throw NasBench101Cell.malformed(
          "there must be one name per vertex, " + vertices + ", but there are " + names.size());
    }
    List<Operation> operations = new ArrayList<>();
    for (int v = 0; v < vertices; v++) {
      if (v == 0 || v == vertices - 1) {
        require(v == 0 ? "input" : "output", names.get(v), v);
      } else {
        operations.add(operation(names.get(v), v));
      }
    }
    return new NasBench101Cell(vertices, edges, operations);
  }

  private static int bit(char entry, int row, int column) {
    if (entry != '0' && entry != '1') {
      throw NasBench101Cell.malformed(
          "row "
              + row
              + " column "
              + column
              + " of the matrix must be 0 or 1 but was '"
              + entry
              + "'");
    }
    if (entry == '1' && row >= column) {
      throw NasBench101Cell.malformed(
          "row "
              + row
              + " column "
              + column
              + " of the matrix must be 0: it is upper-triangular,"
              + " edges go to later vertices");
    }
    return entry == '1' ? 1 << NasBench101Cell.edge(column, row) : 0;
  }

  private static void require(String expected, String name, int vertex) {
    if (!name.equals(expected)) {
      throw NasBench101Cell.malformed(
          "vertex " + vertex + " must be '" + expected + "' but was '" + shortened(name) + "'");
    }
  }

  private static Operation operation(String name, int vertex) {
    for (Operation operation : Operation.all()) {
      if (operation.label().equals(name)) {
        return operation;
      }
    }
    throw NasBench101Cell.malformed(
        "the operation of vertex "
            + vertex
            + " must be one of conv3x3-bn-relu, conv1x1-bn-relu,"
            + " maxpool3x3 but was '"
            + shortened(name)
            + "'");
  }

  private static String shortened(String text) {
    return text.length() <= QUOTED ? text : text.substring(0, QUOTED) + "…";
  }
}
