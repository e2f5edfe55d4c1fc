package dev.orbifold.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever a killed process leaves of a file, the Run opens again with the state before. */
class KillSafetyTest {
    @TempDir Path temporary;

    private static byte[] weights(long step) {
        byte[] bytes = new byte[333];
        new SplittableRandom(step).nextBytes(bytes);
        return bytes;
    }

    private Path written() {
        Path folder = temporary.resolve("run");
        try (RunFolder run = RunFolder.create(folder, "compress", List.of())) {
            for (long step = 1; step <= 6; step++) {
                run.metrics().append(new Metric.Train(new Metric.Point(step, step, "constrain"), 0.5, 0.1,
                        Map.of("accuracy", 97.25)));
                if (step % 2 == 0) {
                    long now = step;
                    run.checkpoints().write(step, writer -> {
                        writer.putJson("state", Map.of("step", now));
                        writer.put("weights", weights(now));
                    });
                }
            }
        }
        return folder;
    }

    private static void assertResumes(Path folder, long step, String context) {
        try (RunFolder run = RunFolder.open(folder); Checkpoint checkpoint = run.resume().orElseThrow()) {
            assertEquals(step, checkpoint.step(), context);
            assertArrayEquals(weights(step), checkpoint.bytes("weights"), context);
            assertEquals(LongStream.rangeClosed(1, step).boxed().toList(),
                    run.view().metrics().stream().map(line -> line.path("step").asLong()).toList(), context);
        }
    }

    @Test
    void theLastTwoCheckpointsAreKept() throws IOException {
        try (Stream<Path> files = Files.list(written().resolve("checkpoints"))) {
            assertEquals(List.of("step-000000004.checkpoint", "step-000000006.checkpoint"),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void aCheckpointBehindTheResumedOneIsDroppedByTheNextWrite() throws IOException {
        Path folder = written();
        Path last = folder.resolve("checkpoints/step-000000006.checkpoint");
        truncate(last, 100);
        try (RunFolder run = RunFolder.open(folder); Checkpoint checkpoint = run.resume().orElseThrow()) {
            assertEquals(4, checkpoint.step());
            run.checkpoints().write(5, writer -> writer.put("weights", weights(5)));
            assertTrue(Files.notExists(last));
            try (Checkpoint newest = run.checkpoints().latest().orElseThrow()) {
                assertEquals(5, newest.step());
            }
        }
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3, 4})
    void aTruncatedCheckpointIsPassedOver(long seed) throws IOException {
        Path folder = written();
        Path last = folder.resolve("checkpoints/step-000000006.checkpoint");
        byte[] whole = Files.readAllBytes(last);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 25; i++) {
            Files.write(last, whole);
            int length = random.nextInt(whole.length);
            truncate(last, length);
            byte[] metrics = Files.readAllBytes(folder.resolve("metrics.jsonl"));
            assertResumes(folder, 4, "seed " + seed + ", cut at byte " + length);
            Files.write(folder.resolve("metrics.jsonl"), metrics);
        }
    }

    @ParameterizedTest @ValueSource(longs = {1, 2})
    void aDamagedCheckpointIsPassedOver(long seed) throws IOException {
        Path folder = written();
        Path last = folder.resolve("checkpoints/step-000000006.checkpoint");
        byte[] whole = Files.readAllBytes(last);
        int data = indexOf(whole, weights(6));
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 25; i++) {
            byte[] damaged = whole.clone();
            int at = data + random.nextInt(333);
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(last, damaged);
            try (RunFolder run = RunFolder.open(folder);
                    Checkpoint checkpoint = run.checkpoints().latest().orElseThrow()) {
                assertEquals(4, checkpoint.step(), "seed " + seed + ", one bit of byte " + at);
            }
        }
    }

    @ParameterizedTest @ValueSource(longs = {1, 2, 3, 4})
    void aTornLineOfMetricsIsTolerated(long seed) throws IOException {
        Path folder = written();
        Path metrics = folder.resolve("metrics.jsonl");
        byte[] whole = Files.readAllBytes(metrics);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 25; i++) {
            Files.write(metrics, whole);
            int length = random.nextInt(whole.length);
            truncate(metrics, length);
            String context = "seed " + seed + ", cut at byte " + length;
            int lines = 0;
            for (int at = 0; at < length; at++) {
                lines += whole[at] == '\n' ? 1 : 0;
            }
            assertEquals(lines, RunView.of(folder).metrics().size(), context);
            try (RunFolder run = RunFolder.open(folder)) {
                run.metrics().append(new Metric.Event(new Metric.Point(7, 7, "heal"), "after", "a kill"));
                assertEquals(lines + 1, run.view().metrics().size(), context);
            }
        }
    }

    @Test
    void theClockGoesOnAfterAPause() throws IOException {
        Path folder = written();
        Files.writeString(folder.resolve("metrics.jsonl"), "{\"t\":100.5,\"step\":1}\n{\"t\":200.0,\"st");
        try (RunFolder run = RunFolder.open(folder)) {
            double seconds = run.metrics().seconds();
            assertTrue(seconds >= 100.5 && seconds < 160, "seconds " + seconds);
        }
    }

    private static void truncate(Path file, long length) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(length);
        }
    }

    private static int indexOf(byte[] whole, byte[] part) {
        for (int i = 0; i + part.length <= whole.length; i++) {
            if (java.util.Arrays.equals(whole, i, i + part.length, part, 0, part.length)) {
                return i;
            }
        }
        throw new AssertionError("the section is not in the file");
    }
}
