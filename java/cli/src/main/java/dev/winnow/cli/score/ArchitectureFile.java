package dev.winnow.cli.score;

import dev.winnow.space.SearchSpace;
import java.io.BufferedReader;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.function.Consumer;

/**
 * Reads one architecture a line, as it is asked for; empty lines and lines that begin with # are
 * skipped, malformed ones and repetitions are reported and skipped. To know a repetition it keeps
 * what it has read, about 150 bytes a line.
 */
public final class ArchitectureFile implements Iterator<String>, AutoCloseable {
  private final Path file;
  private final SearchSpace space;
  private final Consumer<String> problems;
  private final BufferedReader reader;
  private final Map<String, Integer> lines = new HashMap<>();
  private int number;
  private String next;

  /**
   * @param problems takes one message with file and line for every malformed architecture
   */
  public ArchitectureFile(Path file, SearchSpace space, Consumer<String> problems)
      throws IOException {
    this.file = file;
    this.space = space;
    this.problems = problems;
    // To say what is there to read, a file's stream asks for its position: of a pipe, an exception
    // for every line.
    InputStream bytes =
        new FilterInputStream(Files.newInputStream(file)) {
          @Override
          public int available() {
            return 0;
          }
        };
    this.reader =
        new BufferedReader(new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder()));
  }

  @Override
  public boolean hasNext() {
    try {
      while (next == null) {
        String line = reader.readLine();
        if (line == null) {
          return false;
        }
        number++;
        next = architecture(line.strip());
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(file + ":" + (number + 1) + ": " + e, e);
    }
  }

  private String architecture(String text) {
    if (text.isEmpty() || text.startsWith("#")) {
      return null;
    }
    try {
      String architecture = space.notation(text);
      Integer earlier = lines.putIfAbsent(architecture, number);
      if (earlier != null) {
        problems.accept(
            file + ":" + number + ": " + architecture + " is in line " + earlier + " already");
        return null;
      }
      return architecture;
    } catch (IllegalArgumentException e) {
      problems.accept(file + ":" + number + ": " + e.getMessage());
      return null;
    }
  }

  @Override
  public String next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    String architecture = next;
    next = null;
    return architecture;
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
