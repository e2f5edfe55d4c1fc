package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One AttributeProto message taken apart.
 *
 * @param name the attribute's name
 * @param value its value
 */
record AttributeProto(String name, Attribute value) {
    static final int NAME = 1;
    private static final int DEEPEST = 64;

    /** The numbers of {@code AttributeProto.AttributeType}. */
    private enum Type {
        UNDEFINED,
        FLOAT,
        INT,
        STRING,
        TENSOR,
        GRAPH,
        FLOATS,
        INTS,
        STRINGS,
        TENSORS,
        GRAPHS,
        SPARSE_TENSOR,
        SPARSE_TENSORS,
        TYPE_PROTO,
        TYPE_PROTOS
    }

    /** Reads an attribute; {@code node} names its node in errors. */
    static AttributeProto read(MemorySegment message, String node, ExternalData files) {
        String name = "";
        long code = 0;
        Wire wire = new Wire(message, node);
        while (wire.next()) {
            if (wire.field() == NAME) {
                name = wire.text();
            } else if (wire.field() == 20) {
                code = wire.integer();
            }
        }
        String what = "attribute '" + name + "' of " + node;
        if (code < 0 || code >= Type.values().length) {
            return new AttributeProto(name, new Attribute.Opaque("type " + code));
        }
        Type type = code == 0 ? guess(message, what) : Type.values()[(int) code];
        Attribute value = switch (type) {
            case FLOAT, INT, STRING, TENSOR, GRAPH -> single(type, message, what, files);
            case FLOATS -> {
                List<Float> values = new ArrayList<>();
                each(message, 7, what, w -> w.reals(v -> values.add((float) v)));
                yield new Attribute.Reals(values);
            }
            case INTS -> {
                List<Long> values = new ArrayList<>();
                each(message, 8, what, w -> w.integers(values::add));
                yield new Attribute.Ints(values);
            }
            case STRINGS -> {
                List<String> values = new ArrayList<>();
                each(message, 9, what, w -> values.add(w.text()));
                yield new Attribute.Texts(values);
            }
            default -> new Attribute.Opaque(type.name());
        };
        return new AttributeProto(name, value);
    }

    /** Writes an attribute; {@code place} names its node in errors. */
    static WireMessage write(String name, Attribute value, String place) {
        WireMessage message = new WireMessage().text(NAME, name);
        Type type = switch (value) {
            case Attribute.Int(long v) -> {
                message.integer(3, v);
                yield Type.INT;
            }
            case Attribute.Real(float v) -> {
                message.real(2, v);
                yield Type.FLOAT;
            }
            case Attribute.Text(String v) -> {
                message.text(4, v);
                yield Type.STRING;
            }
            case Attribute.Tensor(TensorData v) -> {
                message.message(5, TensorProto.write("", v));
                yield Type.TENSOR;
            }
            case Attribute.Ints(List<Long> v) -> {
                v.forEach(i -> message.integer(8, i));
                yield Type.INTS;
            }
            case Attribute.Reals(List<Float> v) -> {
                v.forEach(r -> message.real(7, r));
                yield Type.FLOATS;
            }
            case Attribute.Texts(List<String> v) -> {
                v.forEach(t -> message.text(9, t));
                yield Type.STRINGS;
            }
            case Attribute.Subgraph s -> throw foreign(name, place, "a subgraph");
            case Attribute.Opaque o -> throw foreign(name, place, o.kind());
        };
        return message.integer(20, type.ordinal());
    }

    private static GraphException foreign(String name, String place, String kind) {
        return new GraphException("attribute '" + name + "' of " + place + " is " + kind
                + " that does not come from this Graph's own file, so it cannot be written");
    }

    /** What one field of a message is handed to. */
    @FunctionalInterface
    private interface Use {
        void accept(Wire wire);
    }

    private static void each(MemorySegment message, int field, String what, Use use) {
        Wire wire = new Wire(message, what);
        while (wire.next()) {
            if (wire.field() == field) {
                use.accept(wire);
            }
        }
    }

    /** Attributes of IR version 1 and 2 need not say their type; the field that is there does. */
    private static Type guess(MemorySegment message, String what) {
        Type type = Type.UNDEFINED;
        Wire wire = new Wire(message, what);
        while (wire.next()) {
            type = switch (wire.field()) {
                case 2 -> Type.FLOAT;
                case 3 -> Type.INT;
                case 4 -> Type.STRING;
                case 5 -> Type.TENSOR;
                case 6 -> Type.GRAPH;
                case 7 -> Type.FLOATS;
                case 8 -> Type.INTS;
                case 9 -> Type.STRINGS;
                default -> type;
            };
        }
        return type;
    }

    private static Attribute single(Type type, MemorySegment message, String what, ExternalData files) {
        Attribute[] found = {switch (type) {
            case FLOAT -> new Attribute.Real(0);
            case INT -> new Attribute.Int(0);
            case STRING -> new Attribute.Text("");
            default -> new Attribute.Opaque("missing " + type);
        }};
        int field = switch (type) {
            case FLOAT -> 2;
            case INT -> 3;
            case STRING -> 4;
            case TENSOR -> 5;
            default -> 6;
        };
        each(message, field, what, w -> found[0] = switch (type) {
            case FLOAT -> new Attribute.Real(w.real());
            case INT -> new Attribute.Int(w.integer());
            case STRING -> new Attribute.Text(lenient(w.bytes()));
            case TENSOR -> new Attribute.Tensor(TensorProto.read(w.bytes(), what, files).data());
            default -> new Attribute.Subgraph(List.copyOf(captured(w.bytes(), what, 0)));
        });
        return found[0];
    }

    private static String lenient(MemorySegment utf8) {
        return new String(utf8.toArray(ValueLayout.JAVA_BYTE),
                StandardCharsets.UTF_8);
    }

    /** The names a subgraph reads and does not make itself, in the order it reads them. */
    private static Set<String> captured(MemorySegment graph, String what, int depth) {
        if (depth > DEEPEST) {
            throw new GraphException(what + " nests subgraphs deeper than " + DEEPEST);
        }
        Set<String> made = new LinkedHashSet<>();
        Set<String> read = new LinkedHashSet<>();
        each(graph, 11, what, w -> made.add(ValueInfoProto.read(w.bytes(), what).name()));
        each(graph, 5, what, w -> each(w.bytes(), TensorProto.NAME, what, t -> made.add(t.text())));
        each(graph, 15, what, w -> each(w.bytes(), 1, what,
                v -> each(v.bytes(), TensorProto.NAME, what, t -> made.add(t.text()))));
        each(graph, 1, what, n -> {
            each(n.bytes(), 1, what, i -> read.add(i.text()));
            each(n.bytes(), 5, what, a -> {
                each(a.bytes(), 6, what, g -> read.addAll(captured(g.bytes(), what, depth + 1)));
                each(a.bytes(), 11, what, g -> read.addAll(captured(g.bytes(), what, depth + 1)));
            });
            read.removeAll(made);
            each(n.bytes(), 2, what, o -> made.add(o.text()));
        });
        each(graph, 12, what, w -> read.add(ValueInfoProto.read(w.bytes(), what).name()));
        read.removeAll(made);
        read.remove("");
        return read;
    }
}
