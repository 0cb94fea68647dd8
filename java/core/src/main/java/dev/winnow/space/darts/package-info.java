/**
 * The DARTS space and its restricted variants S1 to S4: genotypes and their notations, the networks
 * of DARTS, Zero-Cost-PT and TE-NAS. {@link dev.winnow.space.darts.Genotype} reads and writes what
 * the published programs print; {@code DartsNetwork} is where networks are built.
 */
package dev.winnow.space.darts;
