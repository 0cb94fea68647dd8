package dev.winnow.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SplitMix64Test {
  /** First outputs for seed 1234567 of the reference C program, prng.di.unimi.it/splitmix64.c. */
  @Test
  void followsTheReferenceProgram() {
    SplitMix64 stream = new SplitMix64(1234567);
    assertEquals(signed(6457827717110365317L), stream.nextSigned());
    assertEquals(signed(3203168211198807973L), stream.nextSigned());
    assertEquals(signed(Long.parseUnsignedLong("9817491932198370423")), stream.nextSigned());
  }

  private static double signed(long bits) {
    return 2 * ((bits >>> 11) / 9007199254740992.0) - 1;
  }
}
