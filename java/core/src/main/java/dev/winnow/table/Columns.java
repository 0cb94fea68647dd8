package dev.winnow.table;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Columns of numbers that grow row by row; what is not set is NaN. */
final class Columns {
  private final Map<String, double[]> values = new LinkedHashMap<>();

  void set(String column, int row, double value) {
    double[] numbers = values.get(column);
    if (numbers == null || row >= numbers.length) {
      int length = numbers == null ? 0 : numbers.length;
      double[] longer = new double[Math.max(row + 1, length + (length >> 1) + 16)];
      Arrays.fill(longer, Double.NaN);
      if (numbers != null) {
        System.arraycopy(numbers, 0, longer, 0, length);
      }
      numbers = longer;
      values.put(column, numbers);
    }
    numbers[row] = value;
  }

  /** Columns of exactly so many rows. */
  Map<String, double[]> cut(int rows) {
    for (Map.Entry<String, double[]> column : values.entrySet()) {
      int length = column.getValue().length;
      double[] cut = Arrays.copyOf(column.getValue(), rows);
      if (length < rows) {
        Arrays.fill(cut, length, rows, Double.NaN);
      }
      column.setValue(cut);
    }
    return values;
  }
}
