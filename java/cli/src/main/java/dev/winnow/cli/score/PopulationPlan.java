package dev.winnow.cli.score;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/**
 * A population and what to score of it, in a folder that many processes share: {@code plan.json},
 * {@code architectures.txt} with one architecture a line, and for every shard its {@code
 * shard-00000.csv}.
 *
 * @param format 1
 * @param space name of the space
 * @param scores names of the scores
 * @param settings {@code key=value}
 * @param repeats draws of weights and images per score
 * @param data source of the images, as every process can read it
 * @param seed root seed
 * @param shards number of parts
 * @param architectures number of architectures
 */
public record PopulationPlan(
    int format,
    String space,
    List<String> scores,
    List<String> settings,
    int repeats,
    String data,
    long seed,
    int shards,
    long architectures) {
  /** The format that this version writes and reads. */
  public static final int FORMAT = 1;

  private static final String PLAN = "plan.json";
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  public PopulationPlan {
    scores = List.copyOf(scores);
    settings = List.copyOf(settings);
  }

  /** The architectures of a folder. */
  public static Path architectures(Path folder) {
    return folder.resolve("architectures.txt");
  }

  /**
   * The architectures of a folder, one by one.
   *
   * @param total how many the plan says there are
   */
  public static Population population(Path folder, long total) throws IOException {
    return Population.listed(architectures(folder), total);
  }

  /** The scores of one part. */
  public static Path shard(Path folder, int index) {
    return folder.resolve(String.format(Locale.ROOT, "shard-%05d.csv", index));
  }

  /**
   * Writes the architectures.
   *
   * @return how many
   * @throws IllegalArgumentException when the folder already has a plan
   */
  public static long writeArchitectures(Path folder, Iterator<String> architectures)
      throws IOException {
    Files.createDirectories(folder);
    if (Files.exists(folder.resolve(PLAN))) {
      throw new IllegalArgumentException(folder + " has a plan already; choose another folder");
    }
    long count = 0;
    Path temporary = folder.resolve(".architectures.tmp");
    try (var writer = Files.newBufferedWriter(temporary)) {
      while (architectures.hasNext()) {
        writer.write(architectures.next());
        writer.write('\n');
        count++;
      }
    }
    Files.move(temporary, architectures(folder), StandardCopyOption.REPLACE_EXISTING);
    return count;
  }

  /** Writes {@code plan.json}, whole; its presence makes the folder a plan. */
  public void write(Path folder) throws IOException {
    Path temporary = folder.resolve("." + PLAN + ".tmp");
    Files.writeString(temporary, JSON.writeValueAsString(this) + "\n");
    Files.move(temporary, folder.resolve(PLAN), StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Reads the plan of a folder.
   *
   * @throws IllegalArgumentException when there is none, it is damaged, or of another format
   */
  public static PopulationPlan read(Path folder) throws IOException {
    Path file = folder.resolve(PLAN);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          folder + " is no planned population: it has no " + PLAN + "; 'winnow plan' makes one");
    }
    PopulationPlan plan;
    try {
      plan = JSON.readValue(file.toFile(), PopulationPlan.class);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(file + ": " + e.getOriginalMessage(), e);
    }
    if (plan.format() != FORMAT) {
      throw new IllegalArgumentException(
          file + ": format must be " + FORMAT + " but was " + plan.format());
    }
    return plan;
  }
}
