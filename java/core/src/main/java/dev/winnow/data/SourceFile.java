package dev.winnow.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A file that images were read from, for provenance.
 *
 * @param name without its folder
 * @param bytes its size
 * @param sha256 of its content, in lower-case hexadecimal
 */
public record SourceFile(String name, long bytes, String sha256) {

  static SourceFile of(Path file, byte[] content) {
    return new SourceFile(
        file.getFileName().toString(),
        content.length,
        HexFormat.of().formatHex(digest().digest(content)));
  }

  /**
   * A whole file.
   *
   * @throws IllegalArgumentException when it is empty or larger than such a file can be
   */
  static byte[] read(Path file, long largest) throws IOException {
    long size = Files.size(file);
    if (size < 1 || size > largest) {
      throw new IllegalArgumentException(
          file + ": size must be in [1, " + largest + "] bytes but was " + size);
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] content = in.readNBytes((int) size);
      if (content.length < size) {
        throw new EOFException(file + " ended at byte " + content.length + " while read");
      }
      return content;
    }
  }

  static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }
}
