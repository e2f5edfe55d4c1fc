package dev.orbifold.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SharedShapesTest {
    /** The same Graph without what the file says of inner values and outputs. */
    private static Graph undeclared(Graph graph) {
        List<ValueInfo> outputs = graph.outputs().stream()
                .map(o -> new ValueInfo(o.name(), java.util.Optional.empty(), java.util.Optional.empty())).toList();
        return new Graph(graph.name(), graph.opsets(), graph.inputs(), outputs, graph.nodes(), graph.parameters(),
                List.of(), graph.origin());
    }

    @Test
    void everyValueOfTheExampleModelsIsInferred() throws IOException {
        for (Path file : SharedModels.all()) {
            Graph graph = OnnxFile.read(file);
            Shapes shapes = Shapes.of(undeclared(graph));
            String batch = graph.inputs().get(0).shape().orElseThrow().dim(0).symbol();
            for (Node node : graph.nodes()) {
                for (String output : node.outputs()) {
                    String where = file.getFileName() + ": " + node.label() + " " + output;
                    assertTrue(shapes.type(output).isPresent(), where);
                    Shape shape = shapes.shape(output).orElseThrow(() -> new AssertionError(where));
                    for (Dim dim : shape.dims()) {
                        assertTrue(dim.isFixed() || dim.symbol().contains(batch), where + " " + shape);
                    }
                }
            }
            for (ValueInfo output : graph.outputs()) {
                assertEquals(output.shape(), shapes.shape(output.name()), file.toString());
                assertEquals(output.type(), shapes.type(output.name()), file.toString());
            }
        }
    }

    /**
     * Multiply-adds and parameters counted by an independent program on the same files. That program's shape inference
     * loses gpt-char's products of activations: 2 blocks · 2 products · 4 heads · 64 · 64 · 32 = 2 097 152, added here.
     */
    @ParameterizedTest @CsvSource({"lenet300-mnist.onnx,266200,266610", "lenet5-mnist.onnx,2293000,431080",
            "gpt-char.onnx,27795456,425793", "mobilenet_v3_small.onnx,56510400,2543576",
            "resnet20-cifar10.onnx,40813184,273946", "squeezenet1_1.onnx,349151936,1233288"})
    void costsAreThoseOfAnIndependentCount(String file, long macs, long parameters) {
        Cost cost = Cost.of(OnnxFile.read(SharedModels.named(file)));
        assertEquals(macs, cost.macs());
        assertEquals(parameters, cost.parameters());
    }
}
