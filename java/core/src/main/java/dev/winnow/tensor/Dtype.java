package dev.winnow.tensor;

import java.nio.ByteBuffer;

/**
 * Number types of a safetensors file. Constants are spelled as in the file. Values travel as
 * doubles, which hold every one of these types exactly, except 64-bit integers beyond 2⁵³
 * (refused).
 */
public enum Dtype {
  /** One byte, 0 or 1. */
  BOOL(1),
  /** Unsigned 8-bit integer. */
  U8(1),
  /** Signed 8-bit integer. */
  I8(1),
  /** Unsigned 16-bit integer. */
  U16(2),
  /** Signed 16-bit integer. */
  I16(2),
  /** IEEE 754 binary16. */
  F16(2),
  /** The upper half of a binary32. */
  BF16(2),
  /** Unsigned 32-bit integer. */
  U32(4),
  /** Signed 32-bit integer. */
  I32(4),
  /** IEEE 754 binary32. */
  F32(4),
  /** Signed 64-bit integer. */
  I64(8),
  /** IEEE 754 binary64. */
  F64(8);

  /** Largest magnitude up to which every integer is a double. */
  private static final long EXACT = 1L << 53;

  private final int bytes;

  Dtype(int bytes) {
    this.bytes = bytes;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /**
   * The next element of a little-endian buffer.
   *
   * @throws IllegalArgumentException for a value that this type or a double does not have
   */
  double get(ByteBuffer in) {
    return switch (this) {
      case BOOL -> bool(in.get());
      case U8 -> in.get() & 0xFF;
      case I8 -> in.get();
      case U16 -> in.getShort() & 0xFFFF;
      case I16 -> in.getShort();
      case F16 -> half(in.getShort());
      case BF16 -> Float.intBitsToFloat(in.getShort() << 16);
      case U32 -> in.getInt() & 0xFFFFFFFFL;
      case I32 -> in.getInt();
      case F32 -> in.getFloat();
      case I64 -> exact(in.getLong());
      case F64 -> in.getDouble();
    };
  }

  /**
   * Appends a value to a little-endian buffer. Floating-point types round to nearest.
   *
   * @throws IllegalArgumentException for an integer type, which nothing in Winnow writes, and for a
   *     finite value beyond the type's range
   */
  void put(double value, ByteBuffer out) {
    switch (this) {
      case F32 -> {
        float rounded = (float) value;
        if (Float.isInfinite(rounded) && Double.isFinite(value)) {
          throw new IllegalArgumentException(value + " is beyond the range of F32");
        }
        out.putFloat(rounded);
      }
      case F64 -> out.putDouble(value);
      default ->
          throw new IllegalArgumentException("dtype to write must be F32 or F64 but was " + this);
    }
  }

  private static double bool(byte value) {
    if (value != 0 && value != 1) {
      throw new IllegalArgumentException("BOOL must be 0 or 1 but was " + value);
    }
    return value;
  }

  private static double exact(long value) {
    if (value < -EXACT || value > EXACT) {
      throw new IllegalArgumentException("I64 must be within 2^53 of 0 but was " + value);
    }
    return value;
  }

  /** Binary16: 1 sign, 5 exponent, 10 fraction bits; Java has it in the library from 20 on only. */
  private static double half(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    double magnitude =
        switch (exponent) {
          case 0 -> Math.scalb((double) fraction, -24);
          case 0x1F -> fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
          default -> Math.scalb((double) (fraction | 0x400), exponent - 25);
        };
    return bits < 0 ? -magnitude : magnitude;
  }
}
