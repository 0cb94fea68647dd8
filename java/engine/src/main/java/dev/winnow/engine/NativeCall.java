package dev.winnow.engine;

import dev.winnow.compute.CancelledException;
import dev.winnow.engine.bindings.Winnow;
import dev.winnow.engine.bindings.winnow_error;
import java.nio.charset.StandardCharsets;

/** Makes a native call and turns its status into an exception. */
@FunctionalInterface
interface NativeCall {
  /** Calls with a place for the error text; returns the status. */
  int with(winnow_error error);

  /**
   * @param name the native function, for the message
   * @param device where it runs, for the message
   * @throws IllegalArgumentException for INVALID, with the native text
   * @throws CancelledException for CANCELLED
   * @throws NativeException for every other failure
   */
  static void make(String name, String device, NativeCall call) {
    try (winnow_error error = new winnow_error()) {
      int status = call.with(error);
      if (status != Winnow.WINNOW_OK) {
        String text = error.text().getString(StandardCharsets.UTF_8);
        throw failure(status, name, device, text);
      }
    }
  }

  private static RuntimeException failure(int status, String name, String device, String text) {
    if (status == Winnow.WINNOW_INVALID) {
      return new IllegalArgumentException(text);
    }
    if (status == Winnow.WINNOW_CANCELLED) {
      return new CancelledException(name + " was cancelled");
    }
    NativeException.Code[] codes = NativeException.Code.values();
    NativeException.Code code =
        status > 0 && status < codes.length ? codes[status] : NativeException.Code.INTERNAL;
    return new NativeException(code, name, device, text);
  }
}
