package dev.winnow.table;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Texts numbered in the order they came, each once, found again by hashing. Texts lie end to end in
 * one array, so 423,624 cells of NAS-Bench-101 take some 60 MB and no object each.
 */
final class KeyIndex {
  private byte[] texts = new byte[1 << 12];
  private int[] ends = new int[64];
  private int[] slots = new int[256]; // number + 1; at most half are taken
  private int size;

  /** Number of texts. */
  int size() {
    return size;
  }

  /** The number of a text; −1 when it has none. */
  int find(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return slots[slot(bytes)] - 1;
  }

  /** The number of a text, its own or the next one. */
  int add(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int slot = slot(bytes);
    if (slots[slot] != 0) {
      return slots[slot] - 1;
    }
    int start = start(size);
    int end = Math.addExact(start, bytes.length);
    if (end > texts.length) {
      texts = Arrays.copyOf(texts, Math.max(end, texts.length + (texts.length >> 1)));
    }
    System.arraycopy(bytes, 0, texts, start, bytes.length);
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, 2 * size);
    }
    ends[size++] = end;
    slots[slot] = size;
    if (2 * size > slots.length) {
      rehash();
    }
    return size - 1;
  }

  /** The text of a number below {@link #size}. */
  String get(int number) {
    int start = start(number);
    return new String(texts, start, ends[number] - start, StandardCharsets.UTF_8);
  }

  /** Gives back room for more texts. */
  void trim() {
    texts = Arrays.copyOf(texts, start(size));
    ends = Arrays.copyOf(ends, size);
  }

  private int start(int number) {
    return number == 0 ? 0 : ends[number - 1];
  }

  /** Where the text is or would be. */
  private int slot(byte[] bytes) {
    int mask = slots.length - 1;
    int slot = hash(bytes, 0, bytes.length) & mask;
    while (slots[slot] != 0 && !equal(slots[slot] - 1, bytes)) {
      slot = slot + 1 & mask;
    }
    return slot;
  }

  private boolean equal(int number, byte[] bytes) {
    return Arrays.equals(texts, start(number), ends[number], bytes, 0, bytes.length);
  }

  private void rehash() {
    slots = new int[2 * slots.length];
    int mask = slots.length - 1;
    for (int number = 0; number < size; number++) {
      int slot = hash(texts, start(number), ends[number]) & mask;
      while (slots[slot] != 0) {
        slot = slot + 1 & mask;
      }
      slots[slot] = number + 1;
    }
  }

  /** FNV-1a, its high bits folded in: notations differ in few characters. */
  private static int hash(byte[] bytes, int from, int to) {
    long hash = 0xcbf29ce484222325L;
    for (int i = from; i < to; i++) {
      hash = (hash ^ bytes[i]) * 0x100000001b3L;
    }
    return (int) (hash ^ hash >>> 32);
  }
}
