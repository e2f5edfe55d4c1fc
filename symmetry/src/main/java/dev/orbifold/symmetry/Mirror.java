package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * One reflection of a Space: R = I − 2·O·Oᵀ on all parameters θ that the Space meets, with orthonormal columns in O. O is
 * nowhere stored: Oᵀθ has the length ½‖θ − Rθ‖, and the nearest point of the mirror is ½(θ + Rθ) (theory, 1; Ziyin, arXiv
 * 2309.16932). On a mirror a Space has collapsed: a dead unit, two units that say the same, a lost rank.
 */
public final class Mirror {
    private final String name;
    private final Set<String> parameters;
    private final UnaryOperator<Graph> folded;
    private final UnaryOperator<Graph> reflection;

    private Mirror(String name, Set<String> parameters, UnaryOperator<Graph> folded, UnaryOperator<Graph> reflection) {
        this.name = name;
        this.parameters = parameters;
        this.folded = folded;
        this.reflection = reflection;
    }

    /**
     * All mirrors of a Space of units: the sign of every unit, per way in which signs act, and every pair of units. Signs that
     * come with a bias correction reflect about a plane that does not pass the origin and is no mirror of this kind.
     */
    public static Stream<Mirror> of(Symmetries symmetries, Space space) {
        int n = space.dimension();
        List<Scaling> scalings = symmetries.scalings(space);
        Stream<Mirror> signs = IntStream.range(0, scalings.size())
                .filter(s -> scalings.get(s).diagonal() != Group.Diagonal.POSITIVE && !scalings.get(s).affine()).boxed()
                .flatMap(s -> IntStream.range(0, n).mapToObj(u -> sign(symmetries, space, s, u)));
        Stream<Mirror> pairs = space.group().mirrors(n).map(normals -> normals.get(0).coordinate())
                .filter(c -> c.length == 2).map(c -> pair(symmetries, space, c[0], c[1]));
        return Stream.concat(signs, pairs);
    }

    /**
     * The sign of one unit.
     *
     * @param scaling which of the Space's {@link Symmetries#scalings(Space)}, with signs that need no bias correction
     */
    public static Mirror sign(Symmetries symmetries, Space space, int scaling, int unit) {
        List<double[]> factors = ones(symmetries, space);
        factors.get(scaling)[unit] = -1;
        return units(symmetries, space, "the sign of unit " + unit, IntStream.range(0, space.dimension()).toArray(),
                factors);
    }

    /** The mirror on which two units of a Space are the same. */
    public static Mirror pair(Symmetries symmetries, Space space, int i, int j) {
        int[] permutation = IntStream.range(0, space.dimension()).toArray();
        permutation[i] = j;
        permutation[j] = i;
        return units(symmetries, space, "units " + i + " and " + j, permutation, ones(symmetries, space));
    }

    private static List<double[]> ones(Symmetries symmetries, Space space) {
        List<double[]> factors = new ArrayList<>();
        symmetries.scalings(space).forEach(s -> {
            double[] ones = new double[space.dimension()];
            Arrays.fill(ones, 1);
            factors.add(ones);
        });
        return factors;
    }

    private static Mirror units(Symmetries symmetries, Space space, String what, int[] permutation,
            List<double[]> factors) {
        Transform.Element element = new Transform.Element(space, permutation, factors);
        Set<String> parameters = new LinkedHashSet<>();
        space.slots().forEach(s -> parameters.add(s.parameter()));
        return new Mirror(what + " of " + space.name(), parameters, UnaryOperator.identity(),
                graph -> Transform.apply(new Symmetries(graph, symmetries.shapes(), symmetries.spaces(),
                        symmetries.axes(), symmetries.scalings(), symmetries.findings()), List.of(element)));
    }

    /**
     * The mirror of a Space whose coordinates mix, with the given normals, in one of its copies. Norm scales that stand in the
     * way are folded first: distances are those of the folded Graph, and reflecting and projecting leave them folded.
     *
     * @throws SymmetryException if there is no such copy
     */
    public static Mirror of(LinearSpace space, int copy, List<Normal> normals) {
        if (copy < 0 || copy >= space.copies()) {
            throw new SymmetryException(space.name() + " has " + space.copies() + " copies, there is no copy " + copy);
        }
        List<LinearMap.Step> steps = normals.stream().map(normal -> {
            double[] v = normal.vector(space.dimension());
            return new LinearMap.Step(Arrays.stream(v).map(x -> -2 * x).toArray(), v);
        }).toList();
        LinearMap still = new LinearMap(List.of());
        LinearTransform.Element identity = new LinearTransform.Element(space,
                IntStream.range(0, space.copies()).mapToObj(c -> still).toList());
        LinearTransform.Element element = new LinearTransform.Element(space,
                IntStream.range(0, space.copies()).mapToObj(c -> c == copy ? new LinearMap(steps) : still).toList());
        Set<String> parameters = new LinkedHashSet<>();
        space.slots().forEach(s -> parameters.add(s.parameter()));
        String which = space.copies() == 1 ? "" : ", copy " + copy;
        return new Mirror("a direction of " + space.name() + which, parameters,
                graph -> space.folds().isEmpty() ? graph : LinearTransform.apply(graph, List.of(identity)),
                graph -> LinearTransform.apply(graph, List.of(element)));
    }

    /** What it mirrors, for people. */
    public String name() {
        return name;
    }

    /** The Graph on the other side: other weights, same function. */
    public Graph reflect(Graph graph) {
        return reflection.apply(graph);
    }

    /** ‖Oᵀθ‖, how far the parameters are from the mirror; 0 on it. */
    public double distance(Graph graph) {
        double[] sum = {0};
        both(graph).forEach((name, pair) -> {
            for (int i = 0; i < pair[0].length; i++) {
                double half = (pair[0][i] - pair[1][i]) / 2;
                sum[0] += half * half;
            }
        });
        return Math.sqrt(sum[0]);
    }

    /** The Graph with the nearest parameters that lie on the mirror; another function, unless the distance is 0. */
    public Graph project(Graph graph) {
        Graph from = folded.apply(graph);
        Map<String, TensorData> tensors = Tensors.real(from);
        Map<String, TensorData> moved = new LinkedHashMap<>();
        both(graph).forEach((name, pair) -> {
            TensorData tensor = tensors.get(name);
            if (tensor != null) {
                moved.put(name, Tensors.encode(tensor.type(),
                        IntStream.range(0, pair[0].length).mapToDouble(i -> (pair[0][i] + pair[1][i]) / 2).toArray(),
                        tensor.dims()));
            }
        });
        return Tensors.replace(from, moved);
    }

    /** Every parameter the mirror meets, before and after the reflection. */
    private Map<String, double[][]> both(Graph graph) {
        Map<String, TensorData> before = Tensors.real(folded.apply(graph));
        Map<String, TensorData> after = Tensors.real(reflect(graph));
        Map<String, double[][]> pairs = new LinkedHashMap<>();
        for (String parameter : parameters) {
            TensorData own = before.get(parameter);
            TensorData other = after.get(parameter);
            if (own == null || other == null) {
                throw new SymmetryException(name + " meets " + parameter + ", which the Graph lacks");
            }
            pairs.put(parameter, new double[][] {own.toDoubles(), other.toDoubles()});
        }
        return pairs;
    }

    @Override
    public String toString() {
        return "Mirror of " + name;
    }
}
