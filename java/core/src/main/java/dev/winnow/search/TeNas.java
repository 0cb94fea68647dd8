package dev.winnow.search;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Monitor;
import dev.winnow.score.ImageSource;
import dev.winnow.space.CellSpace;

/**
 * TE-NAS: prunes a supernet, round by round, of the operations whose removal improves the condition
 * number of the neural tangent kernel and keeps the number of linear regions.
 *
 * @see <a href="https://arxiv.org/abs/2102.11535">Chen, Gong and Wang 2021</a>
 */
public final class TeNas implements Search {
  private final CellSpace space;
  private final ImageSource images;
  private final TeNasOptions options;

  /**
   * @param space what is searched
   * @param images what the networks see
   * @param options settings
   * @throws IllegalArgumentException when the images do not fill a batch, naming the option
   */
  public TeNas(CellSpace space, ImageSource images, TeNasOptions options) {
    this.space = space;
    this.images = images;
    this.options = options;
  }

  @Override
  public String method() {
    return "te-nas";
  }

  /** The settings. */
  public TeNasOptions options() {
    return options;
  }

  @Override
  public SearchResult run(
      Engine engine, Journal journal, SearchListener listener, Monitor monitor) {
    throw new UnsupportedOperationException(space.name() + images.name());
  }
}
