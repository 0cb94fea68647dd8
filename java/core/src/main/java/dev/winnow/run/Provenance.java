package dev.winnow.run;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * Where and with what a session of a run computed: version, commit, kernel variant, JVM, processor,
 * data. Never compared between runs, except the data's digest, which a resumed run must share.
 *
 * @param facts stable keys, sorted
 */
public record Provenance(Map<String, String> facts) {
  /** Key of the digest that identifies the data. */
  public static final String DATA_SHA256 = "data.sha256";

  public Provenance {
    facts = Collections.unmodifiableMap(new TreeMap<>(facts));
  }
}
