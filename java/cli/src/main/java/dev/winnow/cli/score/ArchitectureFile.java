package dev.winnow.cli.score;

import dev.winnow.space.CellSpace;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Reads one architecture a line; empty lines and lines that begin with # are skipped. */
public final class ArchitectureFile {
  private ArchitectureFile() {}

  /**
   * The well-formed architectures, in order.
   *
   * @param problems takes one message with file and line for every malformed one
   */
  public static List<String> read(Path file, CellSpace space, Consumer<String> problems)
      throws IOException {
    List<String> architectures = new ArrayList<>();
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        String text = line.strip();
        if (text.isEmpty() || text.startsWith("#")) {
          continue;
        }
        try {
          architectures.add(space.architecture(space.parse(text)));
        } catch (IllegalArgumentException e) {
          problems.accept(file + ":" + number + ": " + e.getMessage());
        }
      }
    }
    return architectures;
  }
}
