package dev.winnow.torch;

import dev.winnow.compute.Cotangent;
import dev.winnow.net.NetworkJson;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import dev.winnow.tensor.Dtype;
import dev.winnow.tensor.Safetensors;
import dev.winnow.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A case on disk, for a debugger or another program: {@code target/differential/SEED/} with the
 * network as JSON, which {@code winnow score --network} reads, and every number as safetensors
 * (weights by name, {@code input}, {@code cotangent} or {@code labels}, {@code coefficients},
 * {@code states} and {@code norm} as ordinals, {@code noise.NODE} the normal numbers of a noise
 * operation).
 */
final class SavedCase {
  private SavedCase() {}

  static Path save(RandomCase random) {
    Path folder = Path.of("target", "differential", Long.toString(random.seed()));
    try {
      Files.createDirectories(folder);
      Files.writeString(folder.resolve("network.json"), NetworkJson.write(random.graph()));
      Safetensors.write(folder.resolve("tensors.safetensors"), tensors(random), Dtype.F64);
      return folder.toAbsolutePath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Tensor> tensors(RandomCase random) {
    Map<String, Tensor> tensors = new LinkedHashMap<>(random.values());
    tensors.put("input", random.images());
    if (random.cotangent() instanceof Cotangent.Given given) {
      tensors.put("cotangent", given.values());
    } else {
      List<Integer> labels = ((Cotangent.CrossEntropy) random.cotangent()).labels();
      tensors.put("labels", vector(labels.stream().mapToDouble(label -> label).toArray()));
    }
    double[] coefficients = new double[random.row().size()];
    double[] states = new double[coefficients.length];
    for (int c = 0; c < states.length; c++) {
      coefficients[c] = random.row().coefficient(c);
      states[c] = random.row().state(c).ordinal();
    }
    tensors.put("coefficients", vector(coefficients));
    tensors.put("states", vector(states));
    tensors.put("norm", vector(new double[] {random.norm().ordinal()}));
    int batch = random.batch();
    for (Node node : random.graph().nodes()) {
      if (node.operation() instanceof Operation.Noise) {
        int elements = Math.toIntExact(batch * node.shape().elements());
        double[] drawn = Noise.of(random.noise()).draw(node, elements);
        tensors.put("noise." + node.name(), vector(drawn));
      }
    }
    return tensors;
  }

  private static Tensor vector(double[] values) {
    return new Tensor(new int[] {values.length}, values);
  }
}
