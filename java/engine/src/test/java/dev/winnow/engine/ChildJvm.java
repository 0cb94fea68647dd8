package dev.winnow.engine;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a main class of the tests in a JVM of its own. */
final class ChildJvm {
  private ChildJvm() {}

  record Result(int exitCode, List<String> lines, String errors) {}

  static Result run(Class<?> main, List<String> options, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(options); // a later -cp wins
    command.add(main.getName());
    command.addAll(arguments);
    Path errors = Files.createTempFile("child", ".err");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    try {
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        throw new IOException("the child JVM did not end");
      }
      return new Result(process.exitValue(), output.lines().toList(), Files.readString(errors));
    } finally {
      process.destroyForcibly();
      Files.delete(errors);
    }
  }
}
