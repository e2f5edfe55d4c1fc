package dev.orbifold.train;

import dev.orbifold.constraint.Auction;
import dev.orbifold.constraint.GateLayout;
import dev.orbifold.constraint.Gates;
import dev.orbifold.constraint.Price;
import dev.orbifold.constraint.Steering;
import dev.orbifold.graph.Graph;
import dev.orbifold.structure.MacModel;
import dev.orbifold.structure.ShrinkOptions;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A Graph with a gate on every unit that may go, and the steering of those gates by price.
 *
 * @param symmetries the Graph's symmetries
 * @param layout which gate goes where
 * @param gates the gates
 * @param steering who is pushed
 * @param model what any widths cost, in multiply-adds and parameters
 * @param price what is being saved
 */
record Steered(Symmetries symmetries, GateLayout layout, Gates gates, Steering steering, MacModel model, Price price) {

    static Steered of(Graph graph, CompressOptions options, Steering.Options steering) {
        Symmetries symmetries = Symmetries.of(graph);
        ShrinkOptions shrink = shrinkOptions(options);
        GateLayout layout = GateLayout.of(symmetries, space -> !shrink.excludes(space));
        MacModel model = MacModel.of(symmetries);
        boolean parameters = options.target() instanceof Target.Keep;
        Price price = new ModelPrice(layout, model, parameters);
        int[] least = new int[layout.spaces().size()];
        for (int s = 0; s < least.length; s++) {
            least[s] = shrink.width(Math.min(options.least(), layout.spaces().get(s).dimension()),
                    layout.spaces().get(s).dimension());
        }
        Gates gates = new Gates(layout.size(), options.depth());
        Auction auction = new Auction(layout, price, least, options.roundTo(), options.sharing());
        return new Steered(symmetries, layout, gates, new Steering(layout, auction, gates, steering), model, price);
    }

    static ShrinkOptions shrinkOptions(CompressOptions options) {
        return ShrinkOptions.DEFAULT.withMinWidth(options.least()).withRoundTo(options.roundTo())
                .withExclude(options.exclude());
    }

    /** The cost of a Graph of gated Spaces with the given widths; the other Spaces keep theirs. */
    private record ModelPrice(GateLayout layout, MacModel model, boolean parameters) implements Price {
        private int[] all(int[] widths) {
            int[] all = model.dimensions();
            for (int s = 0; s < widths.length; s++) {
                all[layout.spaces().get(s).id()] = widths[s];
            }
            return all;
        }

        @Override
        public double at(int[] widths) {
            return parameters ? model.parameters(all(widths)) : model.macs(all(widths));
        }

        @Override
        public double saving(int space, int units, int[] widths) {
            int id = layout.spaces().get(space).id();
            int[] all = all(widths);
            double saved = 0;
            for (int i = 0; i < units; i++) {
                saved += parameters ? model.marginalParameters(id, all) : model.marginalMacs(id, all);
                all[id]--;
            }
            return saved;
        }
    }

    /** The lowest cost that can be reached. */
    double floor(CompressOptions options) {
        ShrinkOptions shrink = shrinkOptions(options);
        int[] least = new int[layout.spaces().size()];
        for (int s = 0; s < least.length; s++) {
            int dimension = layout.spaces().get(s).dimension();
            least[s] = shrink.width(Math.min(options.least(), dimension), dimension);
        }
        return new Auction(layout, price, least, options.roundTo(), options.sharing()).floor();
    }

    /** Multiply-adds of the network that is left when every closed unit is gone. */
    long macs() {
        int[] all = model.dimensions();
        int[] widths = steering.widths();
        for (int s = 0; s < widths.length; s++) {
            all[layout.spaces().get(s).id()] = widths[s];
        }
        return model.macs(all);
    }

    /** Parameters of the network that is left when every closed unit is gone. */
    long parameters() {
        int[] all = model.dimensions();
        int[] widths = steering.widths();
        for (int s = 0; s < widths.length; s++) {
            all[layout.spaces().get(s).id()] = widths[s];
        }
        return model.parameters(all);
    }

    /** Whether any unit is closed and could be removed. */
    boolean anyClosed() {
        for (int u = 0; u < gates.size(); u++) {
            if (gates.closed(u)) {
                return true;
            }
        }
        return false;
    }

    /** Open units per Space, by name. */
    Map<String, Integer> widths() {
        Map<String, Integer> widths = new LinkedHashMap<>();
        int[] now = steering.widths();
        for (int s = 0; s < now.length; s++) {
            widths.put(layout.spaces().get(s).name(), now[s]);
        }
        return widths;
    }

    /**
     * Takes over what was learned about the units that stayed; units of a Space that is not recognised start at the mean of
     * all, so that none is given up for want of a memory.
     *
     * @param before the steering before units left
     * @param keep per Space before, by id, the units that stayed
     */
    void inherit(Steered before, List<BitSet> keep) {
        Map<String, List<Double>> values = new LinkedHashMap<>();
        for (int s = 0; s < before.layout.spaces().size(); s++) {
            Space space = before.layout.spaces().get(s);
            int first = before.layout.offsets()[s];
            List<Double> kept = new ArrayList<>();
            keep.get(space.id()).stream().forEach(u -> kept.add(before.steering.value(first + u)));
            values.put(space.name(), kept);
        }
        double usual = values.values().stream().flatMap(List::stream).mapToDouble(v -> v).average().orElse(0);
        for (int s = 0; s < layout.spaces().size(); s++) {
            Space space = layout.spaces().get(s);
            List<Double> kept = values.getOrDefault(space.name(), List.of());
            boolean same = kept.size() == space.dimension();
            for (int u = 0; u < space.dimension(); u++) {
                steering.inherit(layout.offsets()[s] + u, same ? kept.get(u) : usual);
            }
        }
    }
}
