/**
 * Networks as data: a graph of about a dozen operations with inferred shapes, canonical parameter
 * names, and exact counts of parameters and multiply-accumulates. Nothing here computes; an {@link
 * dev.winnow.compute.Engine} lays a {@link dev.winnow.net.NetworkGraph} out and runs it.
 */
package dev.winnow.net;
