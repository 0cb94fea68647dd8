/**
 * Images to score networks on: where they come from ({@link dev.winnow.data.ImageSets}), and the
 * batches and patches drawn from them. Pixels stay as they were read, one byte each, and are
 * normalised when a batch is made; batches are functions of (set, indices, stream) and keep no
 * state.
 *
 * <p>Files are data, never trusted: sizes, record counts, labels and types are checked, and pickles
 * are read by an allow-list of opcodes and types that executes nothing.
 */
package dev.winnow.data;
