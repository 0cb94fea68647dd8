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
public enum PassInput {
  /** The job itself. */
  AS_GIVEN {
    @Override
    List<Job> jobs(Plan plan, Job job) {
      return List.of(job);
    }
  },
  /** Each batch of its images in a pass of its own. */
  BATCH_BY_BATCH {
    @Override
    List<Job> jobs(Plan plan, Job job) {
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
  },
  /** One image of ones and the moduli of all parameters, whatever its images: no data. */
  FLOW {
    @Override
    List<Job> jobs(Plan plan, Job job) {
      Map<String, Tensor> moduli = new LinkedHashMap<>(plan.values(job.parameters()));
      moduli.replaceAll((name, tensor) -> absolute(tensor));
      Shape shape = plan.graph().nodes().get(0).shape();
      return List.of(job.on(new Parameters.Given(moduli), Sampling.ones(1, shape)));
    }
  };

  /** The passes' jobs; at least one. */
  abstract List<Job> jobs(Plan plan, Job job);

  private static Tensor absolute(Tensor tensor) {
    return new Tensor(tensor.shape(), Arrays.stream(tensor.values()).map(Math::abs).toArray());
  }
}
