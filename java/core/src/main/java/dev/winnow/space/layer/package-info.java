/**
 * Spaces that choose one operation for each layer of a chain: inverted residual blocks, or nothing.
 * {@link dev.winnow.space.layer.LayerSpace} reads, writes and builds them; a space of this kind is
 * its list of layers and of operations.
 */
package dev.winnow.space.layer;
