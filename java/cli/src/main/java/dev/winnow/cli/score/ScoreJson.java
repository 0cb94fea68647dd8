package dev.winnow.cli.score;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;

/** The object that {@code score --json} prints, architecture by architecture. */
public final class ScoreJson implements ScoreSink {
  private final JsonGenerator out;

  /**
   * @param stream stays open
   * @param protocol stored with every value
   */
  public ScoreJson(OutputStream stream, Map<String, String> protocol) throws IOException {
    out = new JsonFactory().createGenerator(stream);
    out.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    out.useDefaultPrettyPrinter();
    out.writeStartObject();
    out.writeObjectFieldStart("protocol");
    for (Map.Entry<String, String> entry : protocol.entrySet()) {
      out.writeStringField(entry.getKey(), entry.getValue());
    }
    out.writeEndObject();
    out.writeArrayFieldStart("architectures");
  }

  /** Adds an architecture. */
  @Override
  public void write(String architecture, Map<String, Summary> summaries) throws IOException {
    out.writeStartObject();
    out.writeStringField("architecture", architecture);
    for (Map.Entry<String, Summary> entry : summaries.entrySet()) {
      Summary summary = entry.getValue();
      out.writeObjectFieldStart(entry.getKey());
      number("value", summary.mean());
      number("standardError", summary.standardError());
      out.writeNumberField("repeats", summary.values());
      if (!summary.note().isEmpty()) {
        out.writeStringField("note", summary.note());
      }
      out.writeEndObject();
    }
    out.writeEndObject();
  }

  private void number(String name, double value) throws IOException {
    if (Double.isNaN(value)) {
      out.writeNullField(name);
    } else {
      out.writeNumberField(name, value);
    }
  }

  @Override
  public void close() throws IOException {
    out.writeEndArray();
    out.writeEndObject();
    out.writeRaw('\n');
    out.close();
  }
}
