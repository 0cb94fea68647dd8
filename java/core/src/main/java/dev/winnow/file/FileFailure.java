package dev.winnow.file;

import java.io.IOException;
import java.nio.file.Path;

/** What a failure of a file says. */
public final class FileFailure {
  private FileFailure() {}

  /** The message of an input or output error, naming the file. */
  public static String text(String what, Path file, IOException e) {
    String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    String name = file.toString();
    // FileSystemException's message begins with the file, or is nothing else.
    if (reason.equals(name)) {
      reason = e.getClass().getSimpleName();
    } else if (reason.startsWith(name + ": ")) {
      reason = reason.substring(name.length() + 2);
    }
    return "cannot " + what + " " + name + ": " + reason;
  }
}
