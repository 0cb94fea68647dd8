package dev.winnow.data;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/** Opens the images that a source such as {@code cifar10:DIR} names. */
public final class ImageSets {
  /** What {@link #open} understands, for help texts. */
  public static final String SOURCES =
      "generated, generated:16, generated:32, cifar10:DIR, cifar100:DIR, imagenet16:DIR";

  private ImageSets() {}

  /**
   * Opens a source.
   *
   * <ul>
   *   <li>{@code generated}: 8192 images 3×32×32 of smooth 1/f noise, the same for one seed
   *       everywhere; {@code generated:16} makes them 16×16. About half a second.
   *   <li>{@code cifar10:DIR}: every {@code data_batch_*.bin}, or every {@code data_batch_N}
   *       (Python). Partial files are fine: whole records are enough.
   *   <li>{@code cifar100:DIR}: {@code train*.bin} or {@code train} (Python); fine labels.
   *   <li>{@code imagenet16:DIR}: every {@code train_data_batch_N} (Python), of which the first 120
   *       classes are kept.
   * </ul>
   *
   * <p>DIR may also be the folder that holds the archive's own, as unpacked ({@code
   * cifar-10-batches-bin} and so on).
   *
   * @param source one of {@link #SOURCES}
   * @param seed of generated images; files do not depend on it
   * @throws IllegalArgumentException for an unknown source, a folder without batches, or a file
   *     that is truncated, oversized or malformed, naming file and offset
   * @throws IOException when a file cannot be read
   */
  public static ImageSet open(String source, long seed) throws IOException {
    int colon = source.indexOf(':');
    String kind = colon < 0 ? source : source.substring(0, colon);
    String rest = colon < 0 ? "" : source.substring(colon + 1);
    return switch (kind) {
      case "generated" -> GeneratedImages.make(side(source, colon < 0 ? "32" : rest), seed);
      case "cifar10" -> BatchFiles.read(Layout.CIFAR10, folder(kind, rest));
      case "cifar100" -> BatchFiles.read(Layout.CIFAR100, folder(kind, rest));
      case "imagenet16" -> BatchFiles.read(Layout.IMAGENET16_120, folder(kind, rest));
      default ->
          throw new IllegalArgumentException(
              "data must be one of " + SOURCES + " but was '" + source + "'");
    };
  }

  private static int side(String source, String side) {
    return switch (side) {
      case "16" -> 16;
      case "32" -> 32;
      default ->
          throw new IllegalArgumentException(
              "generated images are 16 or 32 pixels wide (generated:16, generated:32) but data was"
                  + " '"
                  + source
                  + "'");
    };
  }

  private static Path folder(String kind, String folder) {
    if (folder.isBlank()) {
      throw new IllegalArgumentException("data " + kind + " needs a folder: " + kind + ":DIR");
    }
    try {
      return Path.of(folder);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("data " + kind + ": no path: " + e.getMessage(), e);
    }
  }
}
