package dev.winnow.run;

import dev.winnow.file.FileFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Holds a run folder for this process. The system lets go of the lock when the process ends,
 * however it ends; the file {@code .lock} stays and says who held it last.
 */
final class FolderLock implements AutoCloseable {
  static final String FILE = ".lock";

  private final FileChannel channel;

  private FolderLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * @throws IllegalStateException when another run holds the folder, naming its process
   * @throws UncheckedIOException when the folder cannot be written, naming the file
   */
  static FolderLock acquire(Path folder) {
    Path file = folder.resolve(FILE);
    FileChannel channel;
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new UncheckedIOException(FileFailure.text("write", file, e), e);
    }
    try {
      FileLock lock = tryLock(channel);
      if (lock == null) {
        String holder = Files.readString(file).strip();
        throw new IllegalStateException(
            "run folder "
                + folder
                + " is in use by "
                + (holder.isEmpty() ? "another process" : holder)
                + "; wait for it or stop it");
      }
      channel.truncate(0);
      channel.write(StandardCharsets.UTF_8.encode(self() + "\n"), 0);
      return new FolderLock(channel);
    } catch (IOException | RuntimeException e) {
      try {
        channel.close();
      } catch (IOException closing) {
        e.addSuppressed(closing);
      }
      if (e instanceof IOException io) {
        throw new UncheckedIOException(FileFailure.text("lock", file, io), io);
      }
      throw (RuntimeException) e;
    }
  }

  private static FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // this process itself
    }
  }

  private static String self() {
    return "process " + ProcessHandle.current().pid();
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
