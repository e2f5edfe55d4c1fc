package dev.orbifold.structure;

import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Node;
import dev.orbifold.graph.TensorData;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a Graph costs as a function of the widths of its Spaces, without editing it: every contraction and every parameter is
 * {@code factor · Π over its axes (base + Σ legs · width)}. At the widths of a {@link Quotient} it equals {@link Cost} of
 * that Graph exactly.
 */
public final class MacModel {
    /** One product of axis lengths. */
    private record Term(long factor, Width[] axes) {
        long at(int[] widths) {
            long product = factor;
            for (Width axis : axes) {
                product *= axis.at(widths);
            }
            return product;
        }

        long without(int space, int[] widths) {
            long product = factor;
            for (Width axis : axes) {
                product *= axis.without(space, widths);
            }
            return product;
        }

        boolean meets(int space) {
            for (Width axis : axes) {
                for (int s : axis.spaces()) {
                    if (s == space) {
                        return true;
                    }
                }
            }
            return false;
        }
    }

    private static final Set<String> WEIGHTED = Set.of("Conv", "ConvTranspose", "Gemm", "MatMul");

    private final int[] dimensions;
    private final long fixedMacs;
    private final long fixedParameters;
    private final List<Term> macTerms;
    private final List<Term> parameterTerms;
    private final List<List<Term>> macTermsOf = new ArrayList<>();
    private final List<List<Term>> parameterTermsOf = new ArrayList<>();

    private MacModel(int[] dimensions, Cost cost, List<Term> macTerms, List<Term> parameterTerms) {
        this.dimensions = dimensions;
        this.macTerms = macTerms;
        this.parameterTerms = parameterTerms;
        fixedMacs = cost.macs() - macTerms.stream().mapToLong(t -> t.at(dimensions)).sum();
        fixedParameters = cost.parameters() - parameterTerms.stream().mapToLong(t -> t.at(dimensions)).sum();
        for (int s = 0; s < dimensions.length; s++) {
            int space = s;
            macTermsOf.add(macTerms.stream().filter(t -> t.meets(space)).toList());
            parameterTermsOf.add(parameterTerms.stream().filter(t -> t.meets(space)).toList());
        }
    }

    /**
     * The model of a Graph.
     *
     * @throws StructureException if a node's cost is not a product of its axes' lengths
     */
    public static MacModel of(Symmetries symmetries) {
        Graph graph = symmetries.graph();
        int[] dimensions = symmetries.spaces().stream().mapToInt(Space::dimension).toArray();
        Cost cost = Cost.of(graph);
        Axes axes = new Axes(symmetries);
        List<Term> macTerms = new ArrayList<>();
        for (Node node : graph.nodes()) {
            Long macs = cost.macsByNode().get(node.output(0));
            if (macs != null && macs > 0) {
                term(node.label(), macs, ContractionAxes.of(node, axes), axes, dimensions).ifPresent(macTerms::add);
            }
        }
        List<Term> parameterTerms = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (Space space : symmetries.spaces()) {
            for (Slot slot : space.slots()) {
                String name = slot.parameter();
                Optional<TensorData> tensor = axes.constant(name).filter(t -> t.type().isReal());
                if (tensor.isPresent() && seen.add(name) && counts(graph, name)) {
                    List<ContractionAxes.Axis> all = new ArrayList<>();
                    for (int a = 0; a < tensor.get().rank(); a++) {
                        all.add(new ContractionAxes.Axis(name, a));
                    }
                    term(name, tensor.get().elements(), all, axes, dimensions).ifPresent(parameterTerms::add);
                }
            }
        }
        return new MacModel(dimensions, cost, macTerms, parameterTerms);
    }

    /** Whether {@link Cost} counts the tensor: initializers, and Constant nodes that are weights of a contraction. */
    private static boolean counts(Graph graph, String name) {
        return graph.parameters().containsKey(name) || graph.nodes().stream()
                .anyMatch(n -> WEIGHTED.contains(n.opType()) && n.domain().isEmpty() && n.inputs().contains(name));
    }

    private static Optional<Term> term(String place, long total, List<ContractionAxes.Axis> over, Axes axes,
            int[] dimensions) {
        List<Width> widths = new ArrayList<>();
        long product = 1;
        for (ContractionAxes.Axis axis : over) {
            Optional<Width> width = axes.type(axis.value(), axis.axis()).map(t -> Width.of(t, dimensions))
                    .filter(w -> !w.isFixed());
            if (width.isPresent()) {
                widths.add(width.get());
                product *= width.get().at(dimensions);
            }
        }
        if (widths.isEmpty() || total == 0) {
            return Optional.empty();
        }
        if (total % product != 0) {
            throw new StructureException("the cost of " + place + ", " + total
                    + ", is not a multiple of the lengths of its axes, " + product);
        }
        return Optional.of(new Term(total / product, widths.toArray(Width[]::new)));
    }

    /** The units of every Space by id, before anything is taken out. */
    public int[] dimensions() {
        return dimensions.clone();
    }

    /**
     * Multiply-adds of one inference at batch 1.
     *
     * @param widths units left in every Space, by id
     */
    public long macs(int[] widths) {
        return fixedMacs + sum(macTerms, widths);
    }

    /**
     * The number of parameters.
     *
     * @param widths units left in every Space, by id
     */
    public long parameters(int[] widths) {
        return fixedParameters + sum(parameterTerms, widths);
    }

    /**
     * Multiply-adds saved by taking one more unit out of a Space.
     *
     * @param space the Space's id
     * @param widths units left in every Space now, by id
     */
    public long marginalMacs(int space, int[] widths) {
        return marginal(macTermsOf.get(space), space, widths);
    }

    /**
     * Parameters saved by taking one more unit out of a Space.
     *
     * @param space the Space's id
     * @param widths units left in every Space now, by id
     */
    public long marginalParameters(int space, int[] widths) {
        return marginal(parameterTermsOf.get(space), space, widths);
    }

    private static long sum(List<Term> terms, int[] widths) {
        long sum = 0;
        for (Term term : terms) {
            sum += term.at(widths);
        }
        return sum;
    }

    private static long marginal(List<Term> terms, int space, int[] widths) {
        long saved = 0;
        for (Term term : terms) {
            saved += term.at(widths) - term.without(space, widths);
        }
        return saved;
    }
}
