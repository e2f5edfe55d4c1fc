package dev.orbifold.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxFileTest {
    private static OnnxMl.ValueInfoProto value(String name, int type, long... dims) {
        OnnxMl.TensorShapeProto.Builder shape = OnnxMl.TensorShapeProto.newBuilder();
        for (long d : dims) {
            shape.addDim(d < 0
                    ? OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimParam("batch")
                    : OnnxMl.TensorShapeProto.Dimension.newBuilder().setDimValue(d));
        }
        return OnnxMl.ValueInfoProto.newBuilder().setName(name).setDocString("about " + name)
                .setType(OnnxMl.TypeProto.newBuilder()
                        .setTensorType(OnnxMl.TypeProto.Tensor.newBuilder().setElemType(type).setShape(shape)))
                .build();
    }

    private static OnnxMl.NodeProto.Builder node(String op, String name, List<String> in, String... out) {
        return OnnxMl.NodeProto.newBuilder().setOpType(op).setName(name).addAllInput(in)
                .addAllOutput(Arrays.asList(out))
                .setDocString("doc of " + name);
    }

    private static OnnxMl.TensorProto.Builder floats(String name, float... values) {
        OnnxMl.TensorProto.Builder tensor = OnnxMl.TensorProto.newBuilder().setName(name).setDataType(1)
                .setDocString("weights " + name).addDims(values.length);
        for (float v : values) {
            tensor.addFloatData(v);
        }
        return tensor;
    }

    private static OnnxMl.TensorProto raw(String name, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float v : values) {
            bytes.putFloat(v);
        }
        return OnnxMl.TensorProto.newBuilder().setName(name).setDataType(1).addDims(values.length)
                .setRawData(ByteString.copyFrom(bytes.array())).build();
    }

    private static OnnxMl.GraphProto branch(String name, String op) {
        return OnnxMl.GraphProto.newBuilder().setName(name)
                .addNode(node(op, name + "_node", List.of("hidden", "local"), name + "_out"))
                .addInitializer(floats("local", 2)).addOutput(value(name + "_out", 1, -1, 3)).build();
    }

    /** Everything a file may hold that Orbifold does not look into, in one small model. */
    static OnnxMl.ModelProto odd() {
        UnknownFieldSet unknown = UnknownFieldSet.newBuilder()
                .addField(200, UnknownFieldSet.Field.newBuilder().addVarint(7).build()).build();
        OnnxMl.NodeProto choice = node("If", "choice", List.of("condition"), "chosen")
                .addAttribute(OnnxMl.AttributeProto.newBuilder().setName("then_branch")
                        .setType(OnnxMl.AttributeProto.AttributeType.GRAPH).setG(branch("then", "Add")))
                .addAttribute(OnnxMl.AttributeProto.newBuilder().setName("else_branch").setDocString("other way")
                        .setType(OnnxMl.AttributeProto.AttributeType.GRAPH).setG(branch("else", "Mul")))
                .build();
        OnnxMl.GraphProto graph = OnnxMl.GraphProto.newBuilder().setName("odd").setDocString("a graph")
                .addInput(value("x", 1, -1, 3)).addInput(value("bias", 1, 3)).addInput(value("condition", 9))
                .addNode(node("Add", "first", List.of("x", "bias"), "sum"))
                .addNode(node("Mystery", "foreign", List.of("sum", ""), "hidden").setDomain("com.example")
                        .addAttribute(OnnxMl.AttributeProto.newBuilder().setName("level").setI(-3)
                                .setType(OnnxMl.AttributeProto.AttributeType.INT))
                        .addAttribute(OnnxMl.AttributeProto.newBuilder().setName("text")
                                .setS(ByteString.copyFromUtf8("grüß"))
                                .setType(OnnxMl.AttributeProto.AttributeType.STRING)))
                .addNode(choice)
                .addNode(node("Mul", "last", List.of("chosen", "scale"), "y"))
                .addInitializer(floats("bias", 1, 2, 3)).addInitializer(raw("scale", 4, 5, 6))
                .addInitializer(OnnxMl.TensorProto.newBuilder().setName("names").setDataType(8).addDims(2)
                        .addStringData(ByteString.copyFromUtf8("a")).addStringData(ByteString.copyFromUtf8("bc")))
                .addOutput(value("y", 1, -1, 3)).addValueInfo(value("sum", 1, -1, 3))
                .addQuantizationAnnotation(OnnxMl.TensorAnnotation.newBuilder().setTensorName("scale"))
                .setUnknownFields(unknown).build();
        return OnnxMl.ModelProto.newBuilder().setIrVersion(8).setProducerName("test").setDocString("a model")
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(17))
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setDomain("com.example").setVersion(2))
                .setGraph(graph)
                .addMetadataProps(OnnxMl.StringStringEntryProto.newBuilder().setKey("k").setValue("v"))
                .setUnknownFields(unknown).build();
    }

    @Test
    void readsWhatIsThere() {
        Graph graph = OnnxFile.read(odd().toByteArray());
        assertEquals(List.of("x", "condition"), graph.inputs().stream().map(ValueInfo::name).toList());
        assertEquals("(batch,3)", graph.inputs().get(0).shape().orElseThrow().toString());
        assertArrayEquals(new float[] {1, 2, 3}, graph.parameters().get("bias").toFloats());
        assertArrayEquals(new float[] {4, 5, 6}, graph.parameters().get("scale").toFloats());
        Node foreign = graph.nodes().get(1);
        assertEquals("com.example", foreign.domain());
        assertEquals(-3, foreign.integer("level", 0));
        assertEquals("grüß", foreign.text("text", ""));
        assertEquals(new Attribute.Subgraph(List.of("hidden")),
                graph.nodes().get(2).attribute("then_branch").orElseThrow());
        assertEquals(Map.of("", 17, "com.example", 2), graph.opsets());
    }

    @Test
    void writesUnchangedModelsIdentically() {
        byte[] bytes = odd().toByteArray();
        assertArrayEquals(bytes, OnnxFile.bytes(OnnxFile.read(bytes)));
    }

    @Test
    void changesOnlyWhatChanged() throws IOException {
        OnnxMl.ModelProto model = odd();
        Graph graph = OnnxFile.read(model.toByteArray());
        List<Node> nodes = new ArrayList<>(graph.nodes());
        nodes.set(2, nodes.get(2).with("extra", new Attribute.Ints(List.of(1L, -2L))));
        Graph changed = graph.withNodes(nodes).replacing(Map.of("bias", TensorData.of(new float[] {7, 8, 9}, 3)));
        OnnxMl.ModelProto written = OnnxMl.ModelProto.parseFrom(OnnxFile.bytes(changed));

        OnnxMl.ModelProto.Builder expected = model.toBuilder();
        expected.getGraphBuilder().getNodeBuilder(2)
                .addAttribute(OnnxMl.AttributeProto.newBuilder().setName("extra").addInts(1).addInts(-2)
                        .setType(OnnxMl.AttributeProto.AttributeType.INTS));
        expected.getGraphBuilder().setInitializer(0,
                raw("bias", 7, 8, 9).toBuilder().setDocString("weights bias"));
        assertEquals(expected.build(), written);
    }

    @Test
    void initializersListedAsInputsStayConsistent() throws IOException {
        Graph graph = OnnxFile.read(odd().toByteArray());
        Graph wider = graph.replacing(Map.of("bias", TensorData.of(new float[] {7}, 1)));
        OnnxMl.GraphProto written = OnnxMl.ModelProto.parseFrom(OnnxFile.bytes(wider)).getGraph();
        assertEquals(List.of("x", "bias", "condition"),
                written.getInputList().stream().map(OnnxMl.ValueInfoProto::getName).toList());
        assertEquals(1, written.getInput(1).getType().getTensorType().getShape().getDim(0).getDimValue());
        assertEquals(odd().getGraph().getInput(0), written.getInput(0));
    }

    @Test
    void aGraphBuiltInMemoryIsReadBackEqual() {
        Graph graph = small();
        Graph back = OnnxFile.read(OnnxFile.bytes(graph));
        assertEquals(graph.nodes(), back.nodes());
        assertEquals(graph.parameters(), back.parameters());
        assertEquals(graph.inputs(), back.inputs());
        assertEquals(graph.outputs(), back.outputs());
    }

    @Test
    void declarationsThatNoLongerHoldAreDropped() {
        ValueInfo x = ValueInfo.of("x", DataType.FLOAT, Shape.of(1, 2));
        Graph graph = new Graph("g", Map.of("", 17), List.of(x),
                List.of(ValueInfo.of("y", DataType.FLOAT, Shape.of(1, 3))),
                List.of(Node.of("a", "MatMul", List.of("x", "w"), List.of("h"), Map.of()),
                        Node.of("b", "Relu", List.of("h"), List.of("y"), Map.of()),
                        Node.of("c", "Relu", List.of("x"), List.of("other"), Map.of())),
                Map.of("w", TensorData.of(new float[6], 2, 3)),
                List.of(ValueInfo.of("h", DataType.FLOAT, Shape.of(1, 3)),
                        ValueInfo.of("other", DataType.FLOAT, Shape.of(1, 2))),
                Graph.Origin.NONE);
        Graph read = OnnxFile.read(OnnxFile.bytes(graph));
        Graph smaller = read.replacing(Map.of("w", TensorData.of(new float[2], 2, 1)));
        Graph back = OnnxFile.read(OnnxFile.bytes(smaller));
        assertEquals(List.of(read.declared().get(1)), back.declared());
        assertEquals(List.of(ValueInfo.of("y", DataType.FLOAT, Shape.of(1, 1))), back.outputs());
    }

    private static Graph small() {
        Map<String, Attribute> attributes = Map.of("alpha", new Attribute.Real(0.5f), "transB", new Attribute.Int(1));
        return Graph.of("small",
                List.of(ValueInfo.of("x", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(2))))),
                List.of(ValueInfo.of("y", DataType.FLOAT, new Shape(List.of(Dim.named("n"), Dim.of(3))))),
                List.of(Node.of("dense", "Gemm", List.of("x", "w"), List.of("y"), attributes)),
                Map.of("w", TensorData.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2)));
    }

    @Test
    void nodesMayBeAddedRemovedAndReplaced() {
        Graph graph = OnnxFile.read(odd().toByteArray());
        List<Node> nodes = new ArrayList<>(graph.nodes());
        nodes.add(1, Node.of("new", "Relu", List.of("sum"), List.of("rectified"), Map.of()));
        nodes.set(2, nodes.get(2).withInputs(List.of("rectified", "")));
        Graph back = OnnxFile.read(OnnxFile.bytes(graph.withNodes(nodes)));
        assertEquals(nodes, back.nodes());
    }

    @Test
    void externalDataIsMappedKeptAndMoved(@TempDir Path folder) throws IOException {
        float[] values = new float[2048];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        TensorData data = TensorData.of(values, 2048);
        byte[] file = new byte[64 + 8192];
        System.arraycopy(data.bytes().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE), 0, file, 64, 8192);
        Files.write(folder.resolve("weights.bin"), file);
        Path model = folder.resolve("m.onnx");
        Files.write(model, external("weights.bin", 64, 8192).toByteArray());

        Graph graph = OnnxFile.read(model);
        assertEquals(data, graph.parameters().get("w"));
        OnnxFile.write(graph, folder.resolve("same.onnx"));
        assertArrayEquals(Files.readAllBytes(model), Files.readAllBytes(folder.resolve("same.onnx")));

        Path other = Files.createDirectory(folder.resolve("other"));
        OnnxFile.write(graph, other.resolve("moved.onnx"));
        Files.delete(folder.resolve("weights.bin"));
        assertEquals(data, OnnxFile.read(other.resolve("moved.onnx")).parameters().get("w"));
        assertTrue(Files.exists(other.resolve("moved.onnx.data")));
        Graph inside = OnnxFile.read(OnnxFile.bytes(graph));
        assertEquals(data, inside.parameters().get("w"));
        assertEquals("weights", OnnxMl.ModelProto.parseFrom(OnnxFile.bytes(graph)).getGraph().getInitializer(0)
                .getDocString());
        try (Stream<Path> left = Files.list(other)) {
            assertEquals(2, left.count(), "no temporary file is left");
        }
    }

    @Test
    void externalDataOfConstantsAndSubgraphsIsTakenInside(@TempDir Path folder) throws IOException {
        OnnxMl.TensorProto far = external("weights.bin", 0, 8192).getGraph().getInitializer(0);
        OnnxMl.ModelProto.Builder model = odd().toBuilder();
        model.getGraphBuilder().addNode(node("Constant", "c", List.of(), "c").addAttribute(OnnxMl.AttributeProto
                .newBuilder().setName("value").setT(far).setType(OnnxMl.AttributeProto.AttributeType.TENSOR)));
        model.getGraphBuilder().getNodeBuilder(2).getAttributeBuilder(0).getGBuilder().addInitializer(far);
        byte[] file = new byte[8192];
        new Random(5).nextBytes(file);
        Files.write(folder.resolve("weights.bin"), file);
        Path path = Files.write(folder.resolve("m.onnx"), model.build().toByteArray());
        Graph graph = OnnxFile.read(path);
        OnnxFile.write(graph, folder.resolve("same.onnx"));
        assertArrayEquals(model.build().toByteArray(), Files.readAllBytes(folder.resolve("same.onnx")));

        OnnxMl.TensorProto near = far.toBuilder().clearExternalData().clearDataLocation()
                .setRawData(ByteString.copyFrom(file)).build();
        model.getGraphBuilder().getNodeBuilder(4).getAttributeBuilder(0).setT(near.toBuilder());
        model.getGraphBuilder().getNodeBuilder(2).getAttributeBuilder(0).getGBuilder().setInitializer(1, near);
        assertEquals(model.build(), OnnxMl.ModelProto.parseFrom(OnnxFile.bytes(graph)));
    }

    private static OnnxMl.ModelProto external(String location, long offset, long length) {
        OnnxMl.TensorProto tensor = OnnxMl.TensorProto.newBuilder().setName("w").setDataType(1).addDims(2048)
                .setDocString("weights").setDataLocation(OnnxMl.TensorProto.DataLocation.EXTERNAL)
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder().setKey("location").setValue(location))
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder().setKey("offset").setValue("" + offset))
                .addExternalData(OnnxMl.StringStringEntryProto.newBuilder().setKey("length").setValue("" + length))
                .build();
        return OnnxMl.ModelProto.newBuilder().setIrVersion(8)
                .addOpsetImport(OnnxMl.OperatorSetIdProto.newBuilder().setVersion(17))
                .setGraph(OnnxMl.GraphProto.newBuilder().setName("g").addInput(value("x", 1, 2048))
                        .addInitializer(tensor).addNode(node("Add", "a", List.of("x", "w"), "y"))
                        .addOutput(value("y", 1, 2048)))
                .build();
    }

    @Test
    void externalDataOutsideTheFolderOrTooShortIsRefused(@TempDir Path folder) throws IOException {
        Path inner = Files.createDirectory(folder.resolve("inner"));
        Files.write(folder.resolve("secret.bin"), new byte[8192]);
        Files.write(inner.resolve("short.bin"), new byte[100]);
        Files.createSymbolicLink(inner.resolve("link.bin"), folder.resolve("secret.bin"));
        Path model = inner.resolve("m.onnx");
        Map<String, String> expected = Map.of("../secret.bin", "outside", folder.resolve("secret.bin").toString(),
                "outside", "link.bin", "outside", "missing.bin", "no such file", "short.bin", "too short", "", "names");
        for (Map.Entry<String, String> e : expected.entrySet()) {
            Files.write(model, external(e.getKey(), 0, 8192).toByteArray());
            GraphException error = assertThrows(GraphException.class, () -> OnnxFile.read(model), e.getKey());
            assertTrue(error.getMessage().contains(e.getValue()) && error.getMessage().contains("'w'"),
                    error.getMessage());
        }
    }

    @Test
    void contradictoryGraphsAreNamed() {
        OnnxMl.ModelProto.Builder model = odd().toBuilder();
        assertFails(change(g -> g.getNodeBuilder(0).setInput(0, "nowhere")), "nowhere");
        assertFails(change(g -> g.addNode(node("Relu", "r", List.of("x"), "sum"))), "made twice");
        assertFails(change(g -> g.getNodeBuilder(0).setInput(0, "hidden")), "cycle or are out of order");
        assertFails(change(g -> g.addOutput(value("z", 1, 3))), "'z'");
        assertFails(change(g -> g.addInitializer(floats("bias", 1))), "twice");
        assertFails(change(g -> g.getInitializerBuilder(1).setDims(0, 4)), "'scale'");
        assertFails(change(g -> g.getInitializerBuilder(1).setDataType(99)), "99");
        assertFails(model.clone().setOpsetImport(0, model.getOpsetImport(0).toBuilder().setVersion(99)).build(),
                "opset 99 is too new; supported are 11 to 23");
        assertFails(model.clone().setOpsetImport(0, model.getOpsetImport(0).toBuilder().setVersion(9)).build(),
                "too old");
        assertFails(model.clone().clearGraph().build(), "no graph");
    }

    private static OnnxMl.ModelProto change(java.util.function.Consumer<OnnxMl.GraphProto.Builder> edit) {
        OnnxMl.ModelProto.Builder model = odd().toBuilder();
        edit.accept(model.getGraphBuilder());
        return model.build();
    }

    private static void assertFails(OnnxMl.ModelProto model, String part) {
        GraphException error = assertThrows(GraphException.class, () -> OnnxFile.read(model.toByteArray()), part);
        assertTrue(error.getMessage().contains(part), error.getMessage());
    }

    @Test
    void foreignFilesAreRefusedInOneSentence(@TempDir Path folder) throws IOException {
        byte[] png = {(byte) 0x89, 'P', 'N', 'G', 13, 10, 26, 10, 0, 0, 0, 13, 'I', 'H', 'D', 'R'};
        for (byte[] content : List.of(new byte[0], png, "hello, world\n".getBytes(), new byte[1000],
                "PK\3\4 something".getBytes())) {
            Path file = Files.write(folder.resolve("foreign.onnx"), content);
            GraphException error = assertThrows(GraphException.class, () -> OnnxFile.read(file));
            assertTrue(error.getMessage().contains("foreign.onnx"), error.getMessage());
            assertFalse(error.getMessage().contains("\n"), error.getMessage());
        }
        assertThrows(GraphException.class, () -> OnnxFile.read(folder.resolve("absent.onnx")));
        assertThrows(GraphException.class, () -> OnnxFile.read(folder));
        assertThrows(GraphException.class, () -> OnnxFile.write(small(), folder.resolve("no/such/folder.onnx")));
        assertThrows(GraphException.class, () -> OnnxFile.write(small(), folder));
    }

    @Test
    void damagedFilesGiveNothingButGraphExceptions() {
        byte[] good = odd().toByteArray();
        for (int length = 0; length < good.length; length++) {
            read(Arrays.copyOf(good, length), "truncated to " + length);
        }
        Random random = new Random(4);
        for (int round = 0; round < 6_000; round++) {
            byte[] bad = good.clone();
            for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
            }
            read(bad, "seed 4, round " + round);
        }
    }

    /** Reads, infers, counts and writes; anything but success or a GraphException is a defect. */
    private static void read(byte[] bytes, String what) {
        try {
            Graph graph = OnnxFile.read(bytes);
            OnnxFile.bytes(graph.withNodes(graph.nodes().stream().map(n -> n.with("touched", new Attribute.Int(1)))
                    .toList()));
            Shapes.of(graph);
            Cost.of(graph);
            Folding.fold(graph);
        } catch (GraphException e) {
            assertFalse(e.getMessage().isBlank());
        } catch (RuntimeException e) {
            throw new AssertionError(what, e);
        }
    }
}
