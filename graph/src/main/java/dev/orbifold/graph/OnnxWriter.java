package dev.orbifold.graph;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Turns a Graph into a ModelProto: fields of unchanged elements as they were read, in their old order, and new fields
 * for the rest, each in the place of what it replaces.
 */
final class OnnxWriter {
    private static final int NODE = 1;
    private static final int NAME = 2;
    private static final int INITIALIZER = 5;
    private static final int INPUT = 11;
    private static final int OUTPUT = 12;
    private static final int VALUE_INFO = 13;
    private static final int SPARSE_INITIALIZER = 15;
    private static final long IR_WITHOUT_INITIALIZERS_AS_INPUTS = 4;

    private final Graph graph;
    private final Optional<OnnxOrigin> origin;
    private final TensorPlan plan;

    /**
     * What becomes of a parameter's elements: written inside the model, or in a file beside it.
     */
    interface TensorPlan {
        /** Whether external tensors that did not change keep pointing to where they are. */
        boolean keepsExternal();

        /** Whether a tensor that was inside the model shall go elsewhere although it did not change. */
        boolean moves(String name);

        /** The tensor's message. */
        WireMessage tensor(String name, TensorData data);
    }

    /** One element to write, and the field it was read from if it did not change. */
    private record Item(Optional<OnnxOrigin.Entry> same, WireMessage message) {
        static Item unchanged(OnnxOrigin.Entry entry) {
            return new Item(Optional.of(entry), new WireMessage());
        }

        static Item changed(WireMessage message) {
            return new Item(Optional.empty(), message);
        }
    }

    OnnxWriter(Graph graph, TensorPlan plan) {
        this.origin = graph.origin() instanceof OnnxOrigin o ? Optional.of(o) : Optional.empty();
        this.graph = origin.map(o -> Declarations.refreshed(graph, o.graph())).orElse(graph);
        this.plan = plan;
    }

    /** The whole model. */
    WireMessage model() {
        WireMessage model = new WireMessage();
        if (origin.isEmpty()) {
            model.integer(OnnxOrigin.IR_VERSION, irVersion());
            model.text(OnnxOrigin.PRODUCER_NAME, "orbifold");
            opsets(model);
            return model.message(OnnxOrigin.GRAPH, body());
        }
        OnnxOrigin from = origin.get();
        boolean sameOpsets = graph.opsets().equals(from.graph().opsets());
        boolean opsetsDone = sameOpsets;
        for (int i = 0; i <= from.model().size(); i++) {
            if (i == from.before()) {
                model.message(OnnxOrigin.GRAPH, body());
            }
            if (i < from.model().size()) {
                OnnxOrigin.Field field = from.model().get(i);
                if (sameOpsets || field.number() != OnnxOrigin.OPSET_IMPORT) {
                    model.raw(field.whole());
                } else if (!opsetsDone) {
                    opsets(model);
                    opsetsDone = true;
                }
            }
        }
        return model;
    }

    private long irVersion() {
        int opset = graph.opset();
        return opset <= 11 ? 6 : opset <= 14 ? 7 : opset <= 18 ? 8 : opset <= 20 ? 9 : opset <= 22 ? 10 : 11;
    }

    private void opsets(WireMessage model) {
        graph.opsets().forEach((domain, version) -> model.message(OnnxOrigin.OPSET_IMPORT,
                new WireMessage().text(1, domain).integer(2, version)));
    }

    private WireMessage body() {
        Map<Integer, List<Item>> items = Map.of(NODE, nodes(), INITIALIZER, parameters(), INPUT, inputs(), OUTPUT,
                values(OUTPUT, graph.outputs()), VALUE_INFO, values(VALUE_INFO, graph.declared()));
        List<OnnxOrigin.Entry> entries = origin.map(OnnxOrigin::entries).orElse(List.of());
        Map<Integer, OnnxOrigin.Entry> last = new HashMap<>();
        entries.forEach(e -> last.put(e.number(), e));
        IdentityHashMap<OnnxOrigin.Entry, Integer> positions = new IdentityHashMap<>();
        for (List<Item> kind : items.values()) {
            for (int i = 0; i < kind.size(); i++) {
                Optional<OnnxOrigin.Entry> same = kind.get(i).same();
                if (same.isPresent()) {
                    positions.put(same.get(), i);
                }
            }
        }
        WireMessage body = new WireMessage();
        Map<Integer, Integer> done = new HashMap<>();
        boolean named = false;
        for (OnnxOrigin.Entry entry : entries) {
            int field = entry.number();
            List<Item> kind = items.get(field);
            if (kind == null) {
                named |= field == NAME;
                other(entry, body);
                continue;
            }
            int until = entry == last.get(field) ? kind.size() : positions.getOrDefault(entry, -1) + 1;
            for (int i = done.getOrDefault(field, 0); i < until; i++) {
                emit(kind.get(i), field, body);
                done.put(field, i + 1);
            }
        }
        if (!named && !graph.name().isEmpty()) {
            body.text(NAME, graph.name());
        }
        for (int field : List.of(NODE, INITIALIZER, INPUT, OUTPUT, VALUE_INFO)) {
            if (!last.containsKey(field)) {
                items.getOrDefault(field, List.of()).forEach(item -> emit(item, field, body));
            }
        }
        return body;
    }

