package dev.orbifold.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedModelsTest {
    @Test
    void unchangedModelsAreWrittenIdentically(@TempDir Path folder) throws IOException {
        for (Path file : SharedModels.all()) {
            byte[] original = Files.readAllBytes(file);
            Graph graph = OnnxFile.read(file);
            Path copy = folder.resolve(file.getFileName());
            OnnxFile.write(graph, copy);
            assertArrayEquals(original, Files.readAllBytes(copy), file.toString());
            assertArrayEquals(original, OnnxFile.bytes(graph), file.toString());
        }
    }

    @Test
    void editingOneNodeAndOneParameterLeavesTheRest() throws IOException {
        for (Path file : SharedModels.all()) {
            Graph graph = OnnxFile.read(file);
            List<Node> nodes = new ArrayList<>(graph.nodes());
            int at = nodes.size() / 2;
            nodes.set(at, nodes.get(at).with("orbifold_test", new Attribute.Int(3)));
            String name = graph.parameters().keySet().iterator().next();
            TensorData old = graph.parameters().get(name);
            TensorData data = TensorData.of(new float[Math.toIntExact(old.elements())], old.dims());
            byte[] edited = OnnxFile.bytes(graph.withNodes(nodes).replacing(Map.of(name, data)));
            Graph back = OnnxFile.read(edited);
            assertEquals(nodes, back.nodes());
            assertEquals(data, back.parameters().get(name));
            Graph restored = back.withNodes(graph.nodes()).replacing(Map.of(name, old));
            assertArrayEquals(Files.readAllBytes(file), OnnxFile.bytes(restored), file.toString());
        }
    }
}
