package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads one ModelProto into a Graph; its node attributes are left to {@link AttributeProto}. */
final class OnnxReader {
    static final int OLDEST = 11;
    static final int NEWEST = 23;

    private final Optional<Path> file;
    private final MemorySegment bytes;
    private final ExternalData files;
    private final List<OnnxOrigin.Field> model = new ArrayList<>();
    private final List<OnnxOrigin.Entry> entries = new ArrayList<>();
    private final IdentityHashMap<Attribute, MemorySegment> attributes = new IdentityHashMap<>();
    private final Map<String, Integer> opsets = new LinkedHashMap<>();
    private final List<ValueInfo> inputs = new ArrayList<>();
    private final List<ValueInfo> outputs = new ArrayList<>();
    private final List<ValueInfo> declared = new ArrayList<>();
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, TensorData> parameters = new LinkedHashMap<>();
    private final Set<String> sparse = new HashSet<>();
    private Optional<MemorySegment> graph = Optional.empty();
    private String name = "";
    private long irVersion;
    private int before;
    private boolean external;

    OnnxReader(MemorySegment bytes, Optional<Path> file) {
        this.bytes = bytes;
        this.file = file;
        this.files = new ExternalData(file.map(f -> f.toAbsolutePath().getParent()));
    }

    /** Reads and checks the model. */
    Graph read() {
        readModel();
        MemorySegment body = graph
                .orElseThrow(() -> new GraphException("it holds no graph, so it is not an ONNX model"));
        checkOpsets();
        Wire wire = new Wire(body, "the graph");
        while (wire.next()) {
            readGraphField(wire);
        }
        for (OnnxOrigin.Entry entry : entries) {
            external |= entry.external();
        }
        inputs.removeIf(input -> parameters.containsKey(input.name()));
        Graph plain = new Graph(name, opsets, inputs, outputs, nodes, parameters, declared, Graph.Origin.NONE);
        GraphCheck.check(plain, sparse);
        OnnxOrigin origin = new OnnxOrigin(file, bytes, model, before, entries, attributes, plain, irVersion, external);
        return new Graph(name, opsets, inputs, outputs, nodes, parameters, declared, origin);
    }

    private void readModel() {
        Wire wire = new Wire(bytes, "the model");
        while (wire.next()) {
            switch (wire.field()) {
                case OnnxOrigin.GRAPH -> {
                    if (graph.isPresent()) {
                        throw new GraphException("it holds two graphs");
                    }
                    graph = Optional.of(wire.bytes());
                    before = model.size();
                    continue;
                }
                case OnnxOrigin.IR_VERSION -> irVersion = wire.integer();
                case OnnxOrigin.OPSET_IMPORT -> readOpset(wire.bytes());
                default -> {
                }
            }
            model.add(new OnnxOrigin.Field(wire.field(), wire.whole()));
        }
    }

    private void readOpset(MemorySegment message) {
        Wire wire = new Wire(message, "an operator set");
        String domain = "";
        long version = 0;
        while (wire.next()) {
            if (wire.field() == 1) {
                domain = normalised(wire.text());
            } else if (wire.field() == 2) {
                version = wire.integer();
            }
        }
        opsets.put(domain, (int) Math.clamp(version, 0, Integer.MAX_VALUE));
    }

    private void checkOpsets() {
        String supported = "; supported are " + OLDEST + " to " + NEWEST;
        if (opsets.isEmpty()) {
            throw new GraphException("it names no operator set, so it is not an ONNX model or older than opset 2"
                    + supported);
        }
        Integer version = opsets.get("");
        if (version != null && version > NEWEST) {
            throw new GraphException("its opset " + version + " is too new" + supported
                    + "; export it again with an opset in that range");
        }
        if (version != null && version < OLDEST) {
            throw new GraphException("its opset " + version + " is too old" + supported
                    + "; convert it with onnx.version_converter or export it again");
        }
    }

    private void readGraphField(Wire wire) {
        int field = wire.field();
        switch (field) {
            case 1 -> {
                Node node = readNode(wire.bytes(), "node " + nodes.size());
                nodes.add(node);
                boolean outside = OnnxOrigin.hasExternal(OnnxOrigin.Kind.NODE, wire.bytes(), node.label());
                entry(wire, node, "", outside);
            }
            case 2 -> {
                name = wire.text();
                entry(wire, name, "", false);
            }
            case 5 -> {
                TensorProto tensor = TensorProto.read(wire.bytes(), "initializer", files);
                if (parameters.put(tensor.name(), tensor.data()) != null) {
                    throw new GraphException("the initializer '" + tensor.name() + "' is there twice");
                }
                entry(wire, tensor.data(), tensor.name(), tensor.external());
            }
            case 11 -> value(wire, inputs, "an input");
            case 12 -> value(wire, outputs, "an output");
            case 13 -> value(wire, declared, "a value");
            case 15 -> {
                sparse.add(sparseName(wire.bytes()));
                entry(wire, "", "",
                        OnnxOrigin.hasExternal(OnnxOrigin.Kind.SPARSE, wire.bytes(), "a sparse initializer"));
            }
            default -> entries.add(new OnnxOrigin.Entry(field, wire.whole(), MemorySegment.NULL, "", "", false));
        }
    }

    private void value(Wire wire, List<ValueInfo> to, String what) {
        ValueInfo info = ValueInfoProto.read(wire.bytes(), what);
        to.add(info);
        entry(wire, info, info.name(), false);
    }

    private void entry(Wire wire, Object element, String elementName, boolean outside) {
        entries.add(new OnnxOrigin.Entry(wire.field(), wire.whole(), wire.bytes(), element, elementName, outside));
    }

    private static String sparseName(MemorySegment message) {
        Wire wire = new Wire(message, "a sparse initializer");
        while (wire.next()) {
            if (wire.field() == 1) {
                Wire values = new Wire(wire.bytes(), "a sparse initializer");
                while (values.next()) {
                    if (values.field() == TensorProto.NAME) {
                        return values.text();
                    }
                }
            }
        }
        return "";
    }

    private Node readNode(MemorySegment message, String what) {
        List<String> in = new ArrayList<>();
        List<String> out = new ArrayList<>();
        Map<String, Attribute> named = new LinkedHashMap<>();
        String nodeName = "";
        String opType = "";
        String domain = "";
        Wire wire = new Wire(message, what);
        while (wire.next()) {
            switch (wire.field()) {
                case 1 -> in.add(wire.text());
                case 2 -> out.add(wire.text());
                case 3 -> nodeName = wire.text();
                case 4 -> opType = wire.text();
                case 7 -> domain = normalised(wire.text());
                default -> {
                }
            }
        }
        if (opType.isEmpty()) {
            throw new GraphException(what + (nodeName.isEmpty() ? "" : " '" + nodeName + "'") + " names no operator");
        }
        String label = new Node(nodeName, opType, domain, in, out, Map.of()).label();
        wire = new Wire(message, label);
        while (wire.next()) {
            if (wire.field() == 5) {
                AttributeProto attribute = AttributeProto.read(wire.bytes(), label, files);
                attributes.put(attribute.value(), wire.bytes());
                if (named.put(attribute.name(), attribute.value()) != null) {
                    throw new GraphException(label + " has the attribute '" + attribute.name() + "' twice");
                }
            }
        }
        return new Node(nodeName, opType, domain, in, out, named);
    }

    private static String normalised(String domain) {
        return domain.equals("ai.onnx") ? "" : domain;
    }
}
