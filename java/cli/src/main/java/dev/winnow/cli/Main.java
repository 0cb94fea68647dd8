package dev.winnow.cli;

import java.nio.file.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The {@code winnow} command. */
@Command(
    name = "winnow",
    description = "Finds neural architectures without training them.",
    synopsisHeading = "%nUsage: ",
    descriptionHeading = "%n",
    optionListHeading = "%nOptions:%n",
    commandListHeading = "%nCommands:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:ran, but a check failed (a number missed its tolerance, some rows were broken)",
      "2:the command line is wrong",
      "3:a configuration, data or result file cannot be used",
      "4:the native core or the device failed",
      "5:interrupted; --resume continues"
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  winnow search te-nas --space nas-bench-201",
      "  winnow search te-nas --space nas-bench-201 --mode released --data cifar10:DIR"
          + " --table nb201_accuracy.csv.gz",
      "  winnow score --space nas-bench-201 --sample 10 --scores ntk,regions,params,macs",
      "  winnow evaluate --scores scores.csv --table nb201_accuracy.csv.gz --out evaluation",
      "  winnow verify golden/",
      "",
      "'winnow COMMAND --help' explains every option with its default and unit."
    },
    mixinStandardHelpOptions = true)
public final class Main implements Runnable {

  @Option(
      names = "--stacktrace",
      scope = ScopeType.INHERIT,
      description = "On an error print where in the program it happened, too.")
  private boolean stacktrace;

  @Spec private CommandSpec spec;

  private Main() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    Interruption interruption = new Interruption();
    interruption.install();
    Session session = new Session(Console.ofProcess(), NativeEngines::open, interruption);
    int code = ExitCode.DEVICE;
    try {
      code = execute(session, arguments);
    } catch (Error e) {
      // Not a command's exception: a broken installation, no memory left. The hook must not wait.
      session.console().err().println("winnow: " + e);
    }
    // A PrintStream keeps errors to itself; a result that nobody received is no success.
    if (session.console().out().checkError() && code == ExitCode.DONE) {
      session.console().err().println("winnow: cannot write standard output");
      code = ExitCode.CONFIGURATION;
    }
    interruption.finish(code);
    System.exit(code);
  }

  /** Runs one command inside this process. */
  static int execute(Session session, String... arguments) {
    return commandLine(session).execute(arguments);
  }

  private static CommandLine commandLine(Session session) {
    Main main = new Main();
    CommandLine root = new CommandLine(main);
    root.getCommandSpec().versionProvider(new Version(session.engines()));
    root.addSubcommand(new SearchCommand(session));
    root.addSubcommand(ScoreCommand.commandLine(session));
    root.addSubcommand(PlanCommand.commandLine(session));
    root.addSubcommand(new RunCommand(session));
    root.addSubcommand(new CollectCommand(session));
    root.addSubcommand(new EvaluateCommand(session));
    root.addSubcommand(new ReportCommand(session));
    root.addSubcommand(new ListCommand(session));
    root.addSubcommand(new ConfigCommand(session));
    root.addSubcommand(new DoctorCommand(session));
    root.addSubcommand(new VerifyCommand(session));
    root.addSubcommand(new BenchCommand(session));
    root.getSubcommands().get("bench").setUnmatchedOptionsArePositionalParams(true);
    Errors errors = new Errors(session.console().err(), () -> main.stacktrace);
    root.registerConverter(Path.class, Main::path);
    root.setOut(new java.io.PrintWriter(session.console().out(), true))
        .setErr(new java.io.PrintWriter(session.console().err(), true))
        .setParameterExceptionHandler(errors)
        .setExecutionExceptionHandler(errors)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setAbbreviatedOptionsAllowed(false);
    return root;
  }

  /** An empty text is a variable without a value; to the JDK it is the working folder. */
  private static Path path(String text) {
    if (text.isEmpty()) {
      throw new TypeConversionException("a path must not be empty");
    }
    return Path.of(text);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "a command is missing");
  }
}
