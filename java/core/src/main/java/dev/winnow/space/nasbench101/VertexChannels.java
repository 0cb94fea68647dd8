package dev.winnow.space.nasbench101;

/**
 * The benchmark's rule for how wide a cell's vertices are. The vertices that are concatenated at
 * the output share its channels equally, the first ones one more where that leaves a remainder; any
 * other vertex is as wide as the widest that it leads to, which then sees the first channels of it.
 *
 * @see <a href="https://arxiv.org/abs/1902.09635">Ying et al. 2019, section 2.2</a>
 */
final class VertexChannels {
  private VertexChannels() {}

  /**
   * Channels of every vertex.
   *
   * @param cell pruned
   * @param inputs channels of the cell's input
   * @param outputs channels of its output
   * @throws IllegalArgumentException when there are fewer outputs than vertices to share them
   */
  static int[] of(NasBench101Cell cell, int inputs, int outputs) {
    int last = cell.vertices() - 1;
    int[] channels = new int[last + 1];
    channels[0] = inputs;
    channels[last] = outputs;
    int sharers = 0;
    for (int v = 1; v < last; v++) {
      sharers += cell.hasEdge(v, last) ? 1 : 0;
    }
    if (sharers > outputs) {
      throw new IllegalArgumentException(
          "channels must be at least "
              + sharers
              + ", the vertices that share them in "
              + cell
              + ", but were "
              + outputs);
    }
    int remainder = sharers == 0 ? 0 : outputs % sharers;
    for (int v = 1; v < last; v++) {
      if (cell.hasEdge(v, last)) {
        channels[v] = outputs / sharers + (remainder-- > 0 ? 1 : 0);
      }
    }
    for (int v = last - 1; v > 0; v--) {
      for (int target = v + 1; !cell.hasEdge(v, last) && target < last; target++) {
        channels[v] =
            cell.hasEdge(v, target) ? Math.max(channels[v], channels[target]) : channels[v];
      }
    }
    return channels;
  }
}
