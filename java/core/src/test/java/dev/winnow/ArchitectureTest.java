package dev.winnow;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** What the core must never do: it is the part that runs on a machine without a native library. */
class ArchitectureTest {
  private static final JavaClasses CORE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.winnow");

  @Test
  void rulesSeeTheCore() {
    assertTrue(CORE.contain("dev.winnow.compute.Engine"), "no classes to look at");
  }

  @Test
  void reachesNoNativeCode() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.bytedeco..", "dev.winnow.engine..", "dev.winnow.cli..")
        .check(CORE);
  }

  @Test
  void declaresNoNativeMethodAndLoadsNoLibrary() {
    methods().should().notHaveModifier(JavaModifier.NATIVE).check(CORE);
    noClasses()
        .should()
        .callMethod(System.class, "load", String.class)
        .orShould()
        .callMethod(System.class, "loadLibrary", String.class)
        .check(CORE);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("dev.winnow.(*)..").should().beFreeOfCycles().check(CORE);
  }

  @Test
  void packagesAreNamedForTheirSubject() {
    classes()
        .should()
        .resideOutsideOfPackages("..util..", "..utils..", "..common..", "..impl..", "..helper..")
        .check(CORE);
  }
}
