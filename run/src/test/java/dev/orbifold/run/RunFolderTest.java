package dev.orbifold.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
    @TempDir Path temporary;

    record Settings(Path model, double speedup, OptionalDouble lambda, Optional<String> exclude, double nothing) {
    }

    private static Metric train(long step) {
        return new Metric.Train(new Metric.Point(step, step / 10.0, "constrain"), 1.0 / step, 0.1,
                Map.of("accuracy", 50.0 + step));
    }

    private static List<Long> steps(RunView view) {
        return view.metrics().stream().map(line -> line.path("step").asLong()).toList();
    }

    @Test
    void everythingWrittenIsReadBack() throws IOException {
        Path folder = temporary.resolve("run");
        Path model = Files.writeString(temporary.resolve("model.onnx"), "abc");
        Settings settings = new Settings(model, 5, OptionalDouble.of(0.25), Optional.empty(), Double.NaN);
        try (RunFolder run = RunFolder.create(folder, "compress", List.of("model.onnx", "--speedup", "5"))) {
            run.configuration(settings);
            run.environment(Environment.detect(2, "float32", Map.of("libtorch", "2.10.0")));
            run.seeds(Map.of("root", 7L));
            run.inputs(List.of(InputFile.of("model", model)));
            run.findings(List.of(Map.of("kind", "dead-unit")));
            run.result(Map.of("schema", "orbifold.compress/1"));
            run.metrics().append(train(1));
            run.metrics().append(
                    new Metric.Evaluation(new Metric.Point(1, 0.1, "constrain"), "heldout", Double.NaN, 2, 30, 4));
            run.metrics().append(new Metric.Widths(new Metric.Point(1, 0.1, "constrain"), 30, Map.of("conv1", 20)));
            run.metrics().append(new Metric.Event(new Metric.Point(1, 0.1, "removal"), "removed", "3 units"));
            run.state(RunState.Status.DONE, 1, "");
        }
        RunView view = RunView.of(folder);
        assertEquals("compress", view.command());
        assertEquals(List.of("model.onnx", "--speedup", "5"), view.arguments());
        Settings read = view.configuration(Settings.class);
        assertEquals(new Settings(model, 5, OptionalDouble.of(0.25), Optional.empty(), 0), read);
        Environment environment = view.environment().orElseThrow();
        assertEquals("2.10.0", environment.libraries().get("libtorch"));
        assertTrue(environment.orbifold().matches("\\d+\\.\\d+.*"), environment.orbifold());
        assertEquals(7, view.seeds().orElseThrow().path("root").asLong());
        assertEquals("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                view.inputs().getFirst().sha256(), "SHA-256 of abc, FIPS 180-2");
        assertEquals(3, view.inputs().getFirst().bytes());
        assertEquals("dead-unit", view.findings().orElseThrow().path(0).path("kind").asText());
        assertEquals(RunState.Status.DONE, view.state().status());
        assertEquals(1, view.state().exitCode());
        List<JsonNode> lines = view.metrics();
        assertEquals(4, lines.size());
        assertEquals(51, lines.get(0).path("accuracy").asDouble());
        assertTrue(lines.get(1).path("accuracy").isNull(), "NaN is null: " + lines.get(1));
        assertEquals(20, lines.get(2).path("widths").path("conv1").asInt());
        assertEquals("3 units", lines.get(3).path("message").asText());
    }

    @Test
    void aFolderIsHashedByNamesAndContents() throws IOException {
        Path first = Files.createDirectories(temporary.resolve("first/inside"));
        Files.writeString(first.resolve("b"), "2");
        Files.writeString(first.resolveSibling("a"), "1");
        Path second = Files.createDirectories(temporary.resolve("second/inside"));
        Files.writeString(second.resolveSibling("a"), "1");
        Files.writeString(second.resolve("b"), "2");
        InputFile one = InputFile.of("data", first.getParent());
        assertEquals(one.sha256(), InputFile.of("data", second.getParent()).sha256());
        assertEquals(2, one.files());
        Files.move(second.resolve("b"), second.resolve("c"));
        assertFalse(one.sha256().equals(InputFile.of("data", second.getParent()).sha256()), "a name changed");
    }

    @Test
    void aChangedInputIsNoticed() throws IOException {
        Path model = Files.writeString(temporary.resolve("model.onnx"), "abc");
        InputFile input = InputFile.of("model", model);
        input.checkUnchanged();
        Files.writeString(model, "abd");
        assertTrue(assertThrows(RunException.class, input::checkUnchanged).getMessage().contains("is not what"));
        Files.delete(model);
        assertTrue(assertThrows(RunException.class, input::checkUnchanged).getMessage().contains("is gone"));
    }

    @Test
    void onlyOneProcessWritesARun() {
        Path folder = temporary.resolve("run");
        try (RunFolder run = RunFolder.create(folder, "demo", List.of())) {
            RunException refused = assertThrows(RunException.class, () -> RunFolder.open(folder));
            assertTrue(refused.getMessage().contains("another process"), refused.getMessage());
            assertEquals(RunState.Status.RUNNING, run.view().state().status());
        }
        RunFolder.open(folder).close();
    }

    @Test
    void aLockHeldByAnotherJvmIsSeen() throws Exception {
        Path folder = temporary.resolve("run");
        RunFolder.create(folder, "demo", List.of()).close();
        String java = ProcessHandle.current().info().command().orElseThrow();
        Path program = Files.writeString(temporary.resolve("Holder.java"), """
                void main(String[] args) throws Exception {
                    var channel = java.nio.channels.FileChannel.open(java.nio.file.Path.of(args[0]),
                            java.nio.file.StandardOpenOption.WRITE);
                    channel.lock();
                    System.out.println("held");
                    System.in.read();
                }
                """);
        Process holder = new ProcessBuilder(java, program.toString(), folder.resolve("lock").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            assertEquals("held", holder.inputReader().readLine());
            assertThrows(RunException.class, () -> RunFolder.open(folder));
        } finally {
            holder.destroyForcibly().waitFor();
        }
        RunFolder.open(folder).close();
    }

    @Test
    void aRunWhoseProcessIsGoneIsInterrupted() {
        Path folder = temporary.resolve("run");
        RunFolder.create(folder, "demo", List.of()).close();
        long gone = ProcessHandle.current().pid();
        Storage.write(folder.resolve("state.json"),
                Json.pretty(new RunState(RunState.Status.RUNNING, 0, "", java.time.Instant.EPOCH, gone, 12345))
                        .getBytes(StandardCharsets.UTF_8));
        assertEquals(RunState.Status.INTERRUPTED, RunView.of(folder).state().status());
    }

    @Test
    void whatLiesThereIsNeverOverwritten() throws IOException {
        Path folder = Files.createDirectories(temporary.resolve("mine"));
        Files.writeString(folder.resolve("thesis.tex"), "x");
        assertTrue(assertThrows(RunException.class, () -> RunFolder.create(folder, "demo", List.of())).getMessage()
                .contains("not empty"));
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(1, files.count());
        }
        assertThrows(RunException.class, () -> RunView.of(folder));
        assertThrows(RunException.class, () -> RunFolder.open(temporary.resolve("nothing")));
        Path file = Files.writeString(temporary.resolve("file"), "x");
        assertThrows(RunException.class, () -> RunFolder.checkFree(file));
        Path run = temporary.resolve("run");
        RunFolder.create(run, "demo", List.of()).close();
        assertTrue(assertThrows(RunException.class, () -> RunFolder.create(run, "demo", List.of())).getMessage()
                .contains("orbifold resume"));
    }

    @Test
    void aFolderAbandonedWhileItWasCreatedIsFree() throws IOException {
        Path folder = Files.createDirectories(temporary.resolve("run/checkpoints")).getParent();
        Files.createFile(folder.resolve("lock"));
        Files.createFile(folder.resolve("metrics.jsonl"));
        RunFolder.create(folder, "demo", List.of()).close();
        RunView.of(folder);
    }

    @Test
    void freshFoldersAreNew() throws IOException {
        Path one = Files.createDirectories(RunFolder.fresh(temporary, "demo"));
        Path two = RunFolder.fresh(temporary, "demo");
        assertFalse(Files.exists(two));
        assertTrue(one.getFileName().toString().matches("demo-\\d{8}-\\d{6}"), one.toString());
    }

    @Test
    void resumeForgetsWhatCameBehindTheCheckpoint() {
        Path folder = temporary.resolve("run");
        try (RunFolder run = RunFolder.create(folder, "compress", List.of())) {
            for (long step = 1; step <= 5; step++) {
                run.metrics().append(train(step));
                if (step == 3) {
                    run.checkpoints().write(step, writer -> writer.put("weights", new byte[] {1, 2, 3}));
                }
            }
        }
        try (RunFolder run = RunFolder.open(folder)) {
            assertEquals(List.of(1L, 2L, 3L, 4L, 5L), steps(run.view()));
            try (Checkpoint checkpoint = run.resume().orElseThrow()) {
                assertEquals(3, checkpoint.step());
                assertArrayEquals(new byte[] {1, 2, 3}, checkpoint.bytes("weights"));
            }
            assertEquals(List.of(1L, 2L, 3L), steps(run.view()));
            run.metrics().append(train(4));
            assertEquals(List.of(1L, 2L, 3L, 4L), steps(run.view()));
        }
    }

    @Test
    void withoutACheckpointResumeStartsOver() {
        Path folder = temporary.resolve("run");
        try (RunFolder run = RunFolder.create(folder, "compress", List.of())) {
            run.metrics().append(train(1));
        }
        try (RunFolder run = RunFolder.open(folder)) {
            assertTrue(run.resume().isEmpty());
            assertEquals(List.of(), run.view().metrics());
        }
    }

    @Test
    void sectionsKeepTheirBytesWhereverTheyComeFrom() {
        try (RunFolder run = RunFolder.create(temporary.resolve("run"), "compress", List.of());
                Arena arena = Arena.ofConfined()) {
            float[] heap = {1.5f, -2.5f, 3f};
            long size = (1L << 24) + 12;
            MemorySegment large = arena.allocate(size);
            for (long i = 0; i < size; i += 4096) {
                large.set(ValueLayout.JAVA_BYTE, i, (byte) (i >> 12));
            }
            run.checkpoints().write(8, writer -> {
                writer.put("large", large);
                writer.put("heap", MemorySegment.ofArray(heap));
                writer.put("empty", new byte[0]);
                writer.putJson("state", new Metric.Point(8, 0.5, "heal"));
            });
            try (Checkpoint checkpoint = run.checkpoints().latest().orElseThrow()) {
                assertEquals(List.of("large", "heap", "empty", "state"), List.copyOf(checkpoint.names()));
                assertEquals(-1, large.mismatch(checkpoint.segment("large")));
                assertArrayEquals(heap, checkpoint.segment("heap").toArray(ValueLayout.JAVA_FLOAT));
                assertEquals(0, checkpoint.segment("heap").address() % 64);
                assertEquals(0, checkpoint.segment("empty").byteSize());
                assertEquals(new Metric.Point(8, 0.5, "heal"), checkpoint.json("state", Metric.Point.class));
                assertThrows(RunException.class, () -> checkpoint.segment("absent"));
            }
            assertThrows(IllegalArgumentException.class, () -> run.checkpoints().write(9, writer -> {
                writer.put("twice", new byte[1]);
                writer.put("twice", new byte[1]);
            }));
        }
    }

    @Test
    void aFailedWriteLeavesTheCheckpointsBeforeIt() throws IOException {
        Path folder = temporary.resolve("run");
        try (RunFolder run = RunFolder.create(folder, "compress", List.of())) {
            run.checkpoints().write(1, writer -> writer.put("weights", new byte[] {1}));
            RunException full = assertThrows(RunException.class, () -> run.checkpoints().write(2, writer -> {
                writer.put("weights", new byte[1000]);
                throw new IOException("No space left on device");
            }));
            assertTrue(full.getMessage().contains("the disk is full"), full.getMessage());
            try (Checkpoint checkpoint = run.checkpoints().latest().orElseThrow();
                    Stream<Path> files = Files.list(folder.resolve("checkpoints"))) {
                assertEquals(1, checkpoint.step());
                assertEquals(1, files.count(), "the half-written file is gone");
            }
        }
    }
}
