package dev.winnow.run;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import java.io.IOException;

/**
 * How the files of a run folder are written: JSON in UTF-8, fields in the order of their records,
 * line feeds, doubles in Java's shortest form that reads back exactly, no value as null.
 */
final class RunFormat {
  /**
   * Major version of ledger, result and provenance. Files of a newer one are refused; new optional
   * fields do not raise it.
   */
  static final int VERSION = 1;

  static final ObjectMapper JSON = mapper();

  private RunFormat() {}

  /** Indented, the same on every system. */
  static ObjectWriter pretty() {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    return JSON.writer(
        new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter));
  }

  /**
   * Refuses what a newer Winnow wrote.
   *
   * @param place file, with line where it has lines
   */
  static void checkVersion(JsonNode version, Object place) {
    if (version == null || !version.isInt() || version.intValue() < 1) {
      throw new IllegalArgumentException(place + ": no format version; not a Winnow run file");
    }
    if (version.intValue() > VERSION) {
      throw new IllegalArgumentException(
          place
              + ": written by a newer Winnow (format "
              + version.intValue()
              + ", this one reads up to "
              + VERSION
              + "); use that version to continue");
    }
  }

  private static ObjectMapper mapper() {
    SimpleModule numbers = new SimpleModule();
    numbers.addSerializer(Double.class, new DoubleWriter());
    numbers.addSerializer(double.class, new DoubleWriter());
    numbers.addDeserializer(double.class, new DoubleReader());
    return JsonMapper.builder()
        .addModule(numbers)
        .enable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
        .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
        .build();
  }

  /** NaN is null: JSON has no such number. Infinities stay words. */
  private static final class DoubleWriter extends StdScalarSerializer<Double> {
    private static final long serialVersionUID = 1L;

    DoubleWriter() {
      super(Double.class);
    }

    @Override
    public void serialize(Double value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      if (value.isNaN()) {
        out.writeNull();
      } else {
        out.writeNumber(value);
      }
    }
  }

  private static final class DoubleReader extends StdScalarDeserializer<Double> {
    private static final long serialVersionUID = 1L;

    DoubleReader() {
      super(double.class);
    }

    @Override
    public Double deserialize(JsonParser in, DeserializationContext context) throws IOException {
      if (in.hasToken(JsonToken.VALUE_STRING) && in.getText().matches("-?Infinity")) {
        return Double.valueOf(in.getText());
      }
      return in.getDoubleValue();
    }

    @Override
    public Double getNullValue(DeserializationContext context) {
      return Double.NaN;
    }
  }
}
