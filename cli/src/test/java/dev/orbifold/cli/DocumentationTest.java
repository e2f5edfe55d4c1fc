package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Holds the documentation to the code: every Java program in it is a compiled source file, every link leads somewhere.
 * A program stands between a comment that names its file and the end of its block:
 *
 * <pre>
 * &lt;!-- cli/src/test/java/howto/ModelCost.java --&gt;
 * ```java
 * …
 * ```
 * </pre>
 */
class DocumentationTest {
    private static final Path ROOT = Checkout.root();
    private static final Path PROGRAMS = ROOT.resolve("cli/src/test/java/howto");
    private static final Pattern JAVA_BLOCK = Pattern
            .compile("(?:<!-- (?<file>\\S+\\.java) -->\\n)?```java\\n(?<text>.*?)```", Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\]\\((?<target>[^)#\\s]+)(?:#[^)]*)?\\)");

    @Test
    void everyProgramInThePagesIsACompiledFile() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Path page : pages()) {
            wrong.addAll(strayPrograms(ROOT.relativize(page).toString(), Files.readString(page)));
        }
        assertTrue(wrong.isEmpty(), () -> String.join("\n", wrong));
    }

    @Test
    void everyProgramIsInAPage() throws IOException {
        Set<String> shown = new TreeSet<>();
        for (Path page : pages()) {
            Matcher block = JAVA_BLOCK.matcher(Files.readString(page));
            while (block.find()) {
                if (block.group("file") != null) {
                    shown.add(block.group("file"));
                }
            }
        }
        try (Stream<Path> files = Files.list(PROGRAMS)) {
            Set<String> programs = files.map(file -> ROOT.relativize(file).toString().replace('\\', '/'))
                    .collect(Collectors.toCollection(TreeSet::new));
            assertEquals(programs, shown, "programs in cli/src/test/java/howto, and programs shown in docs");
        }
    }

    @Test
    void everyLinkLeadsSomewhere() throws IOException {
        List<String> dead = new ArrayList<>();
        for (Path page : pages()) {
            Matcher link = LINK.matcher(Files.readString(page));
            while (link.find()) {
                String target = link.group("target");
                if (!target.contains("://") && !Files.exists(page.resolveSibling(target))) {
                    dead.add(ROOT.relativize(page) + " links to " + target + ", which does not exist");
                }
            }
        }
        assertTrue(dead.isEmpty(), () -> String.join("\n", dead));
    }

    /** A long name or, where there is none, a short one, in backquotes, alone or with its value. */
    @Test
    void everyOptionOfEveryCommandIsInTheReference() throws IOException {
        String page = Files.readString(ROOT.resolve("docs/reference/command-line.md"));
        List<String> missing = new ArrayList<>();
        Main.commandLine().getSubcommands().forEach((name, command) -> {
            if (command.getCommandSpec().usageMessage().hidden()) {
                return;
            }
            String own =
                    page.contains("\n## " + name + "\n") ? page.split("\n## " + name + "\n")[1].split("\n## ")[0] : "";
            if (own.isEmpty()) {
                missing.add("there is no section ## " + name);
            }
            String shared = page.split("\n## Shared options\n")[1].split("\n## ")[0];
            List<String> heads =
                    cells(shared.lines().filter(line -> line.startsWith("| option")).findFirst().orElseThrow());
            for (OptionSpec option : command.getCommandSpec().options()) {
                Pattern row = Pattern.compile("(?m)^\\|.*`" + Pattern.quote(option.longestName()) + "[ `].*$");
                Matcher found = row.matcher(shared);
                boolean ticked = found.find() && cells(found.group()).get(heads.indexOf(name)).equals("✓");
                if (!ticked && !row.matcher(own).find()) {
                    missing.add(name + " " + option.longestName());
                }
            }
        });
        assertTrue(missing.isEmpty(), () -> "docs/reference/command-line.md lacks " + missing);
    }

    private static List<String> cells(String row) {
        return Stream.of(row.split("\\|", -1)).map(String::strip).toList();
    }

    /** The check can fail: a block that names no file, and one that differs from its file. */
    @Test
    void aStrayProgramIsNoticed() throws IOException {
        assertFalse(strayPrograms("page", "```java\nint x;\n```\n").isEmpty());
        assertFalse(strayPrograms("page",
                "<!-- cli/src/test/java/howto/ModelCost.java -->\n```java\nint x;\n```\n").isEmpty());
    }

    private static List<String> strayPrograms(String page, String text) throws IOException {
        List<String> wrong = new ArrayList<>();
        Matcher block = JAVA_BLOCK.matcher(text);
        while (block.find()) {
            String file = block.group("file");
            if (file == null) {
                wrong.add(page + " shows Java without naming its compiled file: " + block.group("text").strip());
            } else if (!Files.isRegularFile(ROOT.resolve(file))) {
                wrong.add(page + " names " + file + ", which does not exist");
            } else if (!body(ROOT.resolve(file)).equals(block.group("text").strip())) {
                wrong.add(page + " shows another text than " + file
                        + " has; copy the file, from its imports on, to the page");
            }
        }
        return wrong;
    }

    /** A source file without its package line. */
    private static String body(Path file) throws IOException {
        return Files.readString(file).replaceFirst("(?m)^package [^;]+;\\n", "").strip();
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs")); Stream<Path> top = Files.list(ROOT)) {
            return Stream.concat(docs, top).filter(path -> path.toString().endsWith(".md")).sorted().toList();
        }
    }
}
