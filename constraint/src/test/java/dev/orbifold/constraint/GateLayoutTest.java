package dev.orbifold.constraint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import dev.orbifold.symmetry.Symmetries;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class GateLayoutTest {
    private static GateLayout of(Graph graph) {
        return GateLayout.of(Symmetries.of(graph), space -> true);
    }

    private static Set<String> gated(GateLayout layout) {
        return layout.gated().stream().map(g -> g.parameter() + "@" + g.axis()).collect(Collectors.toSet());
    }

    @Test
    void weightAndBiasAreGatedTogether() {
        Net net = new Net(new Seed(1));
        String hidden = net.apply("Relu", net.dense("a", net.input("x", 5), 5, 4));
        GateLayout layout = of(net.graph(net.dense("b", hidden, 4, 3)));
        assertEquals(Set.of("a.weight@0", "a.bias@0"), gated(layout));
        assertEquals(4, layout.size());
        layout.gated().forEach(g -> assertArrayEquals(new int[] {0, 1, 2, 3}, g.gate(), g.parameter()));
    }

    @Test
    void behindBatchNormItsScaleAndShiftAreGatedAndNotTheConvolution() {
        Net net = new Net(new Seed(2));
        String hidden = net.batchNorm("n", net.conv("a", net.input("x", 1, 6, 6), 1, 4, 3, 1), 4);
        GateLayout layout = of(net.graph(net.conv("b", net.apply("Relu", hidden), 4, 2, 3, 1)));
        assertEquals(Set.of("n.weight@0", "n.bias@0"), gated(layout));
    }

    @Test
    void everyWriterOfAResidualStreamIsGatedByTheSameGates() {
        Net net = new Net(new Seed(3));
        String stream = net.conv("in", net.input("x", 1, 6, 6), 1, 4, 3, 1);
        String inner = net.apply("Relu", net.conv("a", stream, 4, 5, 3, 1));
        stream = net.node("Add", List.of(stream, net.conv("b", inner, 5, 4, 3, 1)));
        GateLayout layout = of(net.graph(net.conv("out", stream, 4, 2, 3, 1)));
        assertEquals(Set.of("in.weight@0", "in.bias@0", "b.weight@0", "b.bias@0", "a.weight@0", "a.bias@0"),
                gated(layout));
        assertEquals(9, layout.size());
        assertArrayEquals(gate(layout, "in.weight"), gate(layout, "b.weight"));
        assertArrayEquals(gate(layout, "in.weight"), gate(layout, "b.bias"));
    }

    private static int[] gate(GateLayout layout, String parameter) {
        return layout.gated().stream().filter(g -> g.parameter().equals(parameter)).findFirst().orElseThrow().gate();
    }

    @Test
    void excludedSpacesHaveNoGates() {
        Net net = new Net(new Seed(4));
        String hidden = net.apply("Relu", net.dense("a", net.input("x", 5), 5, 4));
        hidden = net.apply("Relu", net.dense("b", hidden, 4, 6));
        Graph graph = net.graph(net.dense("c", hidden, 6, 3));
        GateLayout layout = GateLayout.of(Symmetries.of(graph), space -> space.dimension() != 4);
        assertEquals(Set.of("b.weight@0", "b.bias@0"), gated(layout));
        assertArrayEquals(new int[] {6}, layout.widths());
    }

    @Test
    void everyGateKnowsItsSpace() {
        Net net = new Net(new Seed(5));
        String hidden = net.apply("Relu", net.dense("a", net.input("x", 5), 5, 4));
        hidden = net.apply("Relu", net.dense("b", hidden, 4, 6));
        GateLayout layout = of(net.graph(net.dense("c", hidden, 6, 3)));
        for (int s = 0; s < layout.spaces().size(); s++) {
            for (int u = layout.offsets()[s]; u < layout.offsets()[s + 1]; u++) {
                assertEquals(s, layout.spaceOf(u), "gate " + u);
            }
        }
    }
}
