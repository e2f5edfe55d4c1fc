package dev.orbifold.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Metrics read while somebody writes them. */
class MetricsTailTest {
    @TempDir private Path temporary;
    private Path file = Path.of("");
    private MetricsTail tail = new MetricsTail(Path.of(""));

    @BeforeEach
    void start() {
        file = temporary.resolve("metrics.jsonl");
        tail = new MetricsTail(file);
    }

    private void add(String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private List<Integer> steps() {
        return tail.lines().stream().map(line -> line.path("step").asInt()).toList();
    }

    private static String line(int step) {
        return "{\"t\":" + step * 0.37 + ",\"step\":" + step + ",\"phase\":\"größe\"}\n";
    }

    /** However the bytes arrive, the lines are those of the whole file. */
    @ParameterizedTest @ValueSource(longs = {1, 2, 3, 4})
    void anyPiecesGiveAllLines(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        StringBuilder all = new StringBuilder();
        List<Integer> expected = new ArrayList<>();
        for (int step = 0; step < 200; step++) {
            all.append(line(step));
            expected.add(step);
        }
        byte[] bytes = all.toString().getBytes(StandardCharsets.UTF_8);
        for (int at = 0; at < bytes.length;) {
            int next = Math.min(bytes.length, at + random.nextInt(90));
            Files.write(file, Arrays.copyOfRange(bytes, at, next), StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            int had = tail.lines().size();
            assertEquals(tail.advance(), tail.lines().size() > had, "seed " + seed + ", byte " + next);
            at = next;
        }
        assertEquals(expected, steps());
        assertEquals(Optional.empty(), tail.problem());
        assertFalse(tail.advance(), "nothing is new");
    }

    @Test
    void aMissingFileHasNoLines() throws IOException {
        assertFalse(tail.advance());
        add(line(1));
        assertTrue(tail.advance());
        Files.delete(file);
        assertTrue(tail.advance());
        assertEquals(List.of(), steps());
    }

    @Test
    void aTornLineWaitsForItsEnd() throws IOException {
        add(line(1) + "{\"step\":2");
        tail.advance();
        assertEquals(List.of(1), steps());
        assertFalse(tail.advance());
        add("}\n");
        assertTrue(tail.advance());
        assertEquals(List.of(1, 2), steps());
    }

    /** Cut back and grown again, shorter, as long, or longer than before. */
    @ParameterizedTest @ValueSource(ints = {0, 1, 5, 9})
    void aFileThatWasCutIsReadAnew(int more) throws IOException {
        add(line(1) + line(2) + line(3) + line(4));
        tail.advance();
        Files.writeString(file, line(1) + line(2));
        List<Integer> expected = new ArrayList<>(List.of(1, 2));
        for (int i = 0; i < more; i++) {
            add(line(10 + i));
            expected.add(10 + i);
        }
        assertTrue(tail.advance());
        assertEquals(expected, steps());
    }

    @Test
    void aLineThatIsNotJsonIsNamedAndTheOthersAreRead() throws IOException {
        add(line(1) + "nonsense\n" + line(3) + "again\n");
        tail.advance();
        assertEquals(List.of(1, 3), steps());
        assertTrue(tail.problem().orElseThrow().contains("line 2"), tail.problem().toString());
        Files.writeString(file, line(7));
        tail.advance();
        assertEquals(Optional.empty(), tail.problem());
    }
}
