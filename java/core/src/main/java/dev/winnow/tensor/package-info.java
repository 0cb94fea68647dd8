/**
 * Named arrays of numbers and the file format they travel in: weights, batches and golden cases as
 * safetensors.
 */
package dev.winnow.tensor;
