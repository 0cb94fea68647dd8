package dev.winnow.space.layer;

/**
 * Where an operation stands.
 *
 * @param outputs channels, at least 1
 * @param stride 1 or 2
 */
record Layer(int outputs, int stride) {}
