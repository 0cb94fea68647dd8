package dev.winnow.space.layer;

/**
 * What a layer may be: an inverted residual block, or the identity.
 *
 * @param name in canonical tensor names, for example {@code ir_3x3_t3}
 * @param symbol one character of the notation
 * @param kernel side of the depthwise convolution
 * @param ratio of expanded to input channels; 1 has no expansion, 0 is the identity
 */
record LayerOperation(String name, char symbol, int kernel, int ratio) {
  static LayerOperation identity(String name, char symbol) {
    return new LayerOperation(name, symbol, 0, 0);
  }

  boolean isIdentity() {
    return ratio == 0;
  }
}
