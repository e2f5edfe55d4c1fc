package dev.orbifold.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is printed to be pasted can be pasted. */
class TypedTest {
    @AfterEach
    void forget() {
        System.clearProperty(Typed.PROPERTY);
    }

    @Test
    void theNameIsTheOneThatWasTyped() {
        assertEquals("orbifold resume runs", Typed.command("resume", Path.of("runs")));
        System.setProperty(Typed.PROPERTY, "./orbifold");
        assertEquals("./orbifold resume runs", Typed.command("resume", Path.of("runs")));
    }

    @Test
    void whatAShellWouldSplitIsQuoted() {
        assumeTrue(File.separatorChar == '/', "skipped: the quotes are those of sh");
        assertEquals("orbifold resume 'my runs/it'\\''s'", Typed.command("resume", "my runs/it's"));
        System.setProperty(Typed.PROPERTY, "/a b/orbifold");
        assertEquals("'/a b/orbifold'", Typed.program());
    }
}
