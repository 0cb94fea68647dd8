package dev.winnow.run;

import dev.winnow.compute.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where and with what a session of a run computed: version, engine, JVM, processor, system, data.
 * Kept in {@code run.json} and never compared between runs.
 *
 * @param facts stable keys, sorted; see the constants for those that mean something to a resume
 */
public record Provenance(Map<String, String> facts) {
  /** Key of Winnow's version. */
  public static final String VERSION = "winnow.version";

  /** Key of the digest that identifies the data; a resumed run must have the same. */
  public static final String DATA_SHA256 = "data.sha256";

  /** Key of the data's name. */
  public static final String DATA_NAME = "data.name";

  /** Prefix of the facts of {@link Engine#provenance}. */
  public static final String ENGINE = "engine.";

  /** Its sub-key that says nothing about the numbers. */
  private static final String THREADS = ENGINE + "threads";

  public Provenance {
    facts = Collections.unmodifiableMap(new TreeMap<>(facts));
  }

  /**
   * Of this process.
   *
   * @param version of Winnow
   * @param engine that computes
   * @param dataName of the images
   * @param dataSha256 of the images
   */
  public static Provenance of(String version, Engine engine, String dataName, String dataSha256) {
    Map<String, String> facts = new TreeMap<>();
    facts.put(VERSION, version);
    engine.provenance().forEach((key, value) -> facts.put(ENGINE + key, value));
    facts.put(DATA_NAME, dataName);
    facts.put(DATA_SHA256, dataSha256);
    facts.put("java.vm", property("java.vm.name") + " " + property("java.vm.version"));
    facts.put("java.version", property("java.version"));
    facts.put("os", property("os.name") + " " + property("os.version") + " " + property("os.arch"));
    facts.put("processor", processor());
    facts.put("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    return new Provenance(facts);
  }

  /** Facts that decide the last bits of a number and differ here, as sentences for the user. */
  List<String> differencesFrom(Provenance earlier) {
    List<String> differences = new ArrayList<>();
    for (Map.Entry<String, String> fact : facts.entrySet()) {
      String key = fact.getKey();
      String before = earlier.facts.get(key);
      boolean decides = key.equals(VERSION) || key.startsWith(ENGINE) && !key.equals(THREADS);
      if (decides && before != null && !before.equals(fact.getValue())) {
        differences.add(
            key
                + " was '"
                + before
                + "' and is '"
                + fact.getValue()
                + "': the last bits of new numbers may differ");
      }
    }
    return differences;
  }

  private static String property(String name) {
    return System.getProperty(name, "unknown");
  }

  private static String processor() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      // Not Linux; the architecture is in "os".
    }
    return "unknown";
  }
}
