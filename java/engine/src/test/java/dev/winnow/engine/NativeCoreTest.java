package dev.winnow.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Loading happens once per process, so each case gets a JVM of its own. */
class NativeCoreTest {
  @TempDir Path folder;

  /** Opens the engine twice and prints what it says. */
  static final class Opener {
    private Opener() {}

    public static void main(String[] arguments) {
      for (int attempt = 0; attempt < 2; attempt++) {
        try (NativeEngine engine = NativeEngine.open("cpu", 1)) {
          System.out.println("opened " + engine.provenance().get("kind"));
        } catch (NativeUnavailableException e) {
          System.out.println("unavailable: " + e.getMessage().replaceAll("\\R\\s*", "; "));
        }
      }
    }
  }

  @Test
  void explicitFolderWithoutTheLibraryIsFinal() throws Exception {
    ChildJvm.Result result =
        ChildJvm.run(Opener.class, List.of("-Dwinnow.library.path=" + folder), List.of());
    String expected =
        "unavailable: "
            + folder.resolve("libwinnow.so")
            + ": no such file (winnow.library.path is "
            + folder
            + ")";
    assertEquals(List.of(expected, expected), result.lines(), result.toString());
  }

  @Test
  void explicitFileThatIsNoLibrarySaysWhy() throws Exception {
    Path file = Files.writeString(folder.resolve("libwinnow.so"), "not a library");
    ChildJvm.Result result =
        ChildJvm.run(Opener.class, List.of("-Dwinnow.library.path=" + folder), List.of());
    assertEquals(2, result.lines().size(), result.toString());
    assertEquals(result.lines().get(0), result.lines().get(1));
    assertTrue(result.lines().get(0).startsWith("unavailable: " + file + ": "), result.toString());
  }

  @Test
  void explicitFolderIsWhereTheLibraryComesFrom() throws Exception {
    Path bundled = Path.of(resource("linux-x86_64/libwinnow.so"));
    Files.copy(bundled, folder.resolve("libwinnow.so"));
    ChildJvm.Result result =
        ChildJvm.run(MappedLibraries.class, List.of("-Dwinnow.library.path=" + folder), List.of());
    assertEquals(
        List.of(folder.resolve("libwinnow.so").toRealPath().toString()),
        result.lines(),
        result.toString());
  }

  /** Opens the engine and prints every file called libwinnow.so that this process has mapped. */
  static final class MappedLibraries {
    private MappedLibraries() {}

    public static void main(String[] arguments) throws IOException {
      NativeEngine.open("cpu", 1).close();
      Files.readAllLines(Path.of("/proc/self/maps")).stream()
          .filter(line -> line.endsWith("/libwinnow.so"))
          .map(line -> line.substring(line.indexOf('/')))
          .distinct()
          .forEach(System.out::println);
    }
  }

  @Test
  void missingNativesAreReportedOnUseNotOnLoadingClasses() throws Exception {
    Path classes =
        Path.of(NativeEngine.class.getProtectionDomain().getCodeSource().getLocation().getPath());
    try (var files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        Path copy = folder.resolve(classes.relativize(file).toString());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
    String classPath =
        System.getProperty("java.class.path").replace(classes.toString(), folder.toString());
    ChildJvm.Result result = ChildJvm.run(Opener.class, List.of("-cp", classPath), List.of());
    assertEquals(2, result.lines().size(), result.toString());
    assertEquals(result.lines().get(0), result.lines().get(1));
    assertTrue(
        result.lines().get(0).contains("is the classifier JAR on the class path?"),
        result.toString());
  }

  private static String resource(String name) {
    return dev.winnow.engine.bindings.NativeLibrary.class.getResource(name).getPath();
  }
}
