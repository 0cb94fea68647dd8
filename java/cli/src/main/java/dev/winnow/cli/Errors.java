package dev.winnow.cli;

import dev.winnow.compute.CancelledException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says in one line what went wrong and chooses the exit code. */
final class Errors implements IParameterExceptionHandler, IExecutionExceptionHandler {
  private final PrintStream err;
  private final BooleanSupplier stacktrace;

  Errors(PrintStream err, BooleanSupplier stacktrace) {
    this.err = err;
    this.stacktrace = stacktrace;
  }

  @Override
  public int handleParseException(ParameterException e, String[] arguments) {
    CommandLine command = e.getCommandLine();
    List<String> suggestions =
        e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
    print(e, message(e) + (suggestions.isEmpty() ? "" : "; did you mean " + suggestions + "?"));
    err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    print(e, message(e));
    return exitCode(e);
  }

  private void print(Exception e, String message) {
    err.println("winnow: " + message);
    if (stacktrace.getAsBoolean()) {
      e.printStackTrace(err);
    }
  }

  /** The exit code that belongs to an exception. */
  static int exitCode(Throwable e) {
    if (e instanceof UsageException) {
      return ExitCode.USAGE;
    }
    if (e instanceof CancelledException) {
      return ExitCode.INTERRUPTED;
    }
    if (e instanceof IOException
        || e instanceof UncheckedIOException
        || e instanceof IllegalArgumentException) {
      return ExitCode.CONFIGURATION;
    }
    // What is left comes from below the Java API: native failures, a library that does not load.
    return ExitCode.DEVICE;
  }

  /** One line for the user: paths with a reason where the JDK gives the bare path. */
  static String message(Throwable e) {
    // An UncheckedIOException with words of its own says more than its cause.
    boolean wrapper =
        e instanceof UncheckedIOException && e.getCause().toString().equals(e.getMessage());
    Throwable cause = wrapper ? e.getCause() : e;
    String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    if (cause instanceof NoSuchFileException) {
      return text + ": no such file or folder";
    }
    if (cause instanceof AccessDeniedException) {
      return text + ": permission denied";
    }
    if (cause instanceof FileSystemException || cause instanceof FileNotFoundException) {
      return text;
    }
    return text.strip().replaceAll("\\s*\\R\\s*", "; ");
  }
}
