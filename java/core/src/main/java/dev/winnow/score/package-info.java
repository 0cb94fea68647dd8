/**
 * Numbers about untrained networks. A score is a definition ({@link
 * dev.winnow.score.NetworkScore}); its value is a {@link dev.winnow.score.Score}, which may be
 * undefined; over repeats it is an {@link dev.winnow.score.Estimate}.
 */
package dev.winnow.score;
