package dev.orbifold.symmetry;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.Seed;
import java.util.ArrayList;
import java.util.List;

/**
 * Random networks of sigmoid layers, convolutional and then dense, that know which layers' signs can be corrected: those all of
 * whose readers have a bias and do not pad.
 *
 * @param graph the network
 * @param groups per layer the Group of its units
 */
record PlantedSigmoids(Graph graph, List<Group> groups) {
    static PlantedSigmoids of(Seed seed) {
        return new Builder(new Net(seed)).build();
    }

    private static final class Builder {
        private final Net net;
        private final List<Group> groups = new ArrayList<>();
        private int layers;

        Builder(Net net) {
            this.net = net;
        }

        private PlantedSigmoids build() {
            int channels = 3;
            int size = 12;
            String x = net.input("image", 3, size, size);
            int convolutions = net.choose(4);
            for (int c = 0; c < convolutions; c++) {
                boolean padded = net.choose(2) == 0;
                boolean biased = net.choose(3) > 0;
                int out = 2 + net.choose(4);
                read(!padded && biased);
                x = net.apply(activation(), conv(x, channels, out, padded, biased));
                channels = out;
                size -= padded ? 0 : 2;
                written();
            }
            int features = channels * size * size;
            if (net.choose(2) == 0) {
                x = net.node("Flatten", List.of(net.apply("GlobalAveragePool", x)));
                features = channels;
            } else {
                x = net.node("Flatten", List.of(x));
            }
            int dense = 1 + net.choose(3);
            for (int d = 0; d < dense; d++) {
                int out = 2 + net.choose(6);
                boolean biased = net.choose(3) > 0;
                boolean twice = net.choose(3) == 0;
                boolean other = net.choose(3) > 0;
                read(biased && (!twice || other));
                String sum = dense(x, features, out, biased);
                if (twice) {
                    sum = net.node("Add", List.of(net.apply("Tanh", dense(x, features, out, other)), sum));
                }
                x = net.apply(activation(), sum);
                features = out;
                written();
            }
            read(true);
            return new PlantedSigmoids(net.graph(dense(x, features, 3, true)), List.copyOf(groups));
        }

        /** What reads the layer before can take back what its signs leave, or cannot. */
        private void read(boolean corrects) {
            if (!groups.isEmpty() && !corrects) {
                groups.set(groups.size() - 1, new Group.Permutation());
            }
        }

        private void written() {
            groups.add(new Group.Monomial(Group.Diagonal.SIGNS));
        }

        private String activation() {
            return net.choose(3) == 0 ? "HardSigmoid" : "Sigmoid";
        }

        private String conv(String x, int in, int out, boolean padded, boolean biased) {
            String name = "l" + layers++;
            List<String> inputs = new ArrayList<>(List.of(x, net.weight(name + ".weight", out, in, 3, 3)));
            if (biased) {
                inputs.add(net.weight(name + ".bias", out));
            }
            long pad = padded ? 1 : 0;
            return net.node("Conv", inputs, "kernel_shape", new long[] {3, 3}, "pads", new long[] {pad, pad, pad, pad});
        }

        private String dense(String x, int in, int out, boolean biased) {
            String name = "l" + layers++;
            String product = net.node("MatMul", List.of(x, net.weight(name + ".weight", in, out)));
            return biased ? net.node("Add", List.of(product, net.weight(name + ".bias", out))) : product;
        }
    }
}
