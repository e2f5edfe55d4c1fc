package howto;

import dev.orbifold.graph.Evaluator;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.structure.Equality;
import dev.orbifold.symmetry.Transform;
import dev.orbifold.symmetry.Unshare;
import dev.orbifold.symmetry.Verified;
import java.nio.file.Path;
import java.util.EnumSet;

/** Writes a model with other weights that computes the same function. */
final class MoveModel {
    public static void main(String[] arguments) {
        Graph graph = Unshare.apply(OnnxFile.read(Path.of(arguments[0])));
        Evaluator.Factory runtime = OnnxRuntime.factory(1);
        Verified verified = Verified.of(graph, runtime, 2, new Seed(0));
        Graph moved = verified.moved(EnumSet.allOf(Transform.Kind.class), new Seed(1));
        OnnxFile.write(moved, Path.of(arguments[1]));
        Equality equality = Equality.check(graph, moved, runtime, new Seed(2), 32);
        System.out.println(equality.maxError() + " on " + equality.samples() + " samples");
    }
}
