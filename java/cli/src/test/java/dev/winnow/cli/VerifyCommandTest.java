package dev.winnow.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.winnow.compute.Engine;
import dev.winnow.compute.Plan;
import dev.winnow.compute.PlanOptions;
import dev.winnow.net.NetworkGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the command makes of a report; that the numbers are right is GoldenCasesTest's part. */
class VerifyCommandTest {
  @TempDir private Path folder;

  private static CommandLineRun run(String... arguments) {
    return CommandLineRun.of((device, threads) -> new NoPlans(), arguments);
  }

  /** An engine for cases that cannot be run. */
  private static final class NoPlans implements Engine {
    @Override
    public Plan plan(NetworkGraph graph, PlanOptions options) {
      throw new AssertionError("nothing here should be computed");
    }

    @Override
    public Map<String, String> provenance() {
      return Map.of();
    }

    @Override
    public void close() {}
  }

  private void write(String name, String kind, String space) throws IOException {
    Path place = Files.createDirectories(folder.resolve(name));
    Files.writeString(
        place.resolve("case.json"),
        """
        {"schema": "golden-parity/1", "case": "%s", "kind": "%s", "space": "%s"}
        """
            .formatted(name, kind, space));
  }

  @Test
  void nothingRunIsAFailedCheckThatNamesWhatIsMissing() throws IOException {
    write("a", "supernet_training", "nb201");
    write("b", "tenas_supernet_ntk", "nb101");
    write("c", "tenas_supernet_regions", "nb101");
    CommandLineRun run = run("verify", folder.toString());
    assertEquals(ExitCode.CHECK_FAILED, run.code(), run::err);
    assertTrue(
        run.out()
            .contains(
                "3 cases, nothing could be run; not run 3:"
                    + " kind supernet_training 1, space nb101 2"),
        run::out);
  }

  @Test
  void aBrokenCaseIsNamedAndTheOthersGoOn() throws IOException {
    write("a", "tenas_supernet_ntk", "nb201");
    write("b", "supernet_training", "nb201");
    CommandLineRun run = run("verify", folder.toString());
    assertEquals(ExitCode.CONFIGURATION, run.code());
    Path tensors = folder.resolve("a").resolve("tensors.safetensors");
    assertTrue(run.out().contains("BROKEN " + tensors + ": no such file"), run::out);
    assertTrue(run.out().contains("b (supernet_training)"), run::out);
    assertTrue(run.out().contains("1 case broken"), run::out);
  }

  @Test
  void jsonIsOneObject() throws IOException {
    write("a", "supernet_training", "nb201");
    CommandLineRun run = run("verify", "--json", folder.resolve("a").toString());
    assertEquals(ExitCode.CHECK_FAILED, run.code());
    JsonNode json = new ObjectMapper().readTree(run.out());
    assertFalse(json.get("verified").booleanValue());
    assertEquals(0, json.get("passed").intValue());
    assertEquals(1, json.get("notRun").get("kind supernet_training").intValue());
    assertEquals("a", json.get("cases").get(0).get("name").textValue());
  }

  @Test
  void aPlaceWithoutCasesIsAnErrorInOneLine() {
    CommandLineRun empty = run("verify", folder.toString());
    assertEquals(ExitCode.CONFIGURATION, empty.code());
    assertTrue(empty.err().contains(folder + ": no case here"), empty::err);
    CommandLineRun absent = run("verify", folder.resolve("absent").toString());
    assertEquals(ExitCode.CONFIGURATION, absent.code());
    assertTrue(absent.err().contains("no such file or folder"), absent::err);
    assertEquals(ExitCode.USAGE, run("verify").code());
  }
}
