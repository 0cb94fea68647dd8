package dev.winnow.search;

import dev.winnow.compute.Engine;
import dev.winnow.compute.Monitor;

/**
 * A method that finds an architecture. Immutable; a search may run any number of times, and equal
 * searches give equal results on one machine and build, whatever the threads, the order of work or
 * the interruptions.
 */
public interface Search {

  /** Name of the method on the command line, for example {@code te-nas}. */
  String method();

  /**
   * Runs to the end, or continues: evaluations that the journal knows are not computed again.
   *
   * @param engine computes; not closed
   * @param journal remembers evaluations; {@link Journal#NONE} for a run that is not kept
   * @param listener told of progress on the calling thread
   * @param monitor asked between blocks of work whether to stop
   * @throws dev.winnow.compute.CancelledException when the monitor asked to stop; everything
   *     evaluated until then is in the journal
   */
  SearchResult run(Engine engine, Journal journal, SearchListener listener, Monitor monitor);

  /** Runs to the end, unobserved. */
  default SearchResult run(Engine engine) {
    return run(engine, Journal.NONE, SearchListener.NONE, Monitor.NONE);
  }
}
