package dev.winnow.engine;

import dev.winnow.engine.bindings.NativeLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.bytedeco.javacpp.Loader;

/**
 * The native bench harness {@code winnow_bench} and its problem sizes, as they travel beside the
 * native core. It is a program of its own: what it times shares no process with a JVM.
 */
public final class BenchHarness {
  private static final String PROGRAM = "winnow_bench";
  private static final List<String> SHAPES = List.of("published.txt", "tiny.txt");
  // What is timed of a network; other lines of the sizes name none.
  private static final Set<String> OF_NETWORKS = Set.of("ntk", "regions");

  private final Path folder;

  private BenchHarness(Path folder) {
    this.folder = folder;
  }

  /**
   * Writes program and sizes into a folder, which the caller removes.
   *
   * @throws IOException when this build carries no harness, or the folder cannot be written
   */
  public static BenchHarness unpack(Path folder) throws IOException {
    Path program = copy(PROGRAM, folder);
    if (!program.toFile().setExecutable(true, true)) {
      throw new IOException(program + " cannot be made executable");
    }
    Set<String> networks = new TreeSet<>();
    for (String shapes : SHAPES) {
      for (String line : Files.readAllLines(copy("shapes/" + shapes, folder))) {
        String[] words = line.split("#", 2)[0].strip().split("\\s+");
        if (words.length > 2 && OF_NETWORKS.contains(words[1])) {
          networks.add(words[2]);
        }
      }
    }
    for (String network : networks) {
      copy("shapes/networks/" + network + ".txt", folder);
    }
    return new BenchHarness(folder);
  }

  /**
   * The harness with these arguments ({@code bench/native/winnow_bench.cc} explains them), its
   * streams those of this process. Its exit codes are the command line's.
   */
  public ProcessBuilder command(List<String> arguments) {
    ProcessBuilder builder = new ProcessBuilder(folder.resolve(PROGRAM).toString()).inheritIO();
    builder.command().addAll(arguments);
    builder.environment().put("WINNOW_BENCH_SHAPES", folder.resolve("shapes").toString());
    return builder;
  }

  private static Path copy(String name, Path folder) throws IOException {
    String resource = Loader.getPlatform() + "/bench/" + name;
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    try (InputStream in = NativeLibrary.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new IOException("this build of Winnow carries no " + resource);
      }
      Files.copy(in, file);
    }
    return file;
  }
}
