package dev.winnow.space.darts;

/**
 * Space S3 of Zela et al. (2020): that of S2, with {@code none} among the candidates of its
 * supernet. No genotype has {@code none} on an edge that it keeps, so the architectures are S2's.
 */
public final class DartsS3 extends DartsSpace {
  /** The published restriction. */
  public DartsS3() {
    super(DartsS2.CANDIDATES);
  }

  @Override
  public String name() {
    return "darts-s3";
  }

  /** What Zero-Cost-PT found on CIFAR-10 with seed 0. */
  @Override
  public String example() {
    return DartsS2.EXAMPLE;
  }
}
