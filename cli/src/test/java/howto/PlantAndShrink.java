package howto;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.graph.TensorData;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.structure.Shrink;
import dev.orbifold.structure.ShrinkOptions;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import dev.orbifold.symmetry.Unshare;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Makes one unit repeat another, and takes it out again. */
final class PlantAndShrink {
    public static void main(String[] arguments) {
        Graph graph = Unshare.apply(OnnxFile.read(Path.of(arguments[0])));
        Space space = Symmetries.of(graph).spaces().stream().filter(Space::shrinkable).findFirst().orElseThrow();
        Map<String, TensorData> weights = new LinkedHashMap<>(graph.parameters());
        for (Slot slot : space.slots()) {
            if (slot.role() != Slot.Role.READS) {
                weights.computeIfPresent(slot.parameter(), (name, w) -> w.select(slot.axis(), slot.repeating(0, 1)));
            }
        }
        Graph twins = graph.withParameters(weights);
        Shrink shrink = Shrink.lossless(twins, ShrinkOptions.DEFAULT, OnnxRuntime.factory(1), new Seed(0));
        shrink.removed().forEach(r -> System.out.println(r.space() + ": from " + r.from() + " to " + r.to()));
        System.out.println(shrink.costAfter().parameters() + " of " + shrink.costBefore().parameters()
                + " parameters, outputs moved by " + shrink.equality().maxError());
    }
}
