package dev.winnow.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.winnow.compute.Engine;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_device;
import dev.winnow.engine.bindings.winnow_device_options;
import dev.winnow.net.NetworkGraph;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
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
  private final winnow_device device;
  private final SortedMap<String, String> provenance;
  private int plans;
  private boolean closed;

  private NativeEngine(String name, winnow_device device) {
    this.name = name;
    this.device = device;
    this.provenance = Collections.unmodifiableSortedMap(describe());
  }

  /**
   * Opens a device with its best kernels.
   *
   * @param device {@code cpu}
   * @param threads worker threads in [1, 1024]; 0 for as many as this process may use
   */
  public static NativeEngine open(String device, int threads) {
    return open(DeviceOptions.of(device).withThreads(threads));
  }

  /**
   * Opens a device.
   *
   * @throws IllegalArgumentException for an unknown device or variant, or an option out of range
   * @throws NativeException with code UNSUPPORTED for a device or variant that is not here
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
        BytePointer variant =
            options.variant().isEmpty()
                ? null
                : new BytePointer(options.variant(), StandardCharsets.UTF_8)) {
      struct
          .size(struct.sizeof())
          .kind(kind)
          .index(index)
          .threads(options.threads())
          .variant(variant)
          .byte_budget(options.byteBudget());
      NativeCall.make(
          "winnow_device_open",
          options.device(),
          error -> Winnow.winnow_device_open(struct, device, error));
    }
    try {
      return new NativeEngine(options.device(), device);
    } catch (RuntimeException e) {
      Winnow.winnow_device_close(device);
      throw e;
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
    long[] needed = new long[1];
    NativeCall.make(
        "winnow_device_describe",
        name,
        error -> Winnow.winnow_device_describe(device, (byte[]) null, 0, needed, error));
    byte[] text = new byte[Math.toIntExact(needed[0])];
    NativeCall.make(
        "winnow_device_describe",
        name,
        error -> Winnow.winnow_device_describe(device, text, text.length, needed, error));
    SortedMap<String, String> facts = new TreeMap<>();
    try {
      String json = new String(text, 0, text.length - 1, StandardCharsets.UTF_8);
      JSON.readValue(json, new TypeReference<Map<String, Object>>() {})
          .forEach((fact, value) -> facts.put(fact, value.toString()));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("winnow_device_describe gave no JSON", e);
    }
    return facts;
  }
}
