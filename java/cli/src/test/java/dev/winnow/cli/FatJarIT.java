package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The fat JAR on another machine, as far as one machine can tell: copied elsewhere, another home
 * folder, an empty PATH, no other variable, a runtime without development tools.
 */
class FatJarIT {
  private static final Path JAVA_HOME = Path.of(System.getProperty("java.home"));

  /** What the JAR needs of Java; java.desktop is not among it. */
  private static final String MODULES = "java.base,java.management,jdk.management,jdk.unsupported";

  @TempDir Path folder;

  record Result(int exitCode, String output, String errors) {}

  @Test
  void runsWithAnotherHomeAndAnEmptyPath() throws Exception {
    assertComputes(JAVA_HOME.resolve("bin/java"));
  }

  @Test
  void runsOnALinkedRuntime() throws Exception {
    Path jlink = JAVA_HOME.resolve("bin/jlink");
    assumeTrue(Files.isExecutable(jlink), () -> "skipped: no " + jlink);
    Path runtime = folder.resolve("runtime");
    Process process =
        new ProcessBuilder(
                jlink.toString(),
                "--add-modules",
                MODULES,
                "--no-header-files",
                "--no-man-pages",
                "--output",
                runtime.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    assertComputes(runtime.resolve("bin/java"));
  }

  /** Every other Java beside this one, from 17 on: an installation with several is common. */
  @Test
  void runsOnEveryInstalledJava() throws Exception {
    Path parent = JAVA_HOME.getParent();
    List<Path> others = new ArrayList<>();
    try (Stream<Path> siblings = Files.list(parent)) {
      for (Path sibling : siblings.sorted().toList()) {
        Path java = sibling.resolve("bin/java");
        if (Files.isExecutable(java)
            && !Files.isSameFile(sibling, JAVA_HOME)
            && version(java) >= 17) {
          others.add(java);
        }
      }
    }
    assumeTrue(!others.isEmpty(), () -> "skipped: no other Java from 17 on in " + parent);
    for (Path java : others) {
      assertComputes(java);
    }
  }

  @Test
  void unwritableHomeStillRuns() throws Exception {
    Result result =
        run(JAVA_HOME.resolve("bin/java"), Path.of("/proc/nowhere"), List.of(), "--version");
    assertEquals(0, result.exitCode(), result.toString());
    assertTrue(result.output().contains("variant "), result.toString());
  }

  @Test
  void manifestNamesVersionAndAllowsNativeAccess() throws Exception {
    try (JarFile jar = new JarFile(jar().toFile())) {
      Map<Object, Object> entries = jar.getManifest().getMainAttributes();
      List<String> values = entries.entrySet().stream().map(Object::toString).sorted().toList();
      assertTrue(values.contains("Main-Class=dev.winnow.cli.Main"), values.toString());
      assertTrue(values.contains("Enable-Native-Access=ALL-UNNAMED"), values.toString());
      assertTrue(
          values.stream().anyMatch(v -> v.matches("Implementation-Version=\\d+\\.\\d+\\.\\d+.*")),
          values.toString());
    }
  }

  /** The version comes from the native core, doctor computes kernels with known values. */
  private void assertComputes(Path java) throws Exception {
    Path copy = Files.createDirectories(folder.resolve("elsewhere")).resolve("winnow.jar");
    if (!Files.exists(copy)) {
      Files.copy(jar(), copy);
    }
    Path home = Files.createDirectories(folder.resolve("home"));
    Result version = run(java, home, List.of(), "--version");
    assertEquals(0, version.exitCode(), java + ": " + version);
    for (String fact : List.of("winnow ", "abi ", "commit ", "variant ")) {
      assertTrue(
          version.output().lines().anyMatch(line -> line.startsWith(fact)),
          java + " says no " + fact + ": " + version);
    }
    assertFalse(version.output().contains("unavailable"), java + ": " + version);
    assertEquals("", version.errors(), java + " warns");
    Result doctor = run(java, home, List.of(), "doctor");
    assertEquals(0, doctor.exitCode(), java + ": " + doctor);
    assertEquals("", doctor.errors(), java + " warns");
    // An older processor takes the baseline: the same program with everything above it forbidden.
    Result portable = run(java, home, List.of("WINNOW_VARIANT=portable"), "doctor");
    assertEquals(0, portable.exitCode(), java + ": " + portable);
    assertTrue(portable.output().contains("portable"), portable.toString());
  }

  @Test
  void benchHarnessComesOutOfTheJar() throws Exception {
    Path java = JAVA_HOME.resolve("bin/java");
    Path home = Files.createDirectories(folder.resolve("home"));
    String json = folder.resolve("tiny.json").toString();
    Result time =
        run(
            java,
            home,
            List.of(),
            "bench",
            "--tiny",
            "--only",
            "darts",
            "--rounds",
            "2",
            "--out",
            json);
    assertEquals(0, time.exitCode(), time.toString());
    assertTrue(time.errors().contains("ok   ntk/darts-tiny"), time.errors());
    Result compare = run(java, home, List.of(), "bench", "compare", json, json);
    assertEquals(0, compare.exitCode(), compare.toString());
    assertTrue(compare.output().contains("regions/darts-tiny"), compare.output());
    Result wrong = run(java, home, List.of(), "bench", "time", "--sizes", "x");
    assertEquals(2, wrong.exitCode(), wrong.toString());
    assertTrue(wrong.errors().contains("unknown option --sizes"), wrong.errors());
    Result forced = run(java, home, List.of("WINNOW_VARIANT=sse"), "bench", "check", "--tiny");
    assertEquals(4, forced.exitCode(), forced.toString());
  }

  /**
   * A build without nvcc makes the same JAR minus one file: it computes, and says what it lacks.
   */
  @Test
  void runsWithoutTheLibraryOfTheGpu() throws Exception {
    Path copy = Files.createDirectories(folder.resolve("elsewhere")).resolve("winnow.jar");
    try (JarFile jar = new JarFile(jar().toFile());
        JarOutputStream out = new JarOutputStream(Files.newOutputStream(copy))) {
      for (JarEntry entry : Collections.list(jar.entries())) {
        if (!entry.getName().endsWith("/libwinnow_cuda.so")) {
          out.putNextEntry(new JarEntry(entry.getName()));
          jar.getInputStream(entry).transferTo(out);
        }
      }
    }
    Path home = Files.createDirectories(folder.resolve("home"));
    Result doctor = run(JAVA_HOME.resolve("bin/java"), home, List.of(), "doctor");
    assertEquals(0, doctor.exitCode(), doctor.toString());
    assertTrue(
        doctor.output().contains("not in this build: no file " + copy + "!"), doctor.output());
  }

  private Result run(Path java, Path home, List<String> environment, String... arguments)
      throws IOException, InterruptedException {
    Path copy = folder.resolve("elsewhere/winnow.jar");
    List<String> command =
        new ArrayList<>(
            List.of(
                java.toString(),
                "-Duser.home=" + home,
                "-jar",
                (Files.exists(copy) ? copy : jar()).toString()));
    command.addAll(List.of(arguments));
    Path errors = Files.createTempFile(folder, "errors", ".txt");
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().clear();
    builder.environment().put("HOME", home.toString());
    builder.environment().put("PATH", "");
    for (String variable : environment) {
      builder.environment().put(variable.split("=")[0], variable.split("=")[1]);
    }
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(2, TimeUnit.MINUTES), "the program did not end");
    return new Result(process.exitValue(), output, Files.readString(errors));
  }

  private static int version(Path java) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(java.toString(), "-XshowSettings:properties", "-version")
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output
        .lines()
        .filter(line -> line.contains("java.specification.version = "))
        .map(line -> line.substring(line.indexOf('=') + 2).strip())
        .mapToInt(v -> v.startsWith("1.") ? Integer.parseInt(v.substring(2)) : Integer.parseInt(v))
        .findFirst()
        .orElse(0);
  }

  private static Path jar() {
    return Path.of(System.getProperty("winnow.jar"));
  }
}
