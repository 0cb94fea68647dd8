package dev.winnow.score;

import dev.winnow.compute.Initialization;
import dev.winnow.space.NetworkOptions;

/**
 * On what a score is computed.
 *
 * @param network size of the network
 * @param initialization how its weights are drawn
 * @param sampling what images it sees
 */
public record Protocol(NetworkOptions network, Initialization initialization, Sampling sampling) {}
