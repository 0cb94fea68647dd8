package dev.winnow.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.winnow.compute.Engine;
import dev.winnow.compute.Pass;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.compute.PlanOptions.Precision;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_device;
import dev.winnow.engine.bindings.winnow_device_options;
import dev.winnow.engine.bindings.winnow_error;
import dev.winnow.net.NetworkGraph;
import dev.winnow.net.Node;
import dev.winnow.net.Operation;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;

/**
 * The native core on one device. Thread-safe; plans of one engine take turns on its threads.
 *
 * <p><b>Memory</b>: the engine owns the worker threads; each plan owns its arena. {@link #close} is
 * harmless twice; plans that are still open keep working, and the last one to close releases the
 * device.
 *
 * <p><b>Fails</b>: {@link NativeUnavailableException} from the first {@code open} on a machine
 * where the core cannot be loaded; {@link IllegalStateException} after {@link #close}.
 */
public final class NativeEngine implements Engine {
  private static final Pattern DEVICE = Pattern.compile("(cpu|cuda)(?::(\\d{1,4}))?");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String name;
  private final int kind;
  private final winnow_device device;
  private final SortedMap<String, String> provenance;
  private int plans;
  private boolean closed;

  private NativeEngine(String name, int kind, winnow_device device) {
    this.name = name;
    this.kind = kind;
    this.device = device;
    this.provenance = Collections.unmodifiableSortedMap(describe());
  }

  /**
   * Opens a device with its best kernels.
   *
   * @param device {@code cpu}, or {@code cuda} or {@code cuda:N} where {@link #accelerators} says
   *     so
   * @param threads worker threads in [1, {@value DeviceOptions#MOST_THREADS}]; 0 for as many as
   *     this process may use
   */
  public static NativeEngine open(String device, int threads) {
    return open(DeviceOptions.of(device).withThreads(threads));
  }

  /**
   * Opens a device.
   *
   * @throws IllegalArgumentException for an unknown device or variant, or an option out of range
   * @throws NativeException with code UNSUPPORTED for a device or variant that is not here; the
   *     message says what was found
   * @throws NativeUnavailableException when the core cannot be loaded
   */
  public static NativeEngine open(DeviceOptions options) {
    Matcher parsed = DEVICE.matcher(options.device());
    if (!parsed.matches()) {
      throw new IllegalArgumentException(
          "device must be cpu, cuda or cuda:N but was '" + options.device() + "'");
    }
    NativeCore.load();
    int kind = parsed.group(1).equals("cpu") ? Winnow.WINNOW_CPU : Winnow.WINNOW_CUDA;
    int index = parsed.group(2) == null ? 0 : Integer.parseInt(parsed.group(2));
    winnow_device device = new winnow_device();
    try (winnow_device_options struct = new winnow_device_options();
        BytePointer variant = text(options.variant());
        BytePointer library = kind == Winnow.WINNOW_CUDA ? text(NativeCore.gpuLibrary()) : null) {
      struct
          .size(struct.sizeof())
          .kind(kind)
          .index(index)
          .threads(options.threads())
          .variant(variant)
          .byte_budget(options.byteBudget())
          .library(library);
      NativeCall.make(
          "winnow_device_open",
          options.device(),
          error -> Winnow.winnow_device_open(struct, device, error));
    }
    try {
      return new NativeEngine(options.device(), kind, device);
    } catch (RuntimeException e) {
      Winnow.winnow_device_close(device);
      throw e;
    }
  }

  /**
   * What there is to open besides the CPU, found anew by every call: {@code cuda driver}, {@code
   * cuda library} and each GPU as {@code cuda:N}, with a sentence that says what it is and, where
   * it cannot be opened, why. Asking costs the start of the driver, where there is one.
   *
   * @throws NativeUnavailableException when the core cannot be loaded
   */
  public static Map<String, String> accelerators() {
    NativeCore.load();
    try (BytePointer library = text(NativeCore.gpuLibrary())) {
      return facts(
          "winnow_devices_describe",
          "cuda",
          (text, needed, error) ->
              Winnow.winnow_devices_describe(
                  library, text, text == null ? 0 : text.length, needed, error));
    }
  }

  @Override
  public Plan plan(NetworkGraph graph, PlanOptions options) {
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("engine is closed");
      }
      plans++;
    }
    try {
      return new NativePlan(this, graph, options);
    } catch (RuntimeException | Error e) {
      release();
      throw e;
    }
  }

  @Override
  public Optional<String> refusal(NetworkGraph graph, Precision precision, Pass pass) {
    return refusal(name, kind, graph, precision, pass);
  }

  /** The same of any device of a {@code winnow_device_kind}; none need be here. */
  static Optional<String> refusal(
      String device, int kind, NetworkGraph graph, Precision precision, Pass pass) {
    NativeCore.load();
    for (NativePass needed : NativePass.of(pass)) {
      List<Node> without =
          graph.nodes().stream()
              .filter(node -> !supports(node.operation(), needed, precision, kind))
              .toList();
      if (!without.isEmpty()) {
        boolean all = without.size() == graph.nodes().size();
        return Optional.of(
            device
                + " has no "
                + needed.text()
                + " in "
                + precision.name().toLowerCase(Locale.ROOT)
                + (all ? "" : " through node " + without.get(0).name()));
      }
    }
    return Optional.empty();
  }

  private static boolean supports(
      Operation operation, NativePass pass, Precision precision, int kind) {
    int dtype = precision.ordinal(); // FLOAT32, FLOAT64 as winnow_dtype
    return Winnow.winnow_supports(NetworkBlob.code(operation), pass.code(), dtype, kind) == 1;
  }

  /**
   * Facts of the device, sorted by name: {@code abi}, {@code byte_budget}, {@code commit}, {@code
   * kind}, {@code threads}, {@code variant}, {@code variants} and what the process may use.
   */
  @Override
  public Map<String, String> provenance() {
    return provenance;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      closeDevice();
    }
  }

  String name() {
    return name;
  }

  winnow_device device() {
    return device;
  }

  /** One plan fewer. */
  synchronized void release() {
    plans--;
    closeDevice();
  }

  private void closeDevice() {
    if (closed && plans == 0) {
      Winnow.winnow_device_close(device);
    }
  }

  private SortedMap<String, String> describe() {
    return new TreeMap<>(
        facts(
            "winnow_device_describe",
            name,
            (text, needed, error) ->
                Winnow.winnow_device_describe(
                    device, text, text == null ? 0 : text.length, needed, error)));
  }

  /** A native call that writes a JSON object, or with no text says how long it is. */
  private interface Description {
    int write(byte[] text, long[] needed, winnow_error error);
  }

  private static Map<String, String> facts(String call, String device, Description description) {
    long[] needed = new long[1];
    NativeCall.make(call, device, error -> description.write(null, needed, error));
    byte[] text = new byte[Math.toIntExact(needed[0])];
    NativeCall.make(call, device, error -> description.write(text, needed, error));
    Map<String, String> facts = new LinkedHashMap<>();
    try {
      String json = new String(text, 0, text.length - 1, StandardCharsets.UTF_8);
      JSON.readValue(json, new TypeReference<Map<String, Object>>() {})
          .forEach((fact, value) -> facts.put(fact, value.toString()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(call + " gave no JSON", e);
    }
    return facts;
  }

  private static BytePointer text(String value) {
    return value.isEmpty() ? null : new BytePointer(value, StandardCharsets.UTF_8);
  }
}
