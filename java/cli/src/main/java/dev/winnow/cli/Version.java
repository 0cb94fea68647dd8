package dev.winnow.cli;

import dev.winnow.compute.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Version of the program and of the native core it would compute with. */
final class Version implements IVersionProvider {
  private final EngineOpener engines;

  Version(EngineOpener engines) {
    this.engines = engines;
  }

  /** Version of this build, from the JAR. */
  static String ofProgram() {
    try (InputStream in = Version.class.getResourceAsStream("version.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String[] getVersion() {
    List<String> lines = new ArrayList<>();
    lines.add("winnow " + ofProgram());
    try (Engine engine = engines.open("cpu", 1)) {
      for (Map.Entry<String, String> fact : engine.provenance().entrySet()) {
        lines.add(fact.getKey() + " " + fact.getValue());
      }
    } catch (RuntimeException | LinkageError e) {
      // The version must be readable on a machine where the core does not load.
      lines.add("native core unavailable: " + Errors.message(e));
    }
    return lines.toArray(String[]::new);
  }
}
