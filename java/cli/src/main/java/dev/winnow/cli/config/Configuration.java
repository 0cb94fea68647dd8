package dev.winnow.cli.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Values of settings from a file and from the command line; later ones win. Every key must be known
 * and every value must have the setting's type; messages name file and line.
 */
public final class Configuration {
  private record Entry(String value, String place) {}

  private final Map<String, Setting> settings = new LinkedHashMap<>();
  private final Map<String, Entry> values = new LinkedHashMap<>();

  /**
   * @param known every key there is
   */
  public Configuration(List<Setting> known) {
    known.forEach(setting -> settings.put(setting.key(), setting));
  }

  /**
   * Reads a YAML file; nested maps become dotted keys.
   *
   * @throws IOException when it cannot be read
   * @throws IllegalArgumentException for an unknown key, a value of the wrong type, a list, or text
   *     that is not YAML
   */
  public void read(Path file) throws IOException {
    try (Reader reader = Files.newBufferedReader(file)) {
      read(reader, file);
    }
  }

  /**
   * Reads YAML text.
   *
   * @param file where it is from, for messages
   * @throws IllegalArgumentException as {@link #read(Path)}
   */
  public void read(Reader reader, Path file) throws IOException {
    YAMLFactory yaml = new YAMLFactory();
    // Without it the parser silently keeps the last of two equal keys.
    yaml.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
    try (JsonParser parser = yaml.createParser(reader)) {
      read(parser, file);
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new IllegalArgumentException(
          file + ":" + line + ": " + e.getOriginalMessage().lines().findFirst().orElse("no YAML"));
    }
  }

  private void read(JsonParser parser, Path file) throws IOException {
    Deque<String> path = new ArrayDeque<>();
    String key = "";
    for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
      String place = file + ":" + parser.currentTokenLocation().getLineNr();
      switch (token) {
        case START_OBJECT -> path.addLast(key);
        case END_OBJECT -> path.removeLast();
        case FIELD_NAME -> {
          String parent = path.getLast();
          key = parent.isEmpty() ? parser.currentName() : parent + "." + parser.currentName();
          checkKnown(key, place);
        }
        case VALUE_NULL ->
            throw new IllegalArgumentException(key + " has no value (" + place + ")");
        case VALUE_STRING, VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT, VALUE_TRUE, VALUE_FALSE -> {
          if (key.isEmpty()) {
            throw new IllegalArgumentException(place + ": expected keys with values");
          }
          set(key, parser.getText(), place);
        }
        default -> throw new IllegalArgumentException(key + " cannot be a list (" + place + ")");
      }
    }
  }

  /**
   * Takes {@code key=value} from the command line.
   *
   * @throws IllegalArgumentException for an unknown key or a value of the wrong type
   */
  public void assign(String assignment) {
    int equals = assignment.indexOf('=');
    if (equals < 1) {
      throw new IllegalArgumentException("--set needs key=value but got '" + assignment + "'");
    }
    String key = assignment.substring(0, equals).strip();
    checkKnown(key, "--set " + assignment);
    set(key, assignment.substring(equals + 1).strip(), "--set " + assignment);
  }

  /** Sets a value that an option of its own gave. */
  public void set(String key, String value, String place) {
    Setting setting = settings.get(key);
    if (setting == null) {
      throw new IllegalArgumentException(
          key + " is a group of keys and has no value (" + place + ")");
    }
    setting.check(value, place);
    values.put(key, new Entry(value, place));
  }

  private void checkKnown(String key, String place) {
    boolean known =
        settings.containsKey(key)
            || settings.keySet().stream().anyMatch(other -> other.startsWith(key + "."));
    if (!known) {
      throw new IllegalArgumentException(
          "unknown key '"
              + key
              + "' ("
              + place
              + "); did you mean '"
              + NearestKey.to(key, settings.keySet())
              + "'?");
    }
  }

  /** The value of a key where one was given. */
  public Optional<String> get(String key) {
    if (!settings.containsKey(key)) {
      throw new IllegalStateException("no setting called " + key);
    }
    return Optional.ofNullable(values.get(key)).map(Entry::value);
  }

  /** Where the value of a key was written, for messages. */
  public String place(String key) {
    Entry entry = values.get(key);
    return entry == null ? "default" : entry.place();
  }

  /** The whole number of a key, or a default. */
  public int integer(String key, int otherwise) {
    return get(key).map(text -> parseInt(key, text)).orElse(otherwise);
  }

  private int parseInt(String key, String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          key + " must fit 32 bits but was " + text + " (" + place(key) + ")");
    }
  }

  /** The whole number of a key, or a default. */
  public long longInteger(String key, long otherwise) {
    return get(key).map(Long::parseLong).orElse(otherwise);
  }

  /** The number of a key, or a default. */
  public double number(String key, double otherwise) {
    return get(key).map(Double::parseDouble).orElse(otherwise);
  }

  /** The switch of a key, or a default. */
  public boolean flag(String key, boolean otherwise) {
    return get(key).map(Boolean::parseBoolean).orElse(otherwise);
  }

  /** The text of a key, or a default. */
  public String text(String key, String otherwise) {
    return get(key).orElse(otherwise);
  }

  /** The keys there are, in order. */
  public List<Setting> settings() {
    return List.copyOf(settings.values());
  }

  /** Keys that were given, in the order of the settings. */
  public List<String> given() {
    List<String> given = new ArrayList<>(settings.keySet());
    given.retainAll(values.keySet());
    return given;
  }
}
