package dev.winnow.cli.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationTest {
  private static final List<Setting> SETTINGS =
      List.of(
          Setting.of("ntk.batch", Setting.Type.WHOLE_NUMBER, "images"),
          Setting.of("ntk.tolerance", Setting.Type.NUMBER, "ratio"),
          Setting.oneOf("mode", "which behaviour", "winnow", "released"));

  @TempDir private Path folder;

  private Configuration read(String yaml) throws IOException {
    Path file = folder.resolve("search.yaml");
    Files.writeString(file, yaml);
    Configuration configuration = new Configuration(SETTINGS);
    configuration.read(file);
    return configuration;
  }

  @Test
  void nestedAndDottedKeysAreTheSame() throws IOException {
    assertEquals(72, read("ntk:\n  batch: 72\n").integer("ntk.batch", 1));
    assertEquals(72, read("ntk.batch: 72\n").integer("ntk.batch", 1));
  }

  @Test
  void theCommandLineWinsOverTheFile() throws IOException {
    Configuration configuration = read("ntk:\n  batch: 72\n");
    configuration.assign("ntk.batch=16");
    assertEquals(16, configuration.integer("ntk.batch", 1));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "'mode: winnow\nntk:\n  bach: 3\n'; search.yaml:3; ntk.batch",
        "'ntk:\n  batch: many\n'; search.yaml:2; whole number",
        "'ntk: 3\n'; search.yaml:1; group",
        "'mode: fast\n'; search.yaml:1; winnow, released",
        "'mode: winnow\nmode: released\n'; search.yaml:2; mode",
        "'ntk:\n  batch: [1, 2]\n'; search.yaml:2; list",
        "'ntk:\n  tolerance: .nan\n'; search.yaml:2; finite",
        "'a: [b\n'; search.yaml:; search.yaml",
        "'just text\n'; search.yaml:1; keys",
      })
  void mistakesNameTheirPlace(String yaml, String place, String hint) {
    String message = assertThrows(IllegalArgumentException.class, () -> read(yaml)).getMessage();
    assertTrue(message.contains(place), message);
    assertTrue(message.contains(hint), message);
  }

  @Test
  void anUnknownKeyOfSetNamesTheNearest() {
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> new Configuration(SETTINGS).assign("btach=3"))
            .getMessage();
    assertTrue(message.contains("did you mean 'ntk.batch'"), message);
  }
}
