package dev.winnow.engine;

import dev.winnow.compute.Pass;
import dev.winnow.compute.Reading;
import dev.winnow.engine.bindings.Winnow;
import java.util.EnumSet;
import java.util.Set;

/** Passes that a device may or may not have, the {@code winnow_pass} of {@code device.h}. */
enum NativePass {
  FORWARD("forward pass"),
  BACKWARD("backward pass"),
  BACKWARD_TANGENT("backward pass with tangents"),
  ACTIVATIONS("forward pass whose activations are read"),
  SALIENCIES("backward pass with channels' saliencies");

  private final String text;

  NativePass(String text) {
    this.text = text;
  }

  /** Those that a pass and what is read of it need. */
  static Set<NativePass> of(Pass pass) {
    Set<NativePass> needed = EnumSet.of(FORWARD);
    if (pass.cotangent().isPresent() || pass.readings().contains(new Reading.TangentKernel())) {
      needed.add(BACKWARD);
    }
    if (pass.readings().stream()
        .anyMatch(
            reading ->
                reading instanceof Reading.ActivationGrams
                    || reading instanceof Reading.ActivationRows)) {
      needed.add(ACTIVATIONS);
    }
    // Blocks are differentiated on the layout of passes with tangents: a device has both or
    // neither.
    if (pass.readings().contains(new Reading.HessianProducts())
        || pass.readings().contains(new Reading.BlockProducts())) {
      needed.add(BACKWARD_TANGENT);
    }
    if (pass.readings().contains(new Reading.ChannelSaliencies())) {
      needed.add(SALIENCIES);
    }
    return needed;
  }

  int code() {
    return switch (this) {
      case FORWARD -> Winnow.WINNOW_PASS_FORWARD;
      case BACKWARD -> Winnow.WINNOW_PASS_BACKWARD;
      case BACKWARD_TANGENT -> Winnow.WINNOW_PASS_BACKWARD_TANGENT;
      case ACTIVATIONS -> Winnow.WINNOW_PASS_ACTIVATIONS;
      case SALIENCIES -> Winnow.WINNOW_PASS_SALIENCIES;
    };
  }

  /** What it is called in a sentence. */
  String text() {
    return text;
  }
}
