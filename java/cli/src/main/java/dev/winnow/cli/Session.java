package dev.winnow.cli;

/**
 * What every command may touch besides its arguments.
 *
 * @param console where it prints
 * @param engines how it gets an engine
 * @param interruption whether the user asked to stop
 */
record Session(Console console, EngineOpener engines, Interruption interruption) {}
