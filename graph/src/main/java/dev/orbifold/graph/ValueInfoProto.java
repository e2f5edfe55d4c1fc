package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** ValueInfoProto messages, read and written. */
final class ValueInfoProto {
    static final int NAME = 1;
    static final int TYPE = 2;

    private ValueInfoProto() {
    }

    /** Reads a declaration; sequences, maps and optionals have neither element type nor shape. */
    static ValueInfo read(MemorySegment message, String what) {
        Wire wire = new Wire(message, what);
        String name = "";
        Optional<MemorySegment> type = Optional.empty();
        while (wire.next()) {
            if (wire.field() == NAME) {
                name = wire.text();
            } else if (wire.field() == TYPE) {
                type = Optional.of(wire.bytes());
            }
        }
        ValueInfo info = new ValueInfo(name, Optional.empty(), Optional.empty());
        if (type.isEmpty()) {
            return info;
        }
        String label = what + " '" + name + "'";
        wire = new Wire(type.get(), label);
        while (wire.next()) {
            if (wire.field() == 1) {
                info = tensor(name, wire.bytes(), label);
            }
        }
        return info;
    }

    /** Writes the fields of a declaration. */
    static WireMessage write(ValueInfo info) {
        WireMessage message = new WireMessage().text(NAME, info.name());
        if (info.type().isEmpty()) {
            return message;
        }
        WireMessage tensor = new WireMessage().integer(1, info.type().get().code());
        info.shape().ifPresent(shape -> {
            WireMessage dims = new WireMessage();
            for (Dim dim : shape.dims()) {
                WireMessage one = new WireMessage();
                if (dim.isFixed()) {
                    one.integer(1, dim.size());
                } else if (!dim.equals(Dim.UNKNOWN)) {
                    one.text(2, dim.symbol());
                }
                dims.message(1, one);
            }
            tensor.message(2, dims);
        });
        return message.message(TYPE, new WireMessage().message(1, tensor));
    }

    private static ValueInfo tensor(String name, MemorySegment message, String label) {
        Wire wire = new Wire(message, label);
        Optional<DataType> type = Optional.empty();
        Optional<Shape> shape = Optional.empty();
        while (wire.next()) {
            if (wire.field() == 1) {
                int code = (int) wire.integer();
                type = code == 0 ? Optional.empty() : Optional.of(DataType.of(code));
            } else if (wire.field() == 2) {
                shape = Optional.of(shape(wire.bytes(), label));
            }
        }
        return new ValueInfo(name, type, shape);
    }

    private static Shape shape(MemorySegment message, String label) {
        Wire wire = new Wire(message, label);
        List<Dim> dims = new ArrayList<>();
        while (wire.next()) {
            if (wire.field() == 1) {
                dims.add(dim(wire.bytes(), label));
            }
        }
        return new Shape(dims);
    }

    private static Dim dim(MemorySegment message, String label) {
        Wire wire = new Wire(message, label);
        Dim dim = Dim.UNKNOWN;
        while (wire.next()) {
            if (wire.field() == 1) {
                long size = wire.integer();
                dim = size < 0 ? Dim.UNKNOWN : Dim.of(size);
            } else if (wire.field() == 2) {
                String symbol = wire.text();
                dim = symbol.isEmpty() ? Dim.UNKNOWN : Dim.named(symbol);
            }
        }
        return dim;
    }
}
