package dev.orbifold.certificate;

import dev.orbifold.engine.Inside;
import dev.orbifold.engine.Tensors;
import dev.orbifold.engine.Device;
import dev.orbifold.graph.TensorData;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What a {@link Site} reads and how much its outputs matter, on data: one row per sample and position.
 *
 * @param read rows × (inputs, and a one where there is a bias)
 * @param cotangents per draw, rows × outputs: the gradients of random combinations of the network's outputs
 */
record Reading(Tensor read, List<Tensor> cotangents) {
    /** Per group of channels. */
    static List<Reading> of(Site site, List<Inside> seen, int rowsOfTable) {
        List<Reading> readings = new ArrayList<>();
        for (int group = 0; group < site.groups(); group++) {
            List<Tensor> read = new ArrayList<>();
            List<List<Tensor>> cotangents = new ArrayList<>();
            for (Inside batch : seen) {
                Tensor rows = read(site, group, batch.value(site.input()), rowsOfTable);
                read.add(site.bias().isEmpty() ? rows
                        : Algebra.beside(rows, torch.ones(new long[] {rows.size(0), 1}, rows.options())));
                for (int draw = 0; draw < batch.cotangents().size(); draw++) {
                    TensorData gradient = batch.cotangents().get(draw).get(site.output());
                    if (gradient != null) {
                        while (cotangents.size() <= draw) {
                            cotangents.add(new ArrayList<>());
                        }
                        cotangents.get(draw).add(written(site, group, gradient));
                    }
                }
            }
            readings.add(new Reading(cat(read), cotangents.stream().map(Reading::cat).toList()));
        }
        return readings;
    }

    private static Tensor cat(List<Tensor> parts) {
        return torch.cat(new TensorVector(parts.toArray(new Tensor[0])), 0);
    }

    private static Tensor read(Site site, int group, TensorData value, int rowsOfTable) {
        return Tensors.of(rows(site, group, value, rowsOfTable), Device.cpu());
    }

    private static TensorData rows(Site site, int group, TensorData value, int rowsOfTable) {
        try (PointerScope inner = new PointerScope()) {
            Tensor x = Tensors.of(value, Device.cpu());
            return Tensors.toData(switch (site.node().opType()) {
                case "Conv" -> {
                    long channels = x.size(1) / site.groups();
                    long[] pads = site.node().integers("pads").orElse(new long[4]);
                    Tensor columns = torch.im2col(x.narrow(1, group * channels, channels), site.kernel(),
                            site.node().integers("dilations").orElse(new long[] {1, 1}),
                            new long[] {pads[0], pads[1]},
                            site.node().integers("strides").orElse(new long[] {1, 1}));
                    yield columns.transpose(1, 2).reshape(-1, site.ins());
                }
                case "Gather" -> torch.one_hot(x.to(ScalarType.Long).reshape(-1), rowsOfTable)
                        .to(ScalarType.Double);
                default -> x.to(ScalarType.Double).reshape(-1, site.ins());
            });
        }
    }

    private static Tensor written(Site site, int group, TensorData gradient) {
        TensorData rows;
        try (PointerScope inner = new PointerScope()) {
            Tensor g = Tensors.of(gradient, Device.cpu());
            rows = Tensors.toData(site.node().opType().equals("Conv")
                    ? g.narrow(1, (long) group * site.outs(), site.outs()).permute(0, 2, 3, 1)
                            .reshape(-1, site.outs())
                    : g.reshape(-1, site.outs()));
        }
        return Tensors.of(rows, Device.cpu());
    }

    /** The names of the values that readings of these sites need. */
    static List<String> values(List<Site> sites) {
        List<String> names = new ArrayList<>();
        for (Site site : sites) {
            for (String name : List.of(site.input(), site.output())) {
                if (!names.contains(name)) {
                    names.add(name);
                }
            }
        }
        return names;
    }
}
