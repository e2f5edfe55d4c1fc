package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;

/**
 * The file a Graph was read from: its bytes, and which of them are which element.
 *
 * @param file where it was, if it was a file
 * @param bytes the whole model
 * @param model the fields of the ModelProto, tags included, without the graph
 * @param before how many of the model's fields come before the graph
 * @param entries the fields of the GraphProto in order
 * @param attributes the AttributeProto of every attribute object that was read
 * @param graph the Graph as it was read, whose own origin is {@link Graph.Origin#NONE}
 * @param irVersion the model's IR version
 * @param external whether any tensor is in a file of its own
 */
record OnnxOrigin(Optional<Path> file, MemorySegment bytes, List<Field> model, int before, List<Entry> entries,
        IdentityHashMap<Attribute, MemorySegment> attributes, Graph graph, long irVersion, boolean external)
        implements Graph.Origin {

    static final int IR_VERSION = 1;
    static final int PRODUCER_NAME = 2;
    static final int GRAPH = 7;
    static final int OPSET_IMPORT = 8;

    private static final int DEEPEST = 256;

    /**
     * A field of the ModelProto.
     *
     * @param number its number
     * @param whole its bytes, tag included
     */
    record Field(int number, MemorySegment whole) {
    }

    /**
     * A field of the GraphProto.
     *
     * @param number its number
     * @param whole its bytes, tag and length included
     * @param payload its bytes without tag and length; empty where the field is no message or string
     * @param element what it was read into: a Node, a ValueInfo, a TensorData, or the text itself for others
     * @param name the element's name, for tensors and value infos
     * @param external whether it holds a tensor whose elements are in a file of their own
     */
    record Entry(int number, MemorySegment whole, MemorySegment payload, Object element, String name,
            boolean external) {
    }

    /** The folder external data locations are relative to. */
    Optional<Path> folder() {
        return file.map(f -> f.toAbsolutePath().getParent());
    }

    /** Kinds of messages that can hold tensors, for walks over raw bytes. */
    enum Kind {
        GRAPH, NODE, ATTRIBUTE, SPARSE, TENSOR;

        /** The kind of message in a field, if it can hold tensors. */
        Optional<Kind> part(int field) {
            return Optional.ofNullable(switch (this) {
                case GRAPH -> field == 1 ? NODE : field == 5 ? TENSOR : field == 15 ? SPARSE : null;
                case NODE -> field == 5 ? ATTRIBUTE : null;
                case ATTRIBUTE -> switch (field) {
                    case 5, 10 -> TENSOR;
                    case 6, 11 -> GRAPH;
                    case 22, 23 -> SPARSE;
                    default -> null;
                };
                case SPARSE -> field == 1 || field == 2 ? TENSOR : null;
                case TENSOR -> null;
            });
        }
    }

    /** Whether any tensor within a message has its elements in a file of their own. */
    static boolean hasExternal(Kind kind, MemorySegment message, String what) {
        return hasExternal(kind, message, what, 0);
    }

    private static boolean hasExternal(Kind kind, MemorySegment message, String what, int depth) {
        if (depth > DEEPEST) {
            throw new GraphException(what + " nests messages deeper than " + DEEPEST);
        }
        if (kind == Kind.TENSOR) {
            return TensorProto.isExternal(message, what);
        }
        Wire wire = new Wire(message, what);
        while (wire.next()) {
            Optional<Kind> part = kind.part(wire.field());
            if (part.isPresent() && hasExternal(part.get(), wire.bytes(), what, depth + 1)) {
                return true;
            }
        }
        return false;
    }

    /** The same message with every such tensor's elements inside. */
    static WireMessage inlined(Kind kind, MemorySegment message, String what, ExternalData files) {
        WireMessage result = new WireMessage();
        boolean external = kind == Kind.TENSOR && TensorProto.isExternal(message, what);
        if (external) {
            TensorProto tensor = TensorProto.read(message, what, files);
            result.append(TensorProto.write(tensor.name(), tensor.data()));
        }
        Wire wire = new Wire(message, what);
        while (wire.next()) {
            Optional<Kind> part = kind.part(wire.field());
            if (part.isPresent()) {
                result.message(wire.field(), inlined(part.get(), wire.bytes(), what, files));
            } else if (!external || !TensorProto.isContent(wire.field())) {
                result.raw(wire.whole());
            }
        }
        return result;
    }
}