    private void other(OnnxOrigin.Entry entry, WireMessage body) {
        if (entry.number() == NAME && !entry.element().equals(graph.name())) {
            body.text(NAME, graph.name());
        } else if (entry.number() == SPARSE_INITIALIZER) {
            unchanged(entry, OnnxOrigin.Kind.SPARSE, body);
        } else {
            body.raw(entry.whole());
        }
    }

    private void emit(Item item, int field, WireMessage body) {
        if (item.same().isEmpty()) {
            body.message(field, item.message());
        } else if (field == NODE) {
            unchanged(item.same().get(), OnnxOrigin.Kind.NODE, body);
        } else {
            body.raw(item.same().get().whole());
        }
    }

    private void unchanged(OnnxOrigin.Entry entry, OnnxOrigin.Kind kind, WireMessage body) {
        if (entry.external() && !plan.keepsExternal()) {
            body.message(entry.number(), OnnxOrigin.inlined(kind, entry.payload(), "a tensor", files()));
        } else {
            body.raw(entry.whole());
        }
    }

    private ExternalData files() {
        return new ExternalData(origin.flatMap(OnnxOrigin::folder));
    }

    private List<OnnxOrigin.Entry> entries(int field) {
        return origin.map(OnnxOrigin::entries).orElse(List.of()).stream().filter(e -> e.number() == field).toList();
    }

    private List<Item> nodes() {
        Map<String, OnnxOrigin.Entry> byOutput = new HashMap<>();
        Map<String, OnnxOrigin.Entry> byName = new HashMap<>();
        IdentityHashMap<Object, OnnxOrigin.Entry> byIdentity = new IdentityHashMap<>();
        for (OnnxOrigin.Entry entry : entries(NODE)) {
            Node node = (Node) entry.element();
            byIdentity.put(node, entry);
            node.outputs().forEach(o -> byOutput.put(o, entry));
            if (!node.name().isEmpty()) {
                byName.put(node.name() + "\n" + node.opType(), entry);
            }
        }
        Set<OnnxOrigin.Entry> used = new HashSet<>();
        List<Item> items = new ArrayList<>();
        for (Node node : graph.nodes()) {
            Optional<OnnxOrigin.Entry> old = Optional.ofNullable(byIdentity.get(node))
                    .or(() -> Optional.ofNullable(byOutput.get(node.output(0))))
                    .or(() -> Optional.ofNullable(byName.get(node.name() + "\n" + node.opType())));
            if (old.isPresent() && same(node, (Node) old.get().element()) && used.add(old.get())) {
                items.add(Item.unchanged(old.get()));
            } else {
                items.add(Item.changed(changed(node, old)));
            }
        }
        return items;
    }

    /** Equality, but subgraphs and opaque attributes say too little about themselves to be equal unless identical. */
    private static boolean same(Node a, Node b) {
        if (a == b) {
            return true;
        }
        return a.equals(b) && a.attributes().entrySet().stream()
                .allMatch(e -> !(e.getValue() instanceof Attribute.Subgraph || e.getValue() instanceof Attribute.Opaque)
                        || e.getValue() == b.attributes().get(e.getKey()));
    }

    private WireMessage changed(Node node, Optional<OnnxOrigin.Entry> old) {
        WireMessage message = new WireMessage();
        node.inputs().forEach(input -> message.text(1, input));
        node.outputs().forEach(output -> message.text(2, output));
        if (!node.name().isEmpty()) {
            message.text(3, node.name());
        }
        message.text(4, node.opType());
        node.attributes().forEach((key, value) -> message.message(5, attribute(key, value, node)));
        if (!node.domain().isEmpty()) {
            message.text(7, node.domain());
        }
        // What an overload, a device or a sharding says belongs to the operator it was written for.
        old.filter(e -> ((Node) e.element()).opType().equals(node.opType()))
                .ifPresent(e -> keep(e, message, field -> field > 5 && field != 7));
        return message;
    }

