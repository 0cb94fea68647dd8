/**
 * Recomputes recorded numbers: golden cases of the published programs and reference vectors. {@link
 * dev.winnow.verify.Verifier} reads weights and inputs from a case, computes everything afresh
 * through an {@link dev.winnow.compute.Engine} and puts each number beside the recorded one; what
 * it cannot compute yet is named, never left out.
 */
package dev.winnow.verify;
