package dev.orbifold.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.toCollection;
import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Holds the code to the module diagram of docs/design.md. */
class ArchitectureTest {
    private static final String ROOT = "dev.orbifold.";

    /** What each module may use; docs/design.md shows the same. */
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("graph", Set.of()),
            Map.entry("ort", Set.of("graph")),
            Map.entry("symmetry", Set.of("graph")),
            Map.entry("engine", Set.of("graph")),
            Map.entry("constraint", Set.of("engine", "symmetry", "graph")),
            Map.entry("structure", Set.of("symmetry", "graph")),
            Map.entry("certificate", Set.of("symmetry", "engine", "graph")),
            Map.entry("collapse", Set.of("structure", "engine", "symmetry", "graph")),
            Map.entry("run", Set.of("graph")),
            Map.entry("report", Set.of("run", "graph")),
            Map.entry("watch", Set.of("report", "run")),
            Map.entry("train",
                    Set.of("constraint", "structure", "collapse", "run", "ort", "engine", "symmetry", "graph")),
            Map.entry("cli",
                    Set.of("train", "watch", "report", "constraint", "certificate", "collapse", "structure", "run",
                            "ort",
                            "engine", "symmetry", "graph")));

    /** Libraries that a module must not know, whatever its dependencies bring along. */
    private static final Map<String, Set<String>> MUST_NOT_KNOW = Map.ofEntries(
            Map.entry("graph", Set.of("org.bytedeco..", "ai.onnxruntime..")),
            Map.entry("symmetry", Set.of("org.bytedeco..", "ai.onnxruntime..")),
            Map.entry("ort", Set.of("org.bytedeco..")),
            Map.entry("engine", Set.of("ai.onnxruntime..")),
            Map.entry("constraint", Set.of("ai.onnxruntime..", "picocli..")),
            Map.entry("structure", Set.of("org.bytedeco..", "ai.onnxruntime..")),
            Map.entry("certificate", Set.of("ai.onnxruntime..")),
            Map.entry("collapse", Set.of("ai.onnxruntime..", "picocli..")),
            Map.entry("run", Set.of("org.bytedeco..", "ai.onnxruntime..")),
            Map.entry("report", Set.of("org.bytedeco..", "ai.onnxruntime..")),
            Map.entry("watch", Set.of("org.bytedeco..", "ai.onnxruntime..", "picocli..")),
            Map.entry("train", Set.of("picocli..", "ai.onnxruntime..")),
            Map.entry("cli", Set.of("org.bytedeco..", "ai.onnxruntime..", "io.javalin..", "org.eclipse.jetty..")));

    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("dev.orbifold");
    }

    @Test
    void everyModuleIsSeen() {
        Set<String> seen = classes.stream().map(ArchitectureTest::module).collect(toSet());
        assertEquals(new TreeSet<>(MAY_USE.keySet()), new TreeSet<>(seen),
                "modules on the class path of the command line; a new module needs a line here and in docs/design.md");
    }

    @TestFactory
    Stream<DynamicTest> modulesUseOnlyWhatTheDiagramAllows() {
        return MAY_USE.keySet().stream().sorted()
                .map(module -> DynamicTest.dynamicTest(module, () -> mayUse(module).check(classes)));
    }

    @TestFactory
    Stream<DynamicTest> modulesDoNotKnowWhatTheyMustNot() {
        return MUST_NOT_KNOW.entrySet().stream().sorted(Map.Entry.comparingByKey())
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(),
                        () -> noClasses().that().resideInAPackage(ROOT + entry.getKey() + "..")
                                .should().dependOnClassesThat()
                                .resideInAnyPackage(entry.getValue().toArray(String[]::new))
                                .allowEmptyShould(true)
                                .check(classes)));
    }

    @Test
    void modulesFormNoCycle() {
        slices().matching(ROOT + "(*)..").should().beFreeOfCycles().check(classes);
    }

    @Test
    void nobodyUsesTheBenchmarks() {
        noClasses().that().resideInAPackage("dev.orbifold..").and().resideOutsideOfPackage("dev.orbifold.bench..")
                .should().dependOnClassesThat().resideInAPackage("dev.orbifold.bench..")
                .check(classes);
    }

    /** The rules can fail: the command line uses picocli, so forbidding it there must be noticed. */
    @Test
    void aBrokenRuleIsNoticed() {
        ArchRule broken = noClasses().that().resideInAPackage(ROOT + "cli..")
                .should().dependOnClassesThat().resideInAPackage("picocli..");
        assertThrows(AssertionError.class, () -> broken.check(classes));
    }

    /** The table of modules in docs/design.md names exactly the modules of the build. */
    @Test
    void theDesignSheetNamesEveryModule() throws IOException {
        Path root = Checkout.root();
        Set<String> documented = Pattern.compile("(?m)^\\| ([a-z]+) \\|.*\\|.*\\|$")
                .matcher(section(Files.readString(root.resolve("docs/design.md")), "## The house"))
                .results().map(match -> match.group(1)).filter(name -> !name.equals("module"))
                .collect(toCollection(TreeSet::new));
        Set<String> built = Pattern.compile("<module>([a-z]+)</module>")
                .matcher(Files.readString(root.resolve("pom.xml")))
                .results().map(match -> match.group(1))
                .collect(toCollection(TreeSet::new));
        assertEquals(built, documented);
    }

    private static String section(String text, String heading) {
        int start = text.indexOf(heading + "\n");
        assertTrue(start >= 0, "docs/design.md has no section \"" + heading + "\"");
        int end = text.indexOf("\n## ", start + heading.length());
        return end < 0 ? text.substring(start) : text.substring(start, end);
    }

    private static ArchRule mayUse(String module) {
        String[] forbidden = Stream.concat(MAY_USE.keySet().stream(), Stream.of("bench"))
                .filter(other -> !other.equals(module) && !MAY_USE.get(module).contains(other))
                .map(other -> ROOT + other + "..")
                .toArray(String[]::new);
        return noClasses().that().resideInAPackage(ROOT + module + "..")
                .should().dependOnClassesThat().resideInAnyPackage(forbidden)
                .allowEmptyShould(true)
                .as("module " + module + " may use only " + new TreeSet<>(MAY_USE.get(module)));
    }

    private static String module(JavaClass type) {
        String rest = type.getPackageName().substring(ROOT.length());
        int dot = rest.indexOf('.');
        return dot < 0 ? rest : rest.substring(0, dot);
    }
}
