package dev.orbifold.collapse;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** One unit as a network of its own, on data, with the gradients of the loss by what it adds. */
final class UnitBranch implements UnitPulls, AutoCloseable {
    /**
     * Data that were run at once.
     *
     * @param before what comes to the in-weights
     * @param g the gradient of the mean loss of these data by each value that the unit adds to
     * @param share of all data
     * @param scope what keeps them
     */
    private record Fed(Map<String, Tensor> before, Map<String, Tensor> g, double share, PointerScope scope) {
        /** Of handles of its own. */
        static Fed of(Map<String, Tensor> before, Map<String, Tensor> g, double share) {
            // Extended: what is made here lives until it is forgotten, whatever scope the caller is in.
            try (PointerScope scope = new PointerScope().extend()) {
                return new Fed(handles(before), handles(g), share, scope);
            }
        }

        private static Map<String, Tensor> handles(Map<String, Tensor> values) {
            Map<String, Tensor> handles = new HashMap<>();
            values.forEach((name, value) -> handles.put(name, new Tensor(value)));
            return handles;
        }
    }

    private final BranchParts parts;
    private final @Nullable Program head;
    private final Program body;
    private final Map<String, long[]> dims = new LinkedHashMap<>();
    private final double[] rest;
    private final int[] in;
    private final int[] out;
    private final List<Fed> data = new ArrayList<>();

    /**
     * Compiles the unit.
     *
     * @param small the Graph with no other unit in the Space
     * @param met names of its in-weights and out-weights
     * @param in places of the in-weights in the vector of these parameters
     * @param out the same of the out-weights
     */
    UnitBranch(Graph small, List<String> met, BranchParts parts, int[] in, int[] out) {
        this.parts = parts;
        this.in = in;
        this.out = out;
        for (String name : met) {
            dims.put(name, small.parameter(name).orElseThrow().dims());
        }
        rest = LossCurvature.flat(small, met);
        List<String> made = parts.before().stream().filter(v -> !parts.x().contains(v)).toList();
        head = made.isEmpty() ? null : Program.compile(Cut.of(small, parts.x(), made, false), Device.cpu());
        body = Program.compile(Cut.of(small, parts.before(), parts.y(), false), Device.cpu());
    }

    /**
     * Adds data.
     *
     * @param x what comes in
     * @param g the gradient of the mean loss of these data, by y
     * @param share of these data among all
     * @throws UnitBranches.Inseparable if the unit makes values of another shape than those that g belongs to
     */
    void feed(Map<String, Tensor> x, Map<String, Tensor> g, double share) {
        Map<String, Tensor> before = new HashMap<>();
        try (NoGradGuard guard = new NoGradGuard()) {
            parts.before().stream().filter(x::containsKey).forEach(name -> before.put(name, x.get(name)));
            if (head != null) {
                before.putAll(head.run(given(head, x), Mode.EVALUATION));
            }
            Map<String, Tensor> y = body.run(given(body, before), Mode.EVALUATION);
            y.forEach((name, value) -> {
                long[] own = Tensors.dims(value);
                long[] all = Tensors.dims(SiteData.named(g, name));
                if (!Arrays.equals(own, all)) {
                    throw new UnitBranches.Inseparable("one unit alone makes " + name + " of shape "
                            + Arrays.toString(own) + ", all of them " + Arrays.toString(all));
                }
            });
        }
        data.add(Fed.of(before, g, share));
    }

    private static Map<String, Tensor> given(Program program, Map<String, Tensor> values) {
        Map<String, Tensor> given = new HashMap<>();
        program.graph().inputs().stream().map(i -> i.name()).filter(values::containsKey)
                .forEach(name -> given.put(name, values.get(name)));
        return given;
    }

    @Override
    public Point at(double[][] a, double @Nullable [][] b) {
        if (a.length != 1 || b == null) {
            throw new CollapseException("one unit has one pair of directions, found " + a.length);
        }
        double[] alongA = new double[in.length];
        double[] alongB = new double[out.length];
        for (Fed fed : data) {
            double[] gradient = gradient(fed, a[0], b[0]);
            for (int i = 0; i < in.length; i++) {
                alongA[i] -= fed.share() * gradient[in[i]];
            }
            for (int i = 0; i < out.length; i++) {
                alongB[i] -= fed.share() * gradient[out[i]];
            }
        }
        double value = Vectors.dot(alongB, b[0]);
        return new Point(a, b, new double[] {value}, new double[][] {alongA}, new double[][] {alongB});
    }

    /** Of Σ g·y by all weights of the unit. */
    private double[] gradient(Fed fed, double[] a, double[] b) {
        double[] weights = rest.clone();
        for (int i = 0; i < in.length; i++) {
            weights[in[i]] = a[i];
        }
        for (int i = 0; i < out.length; i++) {
            weights[out[i]] = b[i];
        }
        try (PointerScope inner = new PointerScope()) {
            float[] values = new float[weights.length];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) weights[i];
            }
            Tensor leaf = Tensors.of(TensorData.of(values, values.length), Device.cpu()).set_requires_grad(true);
            Map<String, Tensor> given = given(body, fed.before());
            long at = 0;
            for (Map.Entry<String, long[]> parameter : dims.entrySet()) {
                long elements = Arrays.stream(parameter.getValue()).reduce(1, (m, n) -> m * n);
                given.put(parameter.getKey(), leaf.narrow(0, at, elements).view(parameter.getValue()));
                at += elements;
            }
            Map<String, Tensor> y = body.run(given, Mode.EVALUATION);
            Tensor sum = torch.zeros(1);
            for (String name : parts.y()) {
                sum = sum.add(SiteData.named(y, name).mul(SiteData.named(fed.g(), name)).sum());
            }
            TensorVector found = torch.grad(new TensorVector(sum), new TensorVector(leaf),
                    new TensorVector(torch.ones_like(sum)), new BoolOptional(false), false, true);
            return Tensors.toData(found.get(0)).toDoubles();
        }
    }

    @Override
    public UnitPulls only(int[] units) {
        return this;
    }

    /** Lets go of the data. */
    void forget() {
        data.forEach(fed -> fed.scope().deallocate());
        data.clear();
    }

    @Override
    public void close() {
        forget();
        if (head != null) {
            head.close();
        }
        body.close();
    }
}
