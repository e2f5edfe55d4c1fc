package dev.orbifold.collapse;

import dev.orbifold.engine.Device;
import dev.orbifold.engine.Mode;
import dev.orbifold.engine.Program;
import dev.orbifold.engine.Tensors;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.TensorData;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * What the units of a {@link UnitSite} read on data, and the gradient of the loss by what they add: as the network is, and
 * with one unit taken out, the nearest point of that unit's mirror. Taking a unit out runs only what lies behind it.
 */
final class SiteData implements AutoCloseable {
    private final PointerScope scope;
    private final UnitSite site;
    private final DataLoss loss;
    private final Program tail;
    private final Map<String, Tensor> values = new LinkedHashMap<>();
    private final Tensor targets;
    private final Tensor x;
    private final Tensor v;

    /**
     * Runs the network up to the units, on all batches as one.
     *
     * @param data of equal sizes
     */
    SiteData(Graph graph, UnitSite site, List<Examples> data, DataLoss loss) {
        this.site = site;
        this.loss = loss;
        tail = Program.compile(Cut.of(graph, List.of(site.v()), List.of(site.y()), true), Device.cpu());
        // Extended: what is made here lives until close, whatever scope the caller is in.
        scope = new PointerScope().extend();
        try (NoGradGuard guard = new NoGradGuard()) {
            data.get(0).inputs().keySet()
                    .forEach(name -> values.put(name, joined(data.stream().map(d -> d.inputs().get(name)).toList())));
            targets = joined(data.stream().map(Examples::targets).toList());
            boolean fed = values.containsKey(site.x());
            List<String> wanted = fed ? List.of(site.v()) : List.of(site.x(), site.v());
            try (Program head = Program.compile(Cut.of(graph, List.of(), wanted, false), Device.cpu())) {
                Map<String, Tensor> found = head.run(given(head), Mode.EVALUATION);
                v = named(found, site.v());
                x = flat(named(fed ? values : found, site.x()));
            }
        } finally {
            scope.close();
        }
    }

    /** A value by its name. */
    static Tensor named(Map<String, Tensor> values, String name) {
        Tensor found = values.get(name);
        if (found == null) {
            throw new CollapseException("the value " + name + " was not computed; computed: " + values.keySet());
        }
        return found;
    }

    /** One after the other along the first axis. */
    static Tensor joined(List<TensorData> parts) {
        Tensor[] all = parts.stream().map(p -> Tensors.of(p, Device.cpu())).toArray(Tensor[]::new);
        return all.length == 1 ? all[0] : torch.cat(new TensorVector(all), 0);
    }

    /** One row per sample, or per token. */
    private static Tensor flat(Tensor tensor) {
        return tensor.reshape(-1, tensor.size(tensor.dim() - 1));
    }

    private Map<String, Tensor> given(Program program) {
        Map<String, Tensor> given = new HashMap<>();
        program.graph().inputs().stream().map(i -> i.name()).filter(values::containsKey)
                .forEach(name -> given.put(name, values.get(name)));
        return given;
    }

    /** x [rows, d], with a column of ones where there is a bias. */
    TensorData inputs() {
        try (PointerScope inner = new PointerScope()) {
            return Tensors.toData(site.bias().isEmpty() ? x
                    : torch.cat(new TensorVector(x, torch.ones_like(x.narrow(1, 0, 1))), 1));
        }
    }

    /** Rows of {@link #inputs} per sample: 1, or the tokens of a sequence. */
    int rowsPerSample() {
        return (int) (x.size(0) / v.size(0));
    }

    /** g [rows, outputs] of the network as it is, per row. */
    TensorData gradients() {
        try (PointerScope inner = new PointerScope()) {
            return Tensors.toData(gradient(v));
        }
    }

    /** g [units, rows, outputs], for each of some units with that one taken out. */
    TensorData gradientsWithout(int[] units) {
        int rows = Math.toIntExact(x.size(0));
        float[] all = new float[0];
        for (int k = 0; k < units.length; k++) {
            int place = 0;
            while (site.reads().unit()[place] != units[k]) {
                place++;
            }
            try (PointerScope own = new PointerScope()) {
                Tensor without = v.clone();
                without.select(v.dim() - 1, place).zero_();
                float[] found = Tensors.toData(gradient(without)).toFloats();
                all = k == 0 ? new float[Math.multiplyExact(units.length, found.length)] : all;
                System.arraycopy(found, 0, all, k * found.length, found.length);
            }
        }
        return TensorData.of(all, units.length, rows, all.length / units.length / rows);
    }

    private Tensor gradient(Tensor at) {
        Tensor leaf = at.detach().set_requires_grad(true);
        Map<String, Tensor> given = given(tail);
        given.put(site.v(), leaf);
        Map<String, Tensor> outputs = tail.run(given, Mode.EVALUATION);
        Tensor y = named(outputs, site.y());
        Tensor value = loss.of(outputs, targets);
        if (!value.requires_grad()) {
            return torch.zeros_like(flat(y)).detach();
        }
        TensorVector found = torch.grad(new TensorVector(value), new TensorVector(y),
                new TensorVector(torch.ones_like(value)), new BoolOptional(false), false, true);
        Tensor gradient = found.get(0).defined() ? found.get(0) : torch.zeros_like(y);
        return flat(gradient.detach()).mul(new Scalar((double) x.size(0)));
    }

    @Override
    public void close() {
        scope.deallocate();
        tail.close();
    }
}
