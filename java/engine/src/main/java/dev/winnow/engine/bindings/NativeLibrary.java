package dev.winnow.engine.bindings;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * Tells JavaCPP which headers to bind and which library to load. Everything else in this package is
 * generated from {@code include/winnow} at build time and never edited.
 */
@Properties(
    value =
        @Platform(
            value = "linux-x86_64",
            include = {
              "winnow/status.h",
              "winnow/device.h",
              "winnow/network.h",
              "winnow/parameters.h",
              "winnow/plan.h",
              "winnow/random.h",
              "winnow/scores.h"
            },
            link = "winnow",
            library = "jniwinnow"),
    target = "dev.winnow.engine.bindings",
    global = "dev.winnow.engine.bindings.Winnow")
public class NativeLibrary implements InfoMapper {
  @Override
  public void map(InfoMap infoMap) {
    infoMap.put(new Info("WINNOW_API").cppTypes().annotations());
    // A macro around a literal: Java reads the value it stands for.
    infoMap.put(new Info("INT64_C").cppTypes("long", "long"));
    // The parser takes a table of constant pointers for a constant table.
    for (String owner : new String[] {"winnow_call", "winnow_directions"}) {
      infoMap.put(
          new Info(owner + "::parameters")
              .javaText(
                  "public native @Cast(\"winnow_parameters*const*\") PointerPointer parameters();"
                      + " public native "
                      + owner
                      + " parameters(PointerPointer setter);"));
    }
  }
}
