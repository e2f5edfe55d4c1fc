package dev.orbifold.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of a Run that something else has spoilt: the message names file, place and reason as anybody would say them. */
class TornFilesTest {
    @TempDir private Path temporary;

    private RunView run() {
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "train", List.of())) {
            run.state(RunState.Status.DONE, 0, "");
            return run.view();
        }
    }

    private static String message(RunView run) {
        String message = String.valueOf(assertThrows(RunException.class, run::state).getMessage());
        for (String jargon : List.of("Source", "StreamReadFeature", "REDACTED", "dev.orbifold", "\n")) {
            assertFalse(message.contains(jargon), message);
        }
        return message;
    }

    /** However much of the state is there: it never reads as a state, and the message says no word of the reader's own. */
    @Test
    void aTornStateIsSaidPlainly() throws IOException {
        RunView run = run();
        Path state = run.path().resolve("state.json");
        String whole = Files.readString(state).strip();
        for (int length = 0; length < whole.length(); length++) {
            Files.writeString(state, whole.substring(0, length));
            message(run);
        }
        Files.writeString(state, "{\n  \"status\" : \"DO");
        assertEquals(state + " is not JSON: it ends too early, at line 2, column 17", message(run));
        Files.writeString(state, "");
        assertEquals(state + " is not JSON: it is empty", message(run));
        Files.writeString(state, "{}");
        assertEquals(state + " does not say how the Run stands: it has no status", message(run));
        Files.writeString(state, "{\"status\" : DONE}");
        assertEquals(state + " is not JSON: unrecognized token 'DONE': was expecting (JSON String, Number, Array,"
                + " Object or token 'null', 'true' or 'false')", message(run));
    }

    @Test
    void aLineOfTheMetricsIsNamed() throws IOException {
        RunView run = run();
        Path metrics = run.path().resolve("metrics.jsonl");
        Files.writeString(metrics, "{\"step\":1}\n{\"step\":\n{}\n", StandardOpenOption.CREATE);
        assertEquals(metrics + ", line 2: not JSON: it ends too early, at line 1, column 9",
                assertThrows(RunException.class, run::metrics).getMessage());
    }
}