    private WireMessage attribute(String key, Attribute value, Node node) {
        MemorySegment old = origin.map(o -> o.attributes().get(value)).orElse(null);
        if (old == null) {
            return AttributeProto.write(key, value, node.label());
        }
        WireMessage message = new WireMessage().text(AttributeProto.NAME, key);
        boolean inline = !plan.keepsExternal()
                && OnnxOrigin.hasExternal(OnnxOrigin.Kind.ATTRIBUTE, old, node.label());
        MemorySegment fields = inline
                ? MemorySegment.ofArray(
                        OnnxOrigin.inlined(OnnxOrigin.Kind.ATTRIBUTE, old, node.label(), files()).toBytes())
                : old;
        Wire wire = new Wire(fields, node.label());
        while (wire.next()) {
            if (wire.field() != AttributeProto.NAME) {
                message.raw(wire.whole());
            }
        }
        return message;
    }

    private static void keep(OnnxOrigin.Entry entry, WireMessage message, IntPredicate fields) {
        Wire wire = new Wire(entry.payload(), entry.name());
        while (wire.next()) {
            if (fields.test(wire.field())) {
                message.raw(wire.whole());
            }
        }
    }

    private List<Item> parameters() {
        Map<String, OnnxOrigin.Entry> old = byName(INITIALIZER);
        List<Item> items = new ArrayList<>();
        graph.parameters().forEach((name, data) -> {
            OnnxOrigin.Entry entry = old.get(name);
            boolean stays = entry != null && (entry.external() ? plan.keepsExternal() : !plan.moves(name));
            if (entry != null && stays && data.equals(entry.element())) {
                items.add(Item.unchanged(entry));
                return;
            }
            WireMessage message = plan.tensor(name, data);
            if (entry != null) {
                keep(entry, message, field -> !TensorProto.isContent(field));
            }
            items.add(Item.changed(message));
        });
        return items;
    }

    private Map<String, OnnxOrigin.Entry> byName(int field) {
        Map<String, OnnxOrigin.Entry> named = new HashMap<>();
        entries(field).forEach(e -> named.put(e.name(), e));
        return named;
    }

    /** Inputs in their old order, with the entries of initializers that are listed as inputs kept true. */
    private List<Item> inputs() {
        List<ValueInfo> all = new ArrayList<>();
        Set<String> listed = new HashSet<>();
        int next = 0;
        for (OnnxOrigin.Entry entry : entries(INPUT)) {
            ValueInfo info = (ValueInfo) entry.element();
            boolean wasParameter = origin.isPresent() && origin.get().graph().parameters().containsKey(info.name());
            TensorData data = graph.parameters().get(info.name());
            if (!wasParameter) {
                if (next < graph.inputs().size()) {
                    all.add(graph.inputs().get(next++));
                }
            } else if (data != null && listed.add(info.name())) {
                boolean holds = info.type().equals(Optional.of(data.type()))
                        && info.shape().equals(Optional.of(data.shape()));
                boolean untouched = origin.flatMap(o -> o.graph().parameter(info.name())).map(data::equals)
                        .orElse(false);
                all.add(holds || untouched ? info : ValueInfo.of(info.name(), data.type(), data.shape()));
            }
        }
        all.addAll(graph.inputs().subList(next, graph.inputs().size()));
        if (origin.isPresent() && origin.get().irVersion() < IR_WITHOUT_INITIALIZERS_AS_INPUTS) {
            graph.parameters().forEach((name, data) -> {
                if (listed.add(name)) {
                    all.add(ValueInfo.of(name, data.type(), data.shape()));
                }
            });
        }
        return values(INPUT, all);
    }

    private List<Item> values(int field, List<ValueInfo> infos) {
        Map<String, OnnxOrigin.Entry> old = byName(field);
        List<Item> items = new ArrayList<>();
        for (ValueInfo info : infos) {
            OnnxOrigin.Entry entry = old.get(info.name());
            if (entry != null && entry.element().equals(info)) {
                items.add(Item.unchanged(entry));
                continue;
            }
            WireMessage message = ValueInfoProto.write(info);
            if (entry != null) {
                keep(entry, message, number -> number != ValueInfoProto.NAME && number != ValueInfoProto.TYPE);
            }
            items.add(Item.changed(message));
        }
        return items;
    }
}
