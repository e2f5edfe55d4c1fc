package dev.orbifold.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.orbifold.run.Json;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LanesTest {
    @TempDir Path temporary;

    @Test
    void aResidualBlockReturnsToItsLane() {
        Lanes lanes = Lanes.of(Json.parse("""
                {"spaces": [{"name": "stream"}, {"name": "inner"}], "blocks": [
                 {"parameter": "c.weight", "reads": [], "writes": [0]},
                 {"parameter": "c1.weight", "reads": [0], "writes": [1]},
                 {"parameter": "c2.weight", "reads": [1], "writes": [0]},
                 {"parameter": "onnx::Gemm_9", "node": "fc", "reads": [0], "writes": []}]}"""));
        List<String> rows = lanes.marks().stream()
                .map(mark -> mark.lane() + " " + (mark.space() < 0 ? mark.parameters() : mark.space())).toList();
        assertEquals(List.of("0 [c]", "0 0", "1 [c1]", "1 1", "1 [c2]", "0 [fc]"), rows);
        assertEquals(2, lanes.lanes());
    }

    @Test
    void everySpaceHasItsRowAndLanesDoNotCross() {
        int layers = 12;
        Lanes lanes = Lanes
                .of(SyntheticScan.write(temporary.resolve("run"), "gpt.onnx", layers).result().orElseThrow());
        Set<Integer> spaces = new HashSet<>();
        for (int row = 0; row < lanes.marks().size(); row++) {
            assertEquals(row, lanes.marks().get(row).row());
            spaces.add(lanes.marks().get(row).space());
        }
        assertEquals(SyntheticScan.spaces(layers) + 1, spaces.size(), "all Spaces, and −1 for blocks");
        assertTrue(lanes.lanes() <= 4, "stream, heads, keys and values: " + lanes.lanes());
        List<Lanes.Stroke> runs = lanes.strokes().stream().filter(stroke -> stroke.space() >= 0).toList();
        for (Lanes.Stroke a : runs) {
            for (Lanes.Stroke b : runs) {
                boolean apart = a == b || a.from()[0] != b.from()[0] || a.to()[1] < b.from()[1]
                        || b.to()[1] < a.from()[1];
                assertTrue(apart, "Spaces " + a.space() + " and " + b.space() + " overlap in lane " + a.from()[0]);
            }
        }
    }

    @Test
    void nothingIsDrawnWithoutBlocks() {
        assertTrue(Lanes.of(Json.parse("{\"spaces\": [{\"name\": \"alone\"}], \"blocks\": []}")).marks().isEmpty());
        assertTrue(Lanes.of(Json.parse("{}")).marks().isEmpty());
    }
}
