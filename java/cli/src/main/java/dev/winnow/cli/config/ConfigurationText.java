package dev.winnow.cli.config;

import java.util.List;
import java.util.Map;

/** Writes a configuration as YAML that {@link Configuration} reads back: a comment, then a key. */
public final class ConfigurationText {
  private static final int WIDTH = 92;

  private ConfigurationText() {}

  /**
   * @param heading comment at the top
   * @param settings every key, those of one group together
   * @param values by key; a key without a value is written as a comment
   */
  public static String of(String heading, List<Setting> settings, Map<String, String> values) {
    StringBuilder text = new StringBuilder();
    comment(text, "", heading);
    String group = "";
    for (Setting setting : settings) {
      int dot = setting.key().lastIndexOf('.');
      String own = dot < 0 ? "" : setting.key().substring(0, dot);
      if (!own.equals(group) && !own.isEmpty()) {
        text.append('\n').append(own).append(":\n");
      }
      String indent = own.isEmpty() ? "" : "  ";
      if (own.isEmpty()) {
        text.append('\n');
      }
      group = own;
      String words =
          setting.choices().isEmpty() ? "" : " (" + String.join(", ", setting.choices()) + ")";
      comment(text, indent, setting.description() + words);
      String value = values.get(setting.key());
      text.append(value == null ? indent + "# " : indent)
          .append(setting.key().substring(dot + 1))
          .append(": ")
          .append(value == null ? "…" : setting.quoted(value))
          .append('\n');
    }
    return text.toString();
  }

  private static void comment(StringBuilder text, String indent, String words) {
    StringBuilder line = new StringBuilder();
    for (String word : words.split(" ")) {
      if (line.length() > 0 && indent.length() + line.length() + 3 + word.length() > WIDTH) {
        text.append(indent).append('#').append(line).append('\n');
        line.setLength(0);
      }
      line.append(' ').append(word);
    }
    text.append(indent).append('#').append(line).append('\n');
  }
}
