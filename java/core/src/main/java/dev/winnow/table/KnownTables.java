package dev.winnow.table;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Mappings of the published tables, with their checksums: a resource of this package, one entry per
 * file and space.
 */
public final class KnownTables {
  private static final String RESOURCE = "tables.json";

  private static final List<TableMapping> ALL = load();

  private KnownTables() {}

  private static List<TableMapping> load() {
    try (InputStream in = KnownTables.class.getResourceAsStream(RESOURCE)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return List.of(TableMapping.parse(text, RESOURCE, TableMapping[].class));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All of them. */
  public static List<TableMapping> all() {
    return ALL;
  }

  /** Those of a space, by its name. */
  public static List<TableMapping> ofSpace(String space) {
    return ALL.stream().filter(mapping -> mapping.space().equals(space)).toList();
  }

  /** The first mapping of a file with this one's name or, under another name, its content. */
  static Optional<TableMapping> of(Path file) throws IOException {
    List<TableMapping> found = forFile(file);
    return found.isEmpty() ? Optional.empty() : Optional.of(found.get(0));
  }

  /** The mappings of a file with this one's name or, under another name, its content. */
  static List<TableMapping> forFile(Path file) throws IOException {
    String name = file.getFileName().toString();
    List<TableMapping> named = ALL.stream().filter(m -> m.file().equals(name)).toList();
    if (!named.isEmpty()) {
      return named;
    }
    String checksum = Checksum.sha256(file);
    return ALL.stream().filter(m -> m.sha256().equals(checksum)).toList();
  }
}
