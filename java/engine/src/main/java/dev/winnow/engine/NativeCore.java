package dev.winnow.engine;

import dev.winnow.engine.bindings.NativeLibrary;
import dev.winnow.engine.bindings.Winnow;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.ClassProperties;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads the native core on first use, once per process. The libraries come from the JAR beside the
 * bindings; the system property {@value #LIBRARY_PATH} names a folder with another {@code
 * libwinnow.so}, and is final: there is no falling back from it.
 */
final class NativeCore {
  static final String LIBRARY_PATH = "winnow.library.path";

  private static final Logger LOG = LoggerFactory.getLogger(NativeCore.class);
  private static final String[] LIBRARIES = {"winnow", "jniwinnow"};

  private static boolean loaded;
  private static NativeUnavailableException failure;

  private NativeCore() {}

  /**
   * @throws NativeUnavailableException when it cannot be loaded, now or before
   */
  static synchronized void load() {
    if (failure != null) {
      // A new exception, so that its stack trace is the caller's; the first one is its cause.
      throw new NativeUnavailableException(failure.getMessage(), failure);
    }
    if (loaded) {
      return;
    }
    try {
      allowNativeMemory();
      String folder = System.getProperty(LIBRARY_PATH);
      if (folder != null) {
        loadFrom(Path.of(folder));
      }
      loadBindings();
      checkVersion();
      loaded = true;
    } catch (NativeUnavailableException e) {
      failure = e;
      throw e;
    }
  }

  /**
   * The file with the code for a GPU that belongs to the core that was loaded: taken out of the JAR
   * when it is first asked for. Where this build has none, the place it would have, so that a
   * message can name it; a library of another build is never taken instead.
   */
  static String gpuLibrary() {
    String file = System.mapLibraryName("winnow_cuda");
    String folder = System.getProperty(LIBRARY_PATH);
    if (folder != null) {
      return Path.of(folder, file).toAbsolutePath().toString();
    }
    String name = Loader.getPlatform() + "/" + file;
    URL place = NativeLibrary.class.getResource(name);
    try {
      if (place == null) {
        return NativeLibrary.class.getProtectionDomain().getCodeSource().getLocation().getPath()
            + "!"
            + name;
      }
      return place.getProtocol().equals("file")
          ? Path.of(place.toURI()).toString()
          : Loader.cacheResource(place).getPath();
    } catch (IOException | URISyntaxException e) {
      throw new NativeUnavailableException(place + ": " + e.getMessage(), e);
    }
  }

  /**
   * JavaCPP by default fails allocations when the process is four times larger than the Java heap.
   * A plan's arena has its own budget, so that limit would only get in the way.
   */
  private static void allowNativeMemory() {
    for (String limit :
        new String[] {"org.bytedeco.javacpp.maxPhysicalBytes", "org.bytedeco.javacpp.maxBytes"}) {
      if (System.getProperty(limit) == null) {
        System.setProperty(limit, "0");
      }
    }
  }

  private static void loadFrom(Path folder) {
    Path library = folder.resolve(System.mapLibraryName("winnow")).toAbsolutePath();
    if (!Files.isRegularFile(library)) {
      throw new NativeUnavailableException(
          library + ": no such file (" + LIBRARY_PATH + " is " + folder + ")", null);
    }
    try {
      System.load(library.toString());
    } catch (UnsatisfiedLinkError e) {
      throw new NativeUnavailableException(
          library + ": " + e.getMessage() + " (" + LIBRARY_PATH + " is " + folder + ")", e);
    }
    // It loads, so JavaCPP, which looks here first now, will take it and no other.
    System.setProperty("org.bytedeco.javacpp.pathsFirst", "true");
    System.setProperty("org.bytedeco.javacpp.platform.preloadpath", library.getParent().toString());
  }

  private static void loadBindings() {
    try {
      Loader.load(Winnow.class);
      LOG.debug("native core loaded: {}", Loader.getLoadedLibraries());
    } catch (LinkageError e) {
      throw new NativeUnavailableException(diagnosis(e), e);
    }
  }

  private static void checkVersion() {
    long version = Winnow.winnow_abi_version();
    if (version != Winnow.WINNOW_ABI_VERSION) {
      throw new NativeUnavailableException(
          "the native core has ABI version "
              + version
              + " but the Java classes were made for "
              + Winnow.WINNOW_ABI_VERSION
              + ": "
              + Loader.getLoadedLibraries().get("winnow"),
          null);
    }
  }

  /** JavaCPP keeps only the last of several reasons, so every file is tried once more. */
  private static String diagnosis(LinkageError error) {
    StringBuilder text =
        new StringBuilder("the native core cannot be loaded on " + Loader.getPlatform() + ":");
    ClassProperties properties = Loader.loadProperties(Winnow.class, Loader.loadProperties(), true);
    int tried = 0;
    for (String library : LIBRARIES) {
      for (URL place : Loader.findLibrary(Winnow.class, properties, library)) {
        tried++;
        text.append("\n  ").append(attempt(place));
      }
    }
    if (tried == 0) {
      text.append("\n  no library for this platform beside ")
          .append(NativeLibrary.class.getProtectionDomain().getCodeSource().getLocation())
          .append(" (is the classifier JAR on the class path?)");
    }
    return text.append("\n  ").append(error.getMessage()).toString();
  }

  private static String attempt(URL place) {
    try {
      // The loader extracts from the JAR into its cache, "${user.home}/.javacpp/cache" by default.
      Path file = Loader.cacheResource(place).toPath();
      System.load(file.toString());
      return file + ": loads by itself";
    } catch (IOException | RuntimeException e) {
      return place + ": " + e.getMessage();
    } catch (LinkageError e) {
      return e.getMessage(); // it begins with the file
    }
  }
}
