package dev.winnow.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads Python pickles, protocols 0 to 4, as far as batches of images need them: None, booleans,
 * integers, floats, strings, bytes, lists, tuples, dictionaries with string keys, and NumPy arrays
 * of numbers. Opcodes and globals outside the allow-list are errors that name them and their
 * offset. A pickle is a program; this machine knows no call but the four below, which build data,
 * so nothing in a file is ever executed.
 *
 * <p>Work and memory are bounded: one pass over the bytes, every length checked against what is
 * left, at most {@value #MOST_OPCODES} opcodes, and text turned into bytes at most once per byte of
 * the file.
 */
final class Pickle {
  /** A batch of ImageNet16 takes about 130,000, one of CIFAR in protocol 0 about 100,000. */
  static final int MOST_OPCODES = 2_000_000;

  /** Python's None. */
  static final Object NONE =
      new Object() {
        @Override
        public String toString() {
          return "None";
        }
      };

  private static final Object MARK = new Object();

  /** Bytes of the file, or of text that stood for bytes; a Python 2 string is bytes. */
  record Bytes(byte[] source, int from, int length) {
    String latin1() {
      return new String(source, from, length, StandardCharsets.ISO_8859_1);
    }

    ByteBuffer buffer() {
      return ByteBuffer.wrap(source, from, length).order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  /** A NumPy element type: kind u, i, f or b and size in bytes; little-endian. */
  static final class ElementType {
    final char kind;
    final int bytes;

    ElementType(char kind, int bytes) {
      this.kind = kind;
      this.bytes = bytes;
    }

    @Override
    public String toString() {
      return "" + kind + bytes;
    }
  }

  /** A NumPy array, empty until its state is set. */
  static final class Array {
    int[] shape;
    ElementType type;
    boolean columnMajor;
    Bytes values;

    boolean isEmpty() {
      return values == null;
    }
  }

  /** What a pickle may call. */
  private enum Global {
    RECONSTRUCT,
    ARRAY,
    ELEMENT_TYPE,
    ENCODE
  }

  private static final Map<String, Global> GLOBALS =
      Map.of(
          "numpy.core.multiarray _reconstruct", Global.RECONSTRUCT,
          "numpy._core.multiarray _reconstruct", Global.RECONSTRUCT,
          "numpy ndarray", Global.ARRAY,
          "numpy dtype", Global.ELEMENT_TYPE,
          "_codecs encode", Global.ENCODE);

  private final Path file;
  private final byte[] bytes;
  private final ByteBuffer in;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Integer, Object> memo = new HashMap<>();
  private int at; // offset of the current opcode, for messages
  private long encoded;

  private Pickle(Path file, byte[] bytes) {
    this.file = file;
    this.bytes = bytes;
    this.in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The object of a pickle: {@link #NONE}, {@link Boolean}, {@link Long}, {@link Double}, {@link
   * String}, {@link Bytes}, {@link List} (list or tuple), {@link Map}, {@link Array}.
   *
   * @throws IllegalArgumentException for anything else, naming file and offset
   */
  static Object read(Path file, byte[] bytes) {
    return new Pickle(file, bytes).run();
  }

  private Object run() {
    for (int opcodes = 0; opcodes < MOST_OPCODES; opcodes++) {
      at = in.position();
      int opcode = unsigned(1);
      if (opcode == '.') {
        Object result = pop();
        if (!stack.isEmpty()) {
          throw error("STOP leaves " + stack.size() + " more objects on the stack");
        }
        if (in.hasRemaining()) {
          throw error("STOP is followed by " + in.remaining() + " more bytes");
        }
        return result;
      }
      step(opcode);
    }
    throw error("more than " + MOST_OPCODES + " opcodes");
  }

  private void step(int opcode) {
    switch (opcode) {
      case 0x80 -> { // PROTO
        int protocol = unsigned(1);
        if (protocol > 4) {
          throw error("protocol must be in [0, 4] but was " + protocol);
        }
      }
      case 0x95 -> take(eightByteLength(), false); // FRAME: says how much follows, holds nothing
      case '(' -> push(MARK);

      case 'N' -> push(NONE);
      case 0x88 -> push(true); // NEWTRUE
      case 0x89 -> push(false); // NEWFALSE
      case 'I' -> push(integerLine()); // INT
      case 'L' -> push(longLine()); // LONG
      case 'K' -> push((long) unsigned(1)); // BININT1
      case 'M' -> push((long) unsigned(2)); // BININT2
      case 'J' -> push((long) next(4).getInt()); // BININT
      case 0x8a -> push(littleEndian(unsigned(1))); // LONG1
      case 0x8b -> push(littleEndian(length())); // LONG4
      case 'F' -> push(floatLine()); // FLOAT
      case 'G' -> push(next(8).order(ByteOrder.BIG_ENDIAN).getDouble()); // BINFLOAT

      case 'S' -> push(quoted(line())); // STRING
      case 'V' -> push(rawUnicode(line())); // UNICODE
      case 'T', 'B' -> push(take(length(), true)); // BINSTRING, BINBYTES
      case 'U', 'C' -> push(take(unsigned(1), true)); // SHORT_BINSTRING, SHORT_BINBYTES
      case 0x8e -> push(take(eightByteLength(), true)); // BINBYTES8
      case 'X' -> push(utf8(take(length(), true))); // BINUNICODE
      case 0x8c -> push(utf8(take(unsigned(1), true))); // SHORT_BINUNICODE
      case 0x8d -> push(utf8(take(eightByteLength(), true))); // BINUNICODE8

      case ']' -> push(new ArrayList<>()); // EMPTY_LIST
      case 'l', 't' -> push(marked()); // LIST, TUPLE
      case ')' -> push(new ArrayList<>()); // EMPTY_TUPLE
      case 0x85 -> push(popped(1)); // TUPLE1
      case 0x86 -> push(popped(2)); // TUPLE2
      case 0x87 -> push(popped(3)); // TUPLE3
      case 'a' -> append(popped(1)); // APPEND
      case 'e' -> append(marked()); // APPENDS
      case '}' -> push(new HashMap<String, Object>()); // EMPTY_DICT
      case 'd' -> { // DICT
        List<Object> items = marked();
        push(new HashMap<String, Object>());
        put(items);
      }
      case 's' -> put(popped(2)); // SETITEM
      case 'u' -> put(marked()); // SETITEMS

      case 'p' -> memo.put(index(line()), top()); // PUT
      case 'q' -> memo.put(unsigned(1), top()); // BINPUT
      case 'r' -> memo.put(next(4).getInt(), top()); // LONG_BINPUT
      case 0x94 -> memo.put(memo.size(), top()); // MEMOIZE
      case 'g' -> recall(index(line())); // GET
      case 'h' -> recall(unsigned(1)); // BINGET
      case 'j' -> recall(next(4).getInt()); // LONG_BINGET

      case 'c' -> push(global(line().latin1(), line().latin1())); // GLOBAL
      case 0x93 -> { // STACK_GLOBAL
        List<Object> names = popped(2);
        push(global(text(names.get(0)), text(names.get(1))));
      }
      case 'R' -> { // REDUCE
        List<Object> call = popped(2);
        push(build(call.get(0), list(call.get(1))));
      }
      case 'b' -> { // BUILD
        List<Object> state = list(pop());
        setState(top(), state);
      }
      default ->
          throw error(
              "opcode 0x%02x%s is not allowed"
                  .formatted(
                      opcode, opcode > 32 && opcode < 127 ? " '" + (char) opcode + "'" : ""));
    }
  }

  private Global global(String module, String name) {
    Global global = GLOBALS.get(module + " " + name);
    if (global == null) {
      throw error("global " + module + "." + name + " is not allowed");
    }
    return global;
  }

  private Object build(Object callee, List<Object> arguments) {
    if (!(callee instanceof Global global)) {
      throw error("only a global can be called");
    }
    switch (global) {
      case RECONSTRUCT -> { // (ndarray, (0,), b'b'): an array to be filled
        if (arguments.isEmpty() || arguments.get(0) != Global.ARRAY) {
          throw error("only numpy.ndarray can be reconstructed");
        }
        return new Array();
      }
      case ELEMENT_TYPE -> { // ('u1', False, True)
        return elementType(arguments.isEmpty() ? null : text(arguments.get(0)));
      }
      case ENCODE -> { // ('…', 'latin1'): how Python 3 writes bytes in protocols 0 to 2
        if (arguments.size() != 2
            || !(arguments.get(0) instanceof String text)
            || !"latin1".equals(arguments.get(1))) {
          throw error("_codecs.encode needs a string and 'latin1'");
        }
        return latin1(text);
      }
      default -> throw error("numpy.ndarray cannot be called");
    }
  }

  private Bytes latin1(String text) {
    encoded += text.length();
    if (encoded > bytes.length) {
      throw error("encoded text is longer than the file");
    }
    byte[] result = new byte[text.length()];
    for (int i = 0; i < result.length; i++) {
      if (text.charAt(i) > 0xFF) {
        throw error("character " + i + " of encoded text is not latin1");
      }
      result[i] = (byte) text.charAt(i);
    }
    return new Bytes(result, 0, result.length);
  }

  private ElementType elementType(String code) {
    if (code == null || !code.matches("[|<]?(u1|u2|u4|i1|i2|i4|i8|u8|f4|f8|b1)")) {
      throw error("array element type " + code + " is not allowed");
    }
    int length = code.length();
    return new ElementType(code.charAt(length - 2), code.charAt(length - 1) - '0');
  }

  private void setState(Object target, List<Object> state) {
    if (target instanceof ElementType type) {
      // (3, byte order, None, None, None, -1, -1, 0)
      String order = state.size() < 2 ? "" : text(state.get(1));
      if (!order.equals("<") && !(order.equals("|") && type.bytes == 1)) {
        throw error("array byte order must be little-endian but was '" + order + "'");
      }
      for (int i = 2; i < Math.min(5, state.size()); i++) {
        if (state.get(i) != NONE) {
          throw error("structured arrays are not allowed");
        }
      }
      return;
    }
    if (!(target instanceof Array array) || !array.isEmpty()) {
      throw error("only a new array or an element type has a state");
    }
    // (1, shape, element type, column-major, bytes)
    if (state.size() != 5
        || !(state.get(2) instanceof ElementType type)
        || !(state.get(3) instanceof Boolean || state.get(3) instanceof Long)
        || !(state.get(4) instanceof Bytes values)) {
      throw error("array state must be version, shape, element type, order and bytes");
    }
    List<Object> sides = list(state.get(1));
    if (sides.size() > 32) {
      throw error("array has " + sides.size() + " dimensions");
    }
    long elements = 1;
    int[] shape = new int[sides.size()];
    for (int i = 0; i < shape.length; i++) {
      if (!(sides.get(i) instanceof Long side) || side < 0 || side > bytes.length) {
        throw error("array side must be in [0, " + bytes.length + "] but was " + name(sides, i));
      }
      shape[i] = side.intValue();
      elements *= side;
      if (elements > bytes.length) {
        throw error("array is larger than the file");
      }
    }
    if (elements * type.bytes != values.length()) {
      throw error(
          "array of "
              + elements
              + " elements of "
              + type.bytes
              + " bytes has "
              + values.length()
              + " bytes");
    }
    array.shape = shape;
    array.type = type;
    array.columnMajor = Boolean.TRUE.equals(state.get(3)) || Long.valueOf(1).equals(state.get(3));
    array.values = values;
  }

  private static String name(List<Object> items, int i) {
    return items.get(i) instanceof Long number ? number.toString() : "no integer";
  }

  private void append(List<Object> items) {
    list(top()).addAll(items);
  }

  private void put(List<Object> items) {
    if (!(top() instanceof Map<?, ?>)) {
      throw error("only a dictionary takes keys");
    }
    @SuppressWarnings("unchecked") // every map here is made by EMPTY_DICT or DICT
    Map<String, Object> map = (Map<String, Object>) top();
    if (items.size() % 2 != 0) {
      throw error("a key has no value");
    }
    for (int i = 0; i < items.size(); i += 2) {
      map.put(text(items.get(i)), items.get(i + 1));
    }
  }

  private void push(Object value) {
    stack.add(value);
  }

  private Object pop() {
    Object value = top();
    stack.remove(stack.size() - 1);
    return value;
  }

  private Object top() {
    if (stack.isEmpty() || stack.get(stack.size() - 1) == MARK) {
      throw error("the stack is empty");
    }
    return stack.get(stack.size() - 1);
  }

  private List<Object> popped(int count) {
    Object[] items = new Object[count];
    for (int i = count - 1; i >= 0; i--) {
      items[i] = pop();
    }
    return new ArrayList<>(Arrays.asList(items));
  }

  /** What lies above the last mark; the mark goes too. */
  private List<Object> marked() {
    int mark = stack.lastIndexOf(MARK);
    if (mark < 0) {
      throw error("there is no mark on the stack");
    }
    List<Object> above = stack.subList(mark + 1, stack.size());
    List<Object> items = new ArrayList<>(above);
    above.clear();
    stack.remove(mark);
    return items;
  }

  private void recall(int index) {
    if (!memo.containsKey(index)) {
      throw error("nothing was memorised as " + index);
    }
    push(memo.get(index));
  }

  @SuppressWarnings("unchecked") // every list here is a List<Object>
  private List<Object> list(Object value) {
    if (!(value instanceof List<?>)) {
      throw error("a list or tuple is needed here");
    }
    return (List<Object>) value;
  }

  private String text(Object value) {
    // Short, so that hashing and comparing keys stays cheap whatever the file says.
    if (value instanceof String text && text.length() <= 255) {
      return text;
    }
    if (value instanceof Bytes text && text.length() <= 255) {
      return text.latin1();
    }
    throw error("a short string is needed here");
  }

  private int unsigned(int size) {
    ByteBuffer value = next(size);
    return size == 1 ? value.get() & 0xFF : value.getShort() & 0xFFFF;
  }

  private long length() {
    return next(4).getInt() & 0xFFFFFFFFL;
  }

  private long eightByteLength() {
    return next(8).getLong();
  }

  private ByteBuffer next(int size) {
    return take(size, true).buffer();
  }

  /** The next bytes, consumed or only checked to be there. */
  private Bytes take(long size, boolean consume) {
    if (size < 0 || size > in.remaining()) {
      throw error(
          "needs "
              + Long.toUnsignedString(size)
              + " bytes but the file has "
              + in.remaining()
              + " more");
    }
    Bytes taken = new Bytes(bytes, in.position(), (int) size);
    if (consume) {
      in.position(in.position() + (int) size);
    }
    return taken;
  }

  private Bytes line() {
    int from = in.position();
    for (int i = from; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        in.position(i + 1);
        return new Bytes(bytes, from, i - from);
      }
    }
    throw error("a line does not end");
  }

  private Object integerLine() {
    Bytes line = line();
    String text = number(line);
    if (text.equals("00") || text.equals("01")) { // how protocol 0 writes booleans
      return text.equals("01");
    }
    return integer(text);
  }

  private long longLine() {
    String text = number(line());
    return integer(text.endsWith("L") ? text.substring(0, text.length() - 1) : text);
  }

  private int index(Bytes line) {
    long index = integer(number(line));
    if (index < 0 || index > Integer.MAX_VALUE) {
      throw error("memo index must be in [0, 2147483647] but was " + index);
    }
    return (int) index;
  }

  private String number(Bytes line) {
    if (line.length() > 40) {
      throw error("a number has " + line.length() + " characters");
    }
    return line.latin1();
  }

  private long integer(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw error("'" + text + "' is not a 64-bit integer");
    }
  }

  private double floatLine() {
    String text = number(line());
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw error("'" + text + "' is not a number");
    }
  }

  private long littleEndian(long size) {
    if (size > 8) {
      throw error("integers have at most 8 bytes but this has " + size);
    }
    ByteBuffer digits = take(size, true).buffer();
    long value = 0;
    for (int i = 0; i < size; i++) {
      byte digit = digits.get();
      value |= (i == size - 1 ? (long) digit : digit & 0xFFL) << (8 * i);
    }
    return value;
  }

  private String utf8(Bytes text) {
    try {
      // Python writes lone surrogates too; nothing we read holds one.
      return StandardCharsets.UTF_8.newDecoder().decode(text.buffer()).toString();
    } catch (CharacterCodingException e) {
      throw error("a string is not UTF-8");
    }
  }

  /** A Python string literal, as protocol 0 writes a Python 2 string. */
  private Bytes quoted(Bytes line) {
    byte[] s = line.source();
    int last = line.from() + line.length() - 1;
    if (line.length() < 2 || s[line.from()] != s[last] || (s[last] != '\'' && s[last] != '"')) {
      throw error("a string is not in quotes");
    }
    byte[] out = new byte[line.length() - 2];
    int length = 0;
    int i = line.from() + 1;
    while (i < last) {
      byte next = s[i++];
      if (next == '\\') {
        if (i >= last) {
          throw error("a string ends in a backslash");
        }
        byte escape = s[i++];
        if (escape == 'x') {
          next = (byte) hexadecimal(s, i, Math.min(i + 2, last), 2);
          i += 2;
        } else {
          next = escaped(escape);
        }
      }
      out[length++] = next;
    }
    return new Bytes(out, 0, length);
  }

  private byte escaped(byte escape) {
    return switch (escape) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case '\\', '\'', '"' -> escape;
      default -> throw error("escape \\" + (char) (escape & 0xFF) + " is not allowed");
    };
  }

  /** Latin-1 text with escapes \\uXXXX, as protocol 0 writes unicode. */
  private String rawUnicode(Bytes line) {
    StringBuilder out = new StringBuilder();
    byte[] s = line.source();
    int end = line.from() + line.length();
    int i = line.from();
    while (i < end) {
      if (s[i] == '\\' && i + 1 < end && s[i + 1] == 'u') {
        out.append((char) hexadecimal(s, i + 2, Math.min(i + 6, end), 4));
        i += 6;
      } else {
        out.append((char) (s[i++] & 0xFF));
      }
    }
    return out.toString();
  }

  private int hexadecimal(byte[] s, int from, int to, int digits) {
    int value = 0;
    for (int i = from; i < to; i++) {
      int digit = Character.digit(s[i], 16);
      if (digit < 0) {
        throw error("an escape is not hexadecimal");
      }
      value = value * 16 + digit;
    }
    if (to - from != digits) {
      throw error("an escape is not complete");
    }
    return value;
  }

  private IllegalArgumentException error(String what) {
    return new IllegalArgumentException(file + ": pickle at byte " + at + ": " + what);
  }
}
