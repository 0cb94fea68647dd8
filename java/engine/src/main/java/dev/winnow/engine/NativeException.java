package dev.winnow.engine;

/** A native call failed for a reason that is not the caller's argument. */
public final class NativeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Code code;
  private final String call;
  private final String device;

  NativeException(Code code, String call, String device, String text) {
    super(call + " failed on " + device + ": " + text);
    this.code = code;
    this.call = call;
    this.device = device;
  }

  /** What kind of failure. */
  public Code code() {
    return code;
  }

  /** The native function, for example {@code winnow_ntk}. */
  public String call() {
    return call;
  }

  /** The device, for example {@code cpu}. */
  public String device() {
    return device;
  }

  /** Ordinals are the native core's {@code winnow_status} and never change. */
  public enum Code {
    /** No failure; no exception has it. */
    OK,
    /** A wrong argument; Java throws {@link IllegalArgumentException} instead. */
    INVALID,
    /** Legal, but this build or device cannot do it. */
    UNSUPPORTED,
    /** More memory than there is or than the device's budget allows. */
    OUT_OF_MEMORY,
    /** Stopped by its flag. */
    CANCELLED,
    /** Stopped by its progress callback. */
    CALLBACK_FAILED,
    /** The device refused or failed. */
    DEVICE_FAILED,
    /** A defect of the native core. */
    INTERNAL
  }
}
