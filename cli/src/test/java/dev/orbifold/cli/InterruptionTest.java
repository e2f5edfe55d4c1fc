package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import sun.misc.Signal;

/** A signal asks for a stop. */
class InterruptionTest {
    private static final long LONGEST_MILLIS = 10_000;

    @Test
    void aSignalIsNoticedOnceListenedFor() throws InterruptedException {
        assumeFalse(System.getProperty("os.name").startsWith("Windows"), "skipped: Windows raises no signals");
        List<String> said = new CopyOnWriteArrayList<>();
        try (Interruption interruption = Interruption.listen(said::add)) {
            assertFalse(interruption.requested());
            Signal.raise(new Signal("INT"));
            long until = System.currentTimeMillis() + LONGEST_MILLIS;
            while (!interruption.requested() && System.currentTimeMillis() < until) {
                Thread.sleep(5);
            }
            assertTrue(interruption.requested());
        }
        assertEquals(1, said.size(), said::toString);
    }
}
