package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is shown while a command works. */
class ProgressTest {
    @Test
    void standingSaysOnlyWhatIsKnown() {
        assertEquals("99.12 %, 220 k MACs", LiveProgress.standing(99.12, 220_000));
        assertEquals("220 k MACs", LiveProgress.standing(Double.NaN, 220_000));
        assertEquals("99.12 %", LiveProgress.standing(99.12, Double.NaN));
        assertEquals("", LiveProgress.standing(Double.NaN, Double.NaN));
    }

    @Test
    void logsGetMessagesAndNoLinePerStep() {
        List<String> said = new ArrayList<>();
        try (LineProgress progress = new LineProgress(() -> true, said::add)) {
            progress.message("epoch 1 of 2");
            for (int step = 0; step < 1000; step++) {
                progress.step("heal", step, 1000, 99, 1000);
            }
            assertTrue(progress.stopping());
        }
        assertEquals(List.of("epoch 1 of 2"), said);
    }

    @Test
    void quietSaysNothingAndStillStops() {
        try (QuietProgress progress = new QuietProgress(() -> true)) {
            progress.message("unheard");
            assertTrue(progress.stopping());
        }
        assertFalse(new QuietProgress(() -> false).stopping());
    }
}
