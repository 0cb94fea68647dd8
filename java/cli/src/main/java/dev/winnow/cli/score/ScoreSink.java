package dev.winnow.cli.score;

import java.io.IOException;
import java.util.Map;

/** Takes scores as they become known. */
public interface ScoreSink extends AutoCloseable {
  /** Adds an architecture. */
  void write(String architecture, Map<String, Summary> summaries) throws IOException;

  @Override
  void close() throws IOException;
}
