package dev.winnow.file;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads files so that every failure names the file. */
public final class InputFile {
  private InputFile() {}

  /**
   * A whole text.
   *
   * @throws IllegalArgumentException when it is not UTF-8
   * @throws IOException when it cannot be read
   */
  public static String text(Path file) throws IOException {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(file + ": not UTF-8", e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /** The failure of a read, with the file: the JDK says of a folder only that it is one. */
  public static IOException unreadable(Path file, IOException e) {
    return e instanceof FileSystemException ? e : new IOException(file + ": " + e.getMessage(), e);
  }
}
