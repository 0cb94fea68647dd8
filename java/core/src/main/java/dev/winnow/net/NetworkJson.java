package dev.winnow.net;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.winnow.file.InputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@link NetworkGraph} as JSON, so that a network of one's own can be scored:
 *
 * <pre>{@code
 * {"format": "winnow-network/1",
 *  "input": [3, 32, 32],
 *  "nodes": [
 *    {"name": "conv", "operation": "convolution", "inputs": ["input"],
 *     "outputs": 16, "kernel": 3, "padding": 1},
 *    {"name": "relu", "operation": "relu", "inputs": ["conv"]},
 *    {"name": "pool", "operation": "global-average-pool", "inputs": ["relu"]},
 *    {"name": "classifier", "operation": "linear", "inputs": ["pool"], "outputs": 10}],
 *  "output": "classifier"}
 * }</pre>
 *
 * <p>{@code input} is channels, height, width. A node comes after its inputs, which it names.
 * {@code kernel}, {@code stride}, {@code padding} and {@code dilation} are a number or [height,
 * width]. A supernet has {@code "choices"}, their number; its nodes may have a {@code "choice"},
 * its weighted sums {@code "choices"}, one per input, −1 for always. Tensors are named after their
 * node: {@code conv.weight}. The operations, their fields and what these are when left out:
 *
 * <table>
 *   <caption>Operations</caption>
 *   <tr><td>convolution</td><td>outputs, kernel, stride 1, padding 0, dilation 1, groups 1, bias
 *       false</td></tr>
 *   <tr><td>batch-norm</td><td>affine true, epsilon 1e-5, momentum 0.1</td></tr>
 *   <tr><td>relu</td><td>cap 0 (none)</td></tr>
 *   <tr><td>average-pool</td><td>kernel, stride 1, padding 0, countIncludePad true</td></tr>
 *   <tr><td>max-pool</td><td>kernel, stride 1, padding 0</td></tr>
 *   <tr><td>weighted-sum</td><td>choices −1 each</td></tr>
 *   <tr><td>concat, global-average-pool</td><td></td></tr>
 *   <tr><td>linear</td><td>outputs, bias true</td></tr>
 *   <tr><td>zero</td><td>stride 1</td></tr>
 *   <tr><td>pad-crop</td><td>top 0, bottom 0, left 0, right 0; negative crops</td></tr>
 *   <tr><td>channel-slice</td><td>first 0, count</td></tr>
 *   <tr><td>noise</td><td>deviation</td></tr>
 * </table>
 *
 * <p>{@code "features"}, which may be left out, names the nodes that are the network's {@link
 * NetworkGraph#features}, in node order.
 *
 * <p>Unknown and repeated keys are errors. A file has at most 16 MiB, a network at most 2^20 nodes.
 */
public final class NetworkJson {
  /** What {@code format} must say. */
  public static final String FORMAT = "winnow-network/1";

