package dev.orbifold.graph;

import dev.orbifold.graph.ShapeRules.Line;
import dev.orbifold.graph.ShapeRules.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Shape rules of matrix products, einsum and attention. */
final class ProductShapes {
    private ProductShapes() {
    }

    static void lines(Map<String, Line> table) {
        table.put("MatMul", new Line(Type.SAME, ProductShapes::matrices));
        table.put("Gemm", new Line(Type.SAME, ProductShapes::gemm));
        table.put("Einsum", new Line(Type.SAME, ProductShapes::einsum));
        table.put("Attention", new Line(Type.SAME, ProductShapes::attention));
    }

    private static void matrices(NodeFacts n) {
        Shape a = n.shape(0);
        Shape b = n.shape(1);
        n.rank(0, a, 1, Integer.MAX_VALUE);
        n.rank(1, b, 1, Integer.MAX_VALUE);
        n.agree(a.dim(-1), b.dim(b.rank() == 1 ? 0 : -2), "the inner axes of " + a + " and " + b);
        Shape outerA = new Shape(a.dims().subList(0, Math.max(0, a.rank() - 2)));
        Shape outerB = new Shape(b.dims().subList(0, Math.max(0, b.rank() - 2)));
        List<Dim> dims = new ArrayList<>(n.broadcast(outerA, outerB).dims());
        if (a.rank() > 1) {
            dims.add(a.dim(-2));
        }
        if (b.rank() > 1) {
            dims.add(b.dim(-1));
        }
        n.shape(0, dims);
    }

    private static void gemm(NodeFacts n) {
        Shape a = n.shape(0);
        Shape b = n.shape(1);
        n.rank(0, a, 2, 2);
        n.rank(1, b, 2, 2);
        boolean turnA = n.node().integer("transA", 0) != 0;
        boolean turnB = n.node().integer("transB", 0) != 0;
        n.agree(a.dim(turnA ? 0 : 1), b.dim(turnB ? 1 : 0), "the inner axes of " + a + (turnA ? " transposed" : "")
                + " and " + b + (turnB ? " transposed" : ""));
        Shape product = new Shape(List.of(a.dim(turnA ? 1 : 0), b.dim(turnB ? 0 : 1)));
        if (n.maybeShape(2).isPresent()) {
            n.broadcast(product, n.shape(2));
        }
        n.shape(0, product);
    }

    /**
     * The indices of an Einsum with the dimension of each; an ellipsis counts as the indices {@code "0"}, {@code "1"}, …
     * of its axes, aligned at the end.
     *
     * @param output the output's indices in order
     * @param dims the dimension of every index
     */
    record Indices(List<String> output, Map<String, Dim> dims) {
        static Indices of(NodeFacts n, List<Shape> shapes) {
            String equation = n.node().text("equation", "").replace(" ", "");
            String[] sides = equation.split("->", -1);
            String[] terms = sides[0].split(",", -1);
            if (terms.length != shapes.size() || sides.length > 2) {
                throw n.fail("the equation '" + equation + "' does not name " + shapes.size() + " inputs");
            }
            Map<String, Dim> dims = new HashMap<>();
            Map<String, Integer> uses = new TreeMap<>();
            int widest = 0;
            for (int i = 0; i < terms.length; i++) {
                Shape shape = shapes.get(i);
                int ellipsis = shape.rank() - terms[i].replace("...", "").length();
                widest = terms[i].contains("...") ? Math.max(widest, ellipsis) : widest;
                List<String> names = names(terms[i], ellipsis);
                if (names.size() != shape.rank()) {
                    throw n.fail("the term '" + terms[i] + "' of '" + equation + "' does not fit " + shape);
                }
                for (int axis = 0; axis < names.size(); axis++) {
                    String name = names.get(axis);
                    Dim dim = shape.dim(axis);
                    Dim old = dims.getOrDefault(name, dim);
                    boolean one = old.equals(Dim.of(1));
                    dims.put(name, one || dim.equals(Dim.of(1)) ? one ? dim : old
                            : n.agree(old, dim, "index '" + name + "' of '" + equation + "'"));
                    uses.merge(name, 1, Integer::sum);
                }
            }
            List<String> output;
            if (sides.length == 2) {
                output = names(sides[1], widest);
            } else {
                output = new ArrayList<>(names("...", widest));
                uses.forEach((name, count) -> {
                    if (count == 1 && !Character.isDigit(name.charAt(0))) {
                        output.add(name);
                    }
                });
            }
            if (!dims.keySet().containsAll(output)) {
                throw n.fail("the output of '" + equation + "' has indices no input has");
            }
            return new Indices(output, dims);
        }

        private static List<String> names(String term, int ellipsis) {
            List<String> names = new ArrayList<>();
            int at = term.indexOf("...");
            for (int i = 0; i < term.length(); i++) {
                if (i == at) {
                    for (int e = ellipsis - 1; e >= 0; e--) {
                        names.add(Integer.toString(e));
                    }
                    i += 2;
                } else {
                    names.add(term.substring(i, i + 1));
                }
            }
            return names;
        }
    }

    private static void einsum(NodeFacts n) {
        List<Shape> shapes = new ArrayList<>();
        for (int i = 0; i < n.node().inputs().size(); i++) {
            shapes.add(n.shape(i));
        }
        Indices indices = Indices.of(n, shapes);
        n.shape(0, indices.output().stream().map(indices.dims()::get).toList());
    }

    /** Queries, keys and values as (batch, length, heads · size) or (batch, heads, length, size). */
    private static void attention(NodeFacts n) {
        Shape q = n.shape(0);
        Shape k = n.shape(1);
        Shape v = n.shape(2);
        n.rank(0, q, 3, 4);
        boolean flat = q.rank() == 3;
        Size queryHeads = flat ? Size.of(n.node().integer("q_num_heads", 1)) : Size.of(q.dim(1));
        Size heads = flat ? Size.of(n.node().integer("kv_num_heads", 1)) : Size.of(k.dim(1));
        Size valueSize = flat ? Size.of(v.dim(2)).over(heads) : Size.of(v.dim(3));
        Size keySize = flat ? Size.of(k.dim(2)).over(heads) : Size.of(k.dim(3));
        Dim length = q.dim(flat ? 1 : 2);
        Size past = n.has(4) ? Size.of(n.shape(4).dim(2)) : Size.of(0);
        Dim total = past.plus(Size.of(k.dim(flat ? 1 : 2))).dim();
        n.shape(0, flat
                ? List.of(q.dim(0), length, queryHeads.times(valueSize).dim())
                : List.of(q.dim(0), q.dim(1), length, valueSize.dim()));
        n.shape(1, List.of(q.dim(0), heads.dim(), total, keySize.dim()));
        n.shape(2, List.of(q.dim(0), heads.dim(), total, valueSize.dim()));
        n.shape(3, List.of(q.dim(0), queryHeads.dim(), length, total));
    }
}
