package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What ./orbifold refuses, before it builds or starts anything. Machines are played by small scripts. */
class LauncherTest {
    /** One run of the launcher. */
    private record Outcome(int exitCode, String out, String err) {
    }

    @TempDir private Path folder;

    @BeforeEach
    void aShellIsThere() {
        assumeTrue(Files.isExecutable(Path.of("/bin/sh")), "skipped: there is no /bin/sh on this machine");
    }

    @Test
    void aPlatformWithoutNativesIsNamed() throws Exception {
        Outcome outcome = run("orbifold", machine("Linux", "aarch64"), Map.of(), "--version");
        assertAll(
                () -> assertEquals(3, outcome.exitCode(), outcome.err()),
                () -> assertTrue(outcome.err().contains("no natives for this platform (Linux aarch64)"), outcome.err()),
                () -> assertEquals("", outcome.out()));
    }

    @Test
    void anOldJavaHomeOfItsOwnIsAnError() throws Exception {
        Path jdk = jdk("17.0.19");
        Outcome outcome = run("orbifold", machine("Linux", "x86_64"), Map.of("ORBIFOLD_JAVA_HOME", jdk.toString()),
                "--version");
        assertAll(
                () -> assertEquals(3, outcome.exitCode(), outcome.err()),
                () -> assertTrue(outcome.err().contains(jdk + ", which is not a JDK of version 25"), outcome.err()),
                () -> assertEquals("", outcome.out()));
    }

    /** In a checkout without sources the launcher gets as far as the build, which fails: the JDK was accepted. */
    @Test
    void aFailedBuildIsReportedAndEndsWithThree() throws Exception {
        Path checkout = Files.createDirectories(folder.resolve("a checkout"));
        Files.copy(Checkout.root().resolve("orbifold"), checkout.resolve("orbifold"));
        executable(checkout.resolve("mvnw"), "echo \"JAVA_HOME is $JAVA_HOME\"; exit 7");
        Path jdk = jdk("26-ea");
        Path link = Files.createSymbolicLink(folder.resolve("link"), Path.of("a checkout/orbifold"));
        Outcome outcome = run(link.toString(), machine("Linux", "x86_64"), Map.of("JAVA_HOME", jdk.toString()),
                "--version");
        assertAll(
                () -> assertEquals(3, outcome.exitCode(), outcome.err()),
                () -> assertTrue(outcome.err().contains("the build failed (status 7)"), outcome.err()),
                () -> assertEquals("JAVA_HOME is " + jdk + "\n",
                        Files.readString(checkout.resolve("target/build.log"))),
                () -> assertTrue(Files.notExists(checkout.resolve("target/build.lock")), "the lock is left behind"),
                () -> assertEquals("", outcome.out()));
    }

    /** Maven, played by a script, interrupts the launcher that waits for it. */
    @Test
    void anInterruptedBuildSaysSoAndLeavesNothing() throws Exception {
        Path checkout = Files.createDirectories(folder.resolve("checkout"));
        Files.copy(Checkout.root().resolve("orbifold"), checkout.resolve("orbifold"));
        executable(checkout.resolve("mvnw"), "kill -INT $(cat target/build.lock/pid); exit 1");
        Files.createDirectories(checkout.resolve("target"));
        Files.createFile(checkout.resolve("target/begun.1"));
        Outcome outcome = run(checkout.resolve("orbifold").toString(), machine("Linux", "x86_64"),
                Map.of("JAVA_HOME", jdk("25").toString()), "--version");
        assertAll(
                () -> assertEquals(4, outcome.exitCode(), outcome.err()),
                () -> assertTrue(outcome.err().contains("the build was interrupted"), outcome.err()),
                () -> assertEquals("build.log", String.join(" ", checkout.resolve("target").toFile().list())));
    }

    /** The virtual machine, played by a script, shows what it is given. */
    @Test
    void javaLearnsTheNameThatWasTyped() throws Exception {
        Path checkout = Files.createDirectories(folder.resolve("checkout"));
        Files.copy(Checkout.root().resolve("orbifold"), checkout.resolve("orbifold"));
        executable(checkout.resolve("mvnw"),
                "mkdir -p cli/target/lib && : >cli/target/lib/orbifold.jar && : >pom.xml");
        Path jdk = jdk("25");
        executable(jdk.resolve("bin/java"), "echo \"$@\"");
        Outcome outcome = run(checkout.resolve("orbifold").toString(), machine("Linux", "x86_64"),
                Map.of("JAVA_HOME", jdk.toString(), "ORBIFOLD_NO_CACHE", "yes"), "--version");
        assertAll(
                () -> assertEquals(0, outcome.exitCode(), outcome.err()),
                () -> assertTrue(outcome.out().contains(" -Dorbifold.command=" + checkout.resolve("orbifold") + " "),
                        outcome.out()),
                () -> assertTrue(outcome.out().contains(" --sun-misc-unsafe-memory-access=allow "), outcome.out()));
    }

    private Outcome run(String launcher, Path machine, Map<String, String> variables, String... arguments)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(Checkout.root().resolve(launcher).toString());
        builder.command().addAll(List.of(arguments));
        builder.directory(folder.toFile());
        builder.environment().keySet().removeAll(Set.of("ORBIFOLD_JAVA_HOME", "JAVA_HOME"));
        builder.environment().merge("PATH", machine.toString(), (path, first) -> first + ":" + path);
        builder.environment().putAll(variables);
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the launcher did not end within a minute: " + Files.readString(err));
        }
        return new Outcome(process.exitValue(), Files.readString(out, StandardCharsets.UTF_8),
                Files.readString(err, StandardCharsets.UTF_8));
    }

    /** A folder for the PATH whose uname tells of the given machine. */
    private Path machine(String system, String processor) throws IOException {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        executable(bin.resolve("uname"), "case $1 in -m) echo " + processor + " ;; *) echo " + system + " ;; esac");
        return bin;
    }

    private Path jdk(String version) throws IOException {
        Path home = Files.createDirectories(folder.resolve("jdk-" + version));
        Files.createDirectories(home.resolve("bin"));
        executable(home.resolve("bin/java"), "exit 9");
        executable(home.resolve("bin/javac"), "exit 9");
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private static void executable(Path file, String script) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        if (!file.toFile().setExecutable(true)) {
            throw new IOException("cannot make executable: " + file);
        }
    }
}
