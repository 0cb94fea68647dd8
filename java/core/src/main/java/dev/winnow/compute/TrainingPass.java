package dev.winnow.compute;

import dev.winnow.tensor.Tensor;
import java.util.Map;

/**
 * What a forward pass with batch statistics leaves.
 *
 * @param values of a node, {@code [samples][channels · height · width]}; zeros where the row does
 *     not have it
 * @param statistics running mean and variance of every norm, by canonical name
 */
public record TrainingPass(double[][] values, Map<String, Tensor> statistics) {}
