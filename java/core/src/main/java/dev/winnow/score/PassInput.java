package dev.winnow.score;

import dev.winnow.compute.Images;
import dev.winnow.compute.Job;
import dev.winnow.compute.Parameters;
import dev.winnow.compute.Plan;
import dev.winnow.net.Shape;
import dev.winnow.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the passes of a {@link PassScore} see of a job. */
public sealed interface PassInput {
  /** The job itself. */
  PassInput AS_GIVEN = new Redrawn(1);

  /** Each batch of its images in a pass of its own. */
  PassInput BATCH_BY_BATCH = new BatchByBatch();

  /** One image of ones and the moduli of all parameters, whatever its images: no data. */
  PassInput FLOW = new Flow();

  /** The passes' jobs; at least one. */
  List<Job> jobs(Plan plan, Job job);

  /**
   * The job itself, then its images again on further draws of the weights. Weights that were given
   * cannot be drawn again: then the job alone.
   *
   * @param draws passes, the first among them, in [1, 65536]
   */
  record Redrawn(int draws) implements PassInput {
    public Redrawn {
      if (draws < 1 || draws > 65536) {
        throw new IllegalArgumentException("draws must be in [1, 65536] but were " + draws);
      }
    }

    @Override
    public List<Job> jobs(Plan plan, Job job) {
      if (!(job.parameters() instanceof Parameters.Drawn drawn)) {
        return List.of(job);
      }
      List<Job> jobs = new ArrayList<>(List.of(job));
      for (int k = 1; k < draws; k++) {
        Parameters others =
            new Parameters.Drawn(drawn.initialization(), drawn.stream().of("redraw").of(k));
        jobs.add(job.on(others, job.images()));
      }
      return jobs;
    }
  }

  /** {@link #BATCH_BY_BATCH}. */
  record BatchByBatch() implements PassInput {
    @Override
    public List<Job> jobs(Plan plan, Job job) {
      Images images = job.images();
      int batch = plan.options().batch();
      if (images.samples() == batch) {
        return List.of(job);
      }
      List<Job> jobs = new ArrayList<>();
      for (int first = 0; first < images.samples(); first += batch) {
        jobs.add(job.on(job.parameters(), images.part(first, batch)));
      }
      return jobs;
    }
  }

  /** {@link #FLOW}. */
  record Flow() implements PassInput {
    @Override
    public List<Job> jobs(Plan plan, Job job) {
      Map<String, Tensor> moduli = new LinkedHashMap<>(plan.values(job.parameters()));
      moduli.replaceAll((name, tensor) -> absolute(tensor));
      Shape shape = plan.graph().nodes().get(0).shape();
      return List.of(job.on(new Parameters.Given(moduli), Sampling.ones(1, shape)));
    }

    private static Tensor absolute(Tensor tensor) {
      return new Tensor(tensor.shape(), Arrays.stream(tensor.values()).map(Math::abs).toArray());
    }
  }
}
