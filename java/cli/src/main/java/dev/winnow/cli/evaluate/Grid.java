package dev.winnow.cli.evaluate;

import java.io.PrintStream;
import java.util.List;

/**
 * A table of texts, printed in columns or shown on a page.
 *
 * @param title what it is about
 * @param note what a reader must know; may be empty
 * @param header names of the columns
 * @param rows each as long as the header
 */
public record Grid(String title, String note, List<String> header, List<List<String>> rows) {

  /** Prints the table, the first column to the left and the others to the right. */
  public void print(PrintStream out) {
    out.println();
    out.println(title);
    if (!note.isEmpty()) {
      out.println("  " + note);
    }
    out.println();
    int[] widths = new int[header.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = header.get(column).length();
      for (List<String> row : rows) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    print(out, header, widths);
    rows.forEach(row -> print(out, row, widths));
  }

  private static void print(PrintStream out, List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder("  ");
    for (int column = 0; column < widths.length; column++) {
      String padding = " ".repeat(widths[column] - row.get(column).length());
      line.append(column == 0 ? row.get(column) + padding : "  " + padding + row.get(column));
    }
    out.println(line.toString().stripTrailing());
  }
}
