package dev.orbifold.cli;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How commands are typed, and what becomes of those typed wrongly. */
class UsageTest {
    @TempDir private Path folder;

    @ParameterizedTest @ValueSource(
            strings = {"demo", "compress", "train", "evaluate", "scan", "transform", "balance", "predict", "shrink",
                    "report",
                    "watch",
                    "resume"})
    void everyCommandHelpsWithAnExample(String command) {
        Outcome outcome = Outcome.of(command, "--help");
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.out().contains("Example:\n  orbifold " + command), outcome.all()),
                () -> assertTrue(outcome.out().contains("--json"), outcome.all()),
                () -> assertTrue(outcome.out().contains("--quiet"), outcome.all()),
                () -> assertEquals("", outcome.err()));
    }

    @Test
    void versionNamesTheLibraries() {
        Outcome outcome = Outcome.of("--version");
        assertAll(() -> assertEquals(ExitCode.DONE, outcome.exitCode()),
                () -> assertTrue(outcome.out().startsWith("orbifold "), outcome.all()),
                () -> assertTrue(outcome.out().contains("libtorch "), outcome.all()));
    }

    @Test
    void anUnknownCommandBringsASuggestion() {
        Outcome outcome = Outcome.of("compres", "model.onnx");
        assertAll(() -> assertEquals(ExitCode.USAGE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().startsWith("orbifold: there is no command compres\n"), outcome.all()),
                () -> assertTrue(outcome.err().contains("compress"), outcome.all()),
                () -> assertEquals("", outcome.out()));
    }

    @TestFactory
    Stream<DynamicTest> whatIsTypedWronglyIsNamed() {
        List<Object> compress = List.of("compress", "m.onnx", "--data", "d", "-o", folder.resolve("o.onnx"));
        return Stream.of(wrong("no command given"),
                wrong("Missing required parameter: 'MODEL'", "compress", "--data", "d", "-o", "o", "--speedup", 2),
                wrong("Missing required option: '--data=DATA'", "evaluate", "m.onnx"),
                wrong("Missing required option: '--output=OUT'", "shrink", "m.onnx"),
                wrong("name a target: --speedup, --keep or --max-drop", compress.toArray()),
                wrong("name a RECIPE, or --model and --data", "train", "--data", "d"),
                wrong("--epochs must be at least 1, found 0", "train", "r.yaml", "--epochs", 0),
                wrong("--batch-size must be at least 1, found 0", "train", "r.yaml", "--batch-size", 0),
                wrong("--lr must be positive, found NaN", "train", "r.yaml", "--lr", "NaN"),
                wrong("--std must be positive, found 0.0", "train", "r.yaml", "--std", 0),
                wrong("mutually exclusive", with(compress, "--speedup", 2, "--keep", 0.5)),
                wrong("--speedup must be a number above 1, found 0.5", with(compress, "--speedup", 0.5)),
                wrong("--keep must lie between 0 and 1, found 2.0", with(compress, "--keep", 2)),
                wrong("--max-drop must be accuracy points", with(compress, "--max-drop", -1)),
                wrong("--epochs must be at least 1, found 0", with(compress, "--speedup", 2, "--epochs", 0)),
                wrong("'x' is not an int", with(compress, "--speedup", 2, "--epochs", "x")),
                wrong("--threads must be at least 1, found 0", with(compress, "--speedup", 2, "--threads", 0)),
                wrong("--std must be positive, found 0.0", with(compress, "--speedup", 2, "--std", 0)),
                wrong("expected one of auto, none, crop, crop-flip, found 'mirror'",
                        with(compress, "--speedup", 2, "--augment", "mirror")),
                wrong("--precision must be one of auto, float32, bfloat16, found half",
                        with(compress, "--speedup", 2, "--precision", "half")),
                wrong("--weight-decay must be at least 0, found -1.0", "predict", "m.onnx", "--data", "d",
                        "--weight-decay",
                        -1),
                wrong("--rate must be positive, found 0.0", "predict", "m.onnx", "--data", "d", "--rate", 0),
                wrong("--pairs must be at least 0, found -1", "predict", "m.onnx", "--data", "d", "--pairs", -1),
                wrong("Missing required option: '--data=DATA'", "predict", "m.onnx"),
                wrong("--port must lie between 0 and 65535, found 70000", "watch", "run", "--port", 70_000),
                wrong("'maybe'", "watch", "run", "--open", "maybe"),
                wrong("the tolerance must be in [0, 1), found 1.0", "shrink", "m.onnx", "-o", folder.resolve("o.onnx"),
                        "--tolerance", 1));
    }

    @TestFactory
    Stream<DynamicTest> aMisspelledOptionIsNamedWithWhatWasMeant() {
        return Stream.of(
                wrong("Unknown option: '--sed'. Missing required option: '--output=OUT'\nPossible solutions: --seed\n",
                        "transform", "m.onnx", "--sed", 3),
                wrong("Unknown option: '--outptu'. Missing required option: '--output=OUT'\nPossible solutions: --output\n",
                        "shrink", "m.onnx", "--outptu", "o.onnx"),
                wrong("orbifold scan: Unknown option: '--sample'\nPossible solutions: --samples\n", "scan", "m.onnx",
                        "--sample", "3"),
                wrong("orbifold scan: Unknown option: '--sample'\n", "scan", "m.onnx", "--sample", "-3"),
                wrong("orbifold scan: Unknown option: '--sample'\nPossible", "scan", "m.onnx", "--sample=3"),
                wrong("orbifold scan: Unknown options: '--sample', '--thread'\n", "scan", "m.onnx", "--sample", "3",
                        "--thread", "2"),
                wrong("orbifold: Unknown option: '--sed'\n", "--sed"),
                wrong("orbifold scan: Unmatched argument at index 2: 'again.onnx'\n", "scan", "m.onnx", "again.onnx"));
    }

    private DynamicTest wrong(String message, Object... words) {
        return DynamicTest.dynamicTest(message, () -> {
            Outcome outcome = Outcome.of(words);
            assertAll(() -> assertEquals(ExitCode.USAGE, outcome.exitCode(), outcome.all()),
                    () -> assertTrue(outcome.err().contains(message), outcome.all()),
                    () -> assertEquals("", outcome.out()));
        });
    }

    private static Object[] with(List<Object> words, Object... more) {
        return Stream.concat(words.stream(), Stream.of(more)).toArray();
    }

    @Test
    void aModelIsNotOverwrittenByItself() {
        Path model = Tiny.model(folder.resolve("m.onnx"), 2);
        Outcome outcome = Outcome.of("shrink", model, "-o", folder.resolve("./m.onnx"), "--run", folder.resolve("run"));
        assertAll(() -> assertEquals(ExitCode.USAGE, outcome.exitCode(), outcome.all()),
                () -> assertTrue(outcome.err().contains("names the model itself"), outcome.all()),
                () -> assertFalse(Files.exists(folder.resolve("run"))));
    }
}
