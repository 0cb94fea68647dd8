package dev.winnow.data;

import dev.winnow.net.Shape;
import dev.winnow.random.Philox;
import dev.winnow.random.Stream;

/**
 * Images made of smooth 1/f noise, so that a first run needs no download: colour images with the
 * second-order statistics of small photographs and nothing of their content.
 *
 * <p>An image is the sum of three planes, brightness L and two colour differences B (orange to
 * blue) and A (magenta to green): R = L + B + A, G = L − 2A, B' = L − B + A. A plane is a sum of
 * octaves of value noise: uniform random numbers on a grid of spacing s at a random offset,
 * bilinearly interpolated, for s = 2·side, side, …, 4, 2 (colour: down to 4, as colour varies more
 * slowly). Octaves have equal variance, which in two dimensions is the amplitude spectrum 1/f of
 * natural images. One contrast per image, uniform in [½, 1½], scales all planes. Values are clipped
 * to [0, 1] and rounded to 0..255.
 *
 * <p>The amplitudes (standard deviations 0.24, 0.08 and 0.022) are those of CIFAR-10's planes; the
 * spectrum then agrees without further fitting: correlation of neighbours 0.91 at distance 1 and
 * 0.76 at 2 (CIFAR-10: 0.93, 0.82), of red and green 0.9.
 *
 * <p>Image i draws from the stream of its own number, by additions, multiplications and correctly
 * rounded roots only, so its bytes are the same on every machine and do not depend on how many
 * images there are.
 */
final class GeneratedImages {
  /** Enough for eight disjoint batches of 1000 per epoch; 25 MB. */
  static final int SIZE = 8192;

  private static final double MIDDLE = 0.47;
  private static final double BRIGHTNESS = 0.24;
  private static final double ORANGE_BLUE = 0.08;
  private static final double MAGENTA_GREEN = 0.022;

  /** As many classes as CIFAR-10, which these images stand in for. */
  private static final int CLASSES = 10;

  private GeneratedImages() {}

  static ImageSet make(int side, long seed) {
    byte[] pixels = new byte[SIZE * 3 * side * side];
    Stream stream = Stream.root(seed).of("generated images").of(side);
    for (int image = 0; image < SIZE; image++) {
      draw(stream.of(image).generator(), side, pixels, image * 3 * side * side);
    }
    return ImageSet.measured("generated", pixels, new Shape(3, side, side), CLASSES);
  }

  private static void draw(Philox random, int side, byte[] out, int at) {
    double contrast = 0.5 + random.nextDouble();
    int area = side * side;
    float[] brightness = new float[area];
    float[] blue = new float[area];
    float[] magenta = new float[area];
    plane(random, side, 2, contrast * BRIGHTNESS, brightness);
    plane(random, side, 4, contrast * ORANGE_BLUE, blue);
    plane(random, side, 4, contrast * MAGENTA_GREEN, magenta);
    for (int i = 0; i < area; i++) {
      float middle = (float) MIDDLE + brightness[i];
      out[at + i] = quantised(middle + blue[i] + magenta[i]);
      out[at + area + i] = quantised(middle - 2 * magenta[i]);
      out[at + 2 * area + i] = quantised(middle - blue[i] + magenta[i]);
    }
  }

  private static byte quantised(float value) {
    return (byte) (int) (Math.min(1, Math.max(0, value)) * 255 + 0.5f);
  }

  /** Adds the octaves from spacing 2·side down to the finest; together they have the given std. */
  private static void plane(Philox random, int side, int finest, double std, float[] out) {
    int octaves =
        Integer.numberOfTrailingZeros(2 * side) - Integer.numberOfTrailingZeros(finest) + 1;
    // Uniform on ±a has variance a²/3; bilinear weights at a random phase keep (2/3)² of it.
    float amplitude = (float) (std * Math.sqrt(3) * 1.5 / Math.sqrt(octaves));
    for (int spacing = 2 * side; spacing >= finest; spacing /= 2) {
      octave(random, side, spacing, amplitude, out);
    }
  }

  private static void octave(Philox random, int side, int spacing, float amplitude, float[] out) {
    int top = random.nextInt(spacing);
    int left = random.nextInt(spacing);
    int points = (side + spacing - 1) / spacing + 2;
    float[] grid = new float[points * points];
    for (int i = 0; i < grid.length; i++) {
      grid[i] = amplitude * (float) (2 * random.nextDouble() - 1);
    }
    int shift = Integer.numberOfTrailingZeros(spacing);
    float step = 1f / spacing; // a power of two: exact
    float[] row = new float[points];
    for (int y = 0; y < side; y++) {
      int above = (y + top >> shift) * points;
      float down = (y + top & spacing - 1) * step;
      for (int i = 0; i < points; i++) {
        row[i] = grid[above + i] + down * (grid[above + points + i] - grid[above + i]);
      }
      for (int x = 0; x < side; x++) {
        int before = x + left >> shift;
        float right = (x + left & spacing - 1) * step;
        out[y * side + x] += row[before] + right * (row[before + 1] - row[before]);
      }
    }
  }
}
