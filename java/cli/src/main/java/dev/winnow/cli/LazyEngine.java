package dev.winnow.cli;

import dev.winnow.compute.Engine;
import java.util.function.Supplier;

/** An engine that is opened when it is first asked for: counts need none. */
final class LazyEngine implements Supplier<Engine>, AutoCloseable {
  private final EngineOptions options;
  private final Session session;
  private Engine engine;

  LazyEngine(EngineOptions options, Session session) {
    this.options = options;
    this.session = session;
  }

  @Override
  public Engine get() {
    if (engine == null) {
      engine = options.open(session);
    }
    return engine;
  }

  @Override
  public void close() {
    if (engine != null) {
      engine.close();
    }
  }
}
