package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;

/** y = act(x·W)·U with the loss ½‖y − t‖², whose gradients are xᵀ(rUᵀ ⊙ act') and act(xW)ᵀr with r = y − t. */
record Factorization(List<double[]> x, List<double[]> targets, int units,
        boolean rectified) implements SampleGradients {
    @Override
    public void each(Graph graph, Consumer<Map<String, TensorData>> sample) {
        for (int s = 0; s < x.size(); s++) {
            sample.accept(gradient(graph, s));
        }
    }

    /** The mean gradient over some samples. */
    Map<String, TensorData> mean(Graph graph, int[] samples) {
        Map<String, double[]> sums = new LinkedHashMap<>();
        Map<String, long[]> dims = new LinkedHashMap<>();
        for (int s : samples) {
            gradient(graph, s).forEach((name, g) -> {
                double[] sum = sums.computeIfAbsent(name, n -> new double[(int) g.elements()]);
                double[] own = g.toDoubles();
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += own[i] / samples.length;
                }
                dims.put(name, g.dims());
            });
        }
        Map<String, TensorData> mean = new LinkedHashMap<>();
        new ArrayList<>(sums.keySet()).forEach(
                name -> mean.put(name, TensorData.of(sums.getOrDefault(name, new double[0]),
                        dims.getOrDefault(name, new long[0]))));
        return mean;
    }

    private Map<String, TensorData> gradient(Graph graph, int s) {
        int inputs = x.get(s).length;
        int outputs = targets.get(s).length;
        DMatrixRMaj w = new DMatrixRMaj(inputs, units, true, graph.parameters().get("w").toDoubles());
        DMatrixRMaj u = new DMatrixRMaj(units, outputs, true, graph.parameters().get("u").toDoubles());
        DMatrixRMaj row = new DMatrixRMaj(1, inputs, true, x.get(s));
        DMatrixRMaj hidden = CommonOps_DDRM.mult(row, w, null);
        DMatrixRMaj slope = new DMatrixRMaj(1, units);
        for (int i = 0; i < units; i++) {
            boolean on = !rectified || hidden.get(i) > 0;
            slope.set(i, on ? 1 : 0);
            hidden.set(i, on ? hidden.get(i) : 0);
        }
        DMatrixRMaj r = CommonOps_DDRM.mult(hidden, u, null);
        CommonOps_DDRM.subtractEquals(r, new DMatrixRMaj(1, outputs, true, targets.get(s)));
        DMatrixRMaj back = CommonOps_DDRM.multTransB(r, u, null);
        CommonOps_DDRM.elementMult(back, slope);
        return Map.of("w", TensorData.of(CommonOps_DDRM.multTransA(row, back, null).data, inputs, units), "u",
                TensorData.of(CommonOps_DDRM.multTransA(hidden, r, null).data, units, outputs));
    }
}