  private static final int MOST_BYTES = 16 << 20;

  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .streamReadConstraints(
                      StreamReadConstraints.builder().maxNestingDepth(16).build())
                  .build())
          .build();

  private NetworkJson() {}

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException when it is not such a network, naming file, line and node
   * @throws IOException when it cannot be read
   */
  public static NetworkGraph read(Path file) throws IOException {
    long size = Files.size(file);
    if (size > MOST_BYTES) {
      throw new IllegalArgumentException(
          file + ": a network must be at most " + MOST_BYTES + " bytes but is " + size);
    }
    return parse(InputFile.text(file), file.toString());
  }

  /**
   * Reads a text.
   *
   * @param source what to call it in messages
   * @throws IllegalArgumentException when it is not such a network, naming line and node
   */
  public static NetworkGraph parse(String text, String source) {
    try (JsonParser parser = JSON.createParser(text)) {
      return new Reader(parser, source).network();
    } catch (JsonProcessingException e) {
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new IllegalArgumentException(source + ":" + line + ": " + e.getOriginalMessage(), e);
    } catch (IOException e) { // of a text in memory
      throw new IllegalStateException(e);
    }
  }

  /** The text of a network, a line per node; what it reads as is equal to the network. */
  public static String write(NetworkGraph graph) {
    Shape input = graph.nodes().get(0).shape();
    StringBuilder text = new StringBuilder("{\"format\": \"" + FORMAT + "\",\n \"input\": [");
    text.append(input.channels()).append(", ").append(input.height()).append(", ");
    text.append(input.width()).append("],\n");
    if (graph.choices() > 0) {
      text.append(" \"choices\": ").append(graph.choices()).append(",\n");
    }
    if (!graph.features().isEmpty()) {
      ArrayNode features = JSON.createArrayNode();
      graph.features().forEach(node -> features.add(graph.nodes().get(node).name()));
      text.append(" \"features\": ").append(features).append(",\n");
    }
    text.append(" \"nodes\": [");
    for (int i = 1; i < graph.nodes().size(); i++) {
      text.append(i == 1 ? "\n  " : ",\n  ").append(node(graph, graph.nodes().get(i)));
    }
    String output = graph.nodes().get(graph.output()).name();
    return text + "],\n \"output\": " + JSON.getNodeFactory().textNode(output) + "}\n";
  }

  private static ObjectNode node(NetworkGraph graph, Node node) {
    ObjectNode fields = JSON.createObjectNode();
    fields.put("name", node.name());
    fields.put("operation", OperationJson.name(node.operation()));
    ArrayNode inputs = fields.putArray("inputs");
    node.inputs().forEach(input -> inputs.add(graph.nodes().get(input).name()));
    OperationJson.write(node.operation(), fields);
    if (node.choice() != NetworkGraph.ALWAYS) {
      fields.put("choice", node.choice());
    }
    return fields;
  }

  /** The parts of one text as they come. */
  private static final class Reader {
    private final JsonParser parser;
    private final String source;
    private final List<JsonFields> nodes = new ArrayList<>();
    private final Map<String, JsonFields> top = new HashMap<>();

    Reader(JsonParser parser, String source) {
      this.parser = parser;
      this.source = source;
    }

    NetworkGraph network() throws IOException {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw wrong("must be a JSON object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        parser.nextToken();
        switch (key) {
          case "nodes" -> nodes();
          case "format", "input", "choices", "features", "output" -> {
            ObjectNode alone = JSON.createObjectNode();
            String place = place();
            alone.set(key, parser.<JsonNode>readValueAsTree());
            top.put(key, new JsonFields(place, alone));
          }
          default ->
              throw wrong(
                  "unknown key '"
                      + key
                      + "'; known are format, input, choices, features,"
                      + " nodes, output");
        }
      }
      if (parser.nextToken() != null) {
        throw wrong("nothing may follow the object");
      }
      return build();
    }

    private void nodes() throws IOException {
      if (parser.currentToken() != JsonToken.START_ARRAY) {
        throw wrong("nodes must be a list");
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
          throw wrong("node " + (nodes.size() + 1) + " must be an object");
        }
        String place = place() + "node " + (nodes.size() + 1) + ": ";
        nodes.add(new JsonFields(place, parser.readValueAsTree()));
      }
    }

    private NetworkGraph build() {
      String format = top("format").text("format");
      if (!format.equals(FORMAT)) {
        throw top("format").wrong("format", "must be '" + FORMAT + "' but was '" + format + "'");
      }
      int choices = top.containsKey("choices") ? top("choices").integer("choices") : 0;
      Shape input = top("input").shape("input");
      NetworkGraph.Builder graph;
      try {
        graph = NetworkGraph.builder(input, choices);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(source + ": " + e.getMessage(), e);
      }
      Map<String, Integer> index = new HashMap<>(Map.of("input", 0));
      for (JsonFields node : nodes) {
        String name = node.text("name");
        int[] inputs =
            node.texts("inputs").stream()
                .mapToInt(from -> index(node, "inputs", from, index))
                .toArray();
        Operation operation = OperationJson.read(node, inputs.length);
        int choice = node.integer("choice", NetworkGraph.ALWAYS);
        node.requireAllRead();
        try {
          index.put(name, graph.add(name, operation, choice, inputs));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(node.place() + e.getMessage(), e);
        }
      }
      if (top.containsKey("features")) {
        JsonFields features = top("features");
        for (String name : features.texts("features")) {
          int node = index(features, "features", name, index);
          try {
            graph.feature(node);
          } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(features.place() + e.getMessage(), e);
          }
        }
      }
      JsonFields output = top("output");
      return graph.build(index(output, "output", output.text("output"), index));
    }

    private static int index(
        JsonFields fields, String key, String name, Map<String, Integer> index) {
      Integer found = index.get(name);
      if (found == null) {
        throw fields.wrong(key, "must name 'input' or an earlier node but was '" + name + "'");
      }
      return found;
    }

    private JsonFields top(String key) {
      JsonFields found = top.get(key);
      if (found == null) {
        throw new IllegalArgumentException(source + ": must have a key '" + key + "'");
      }
      return found;
    }

    private String place() {
      return source + ":" + parser.currentTokenLocation().getLineNr() + ": ";
    }

    private IllegalArgumentException wrong(String what) {
      return new IllegalArgumentException(place() + what);
    }
  }
}
