package howto;

import dev.orbifold.graph.OnnxFile;
import dev.orbifold.structure.Distance;
import dev.orbifold.symmetry.Unshare;
import java.nio.file.Path;

/** Prints how far two checkpoints are apart, as they are and up to symmetry. */
final class ModelDistance {
    public static void main(String[] arguments) {
        Distance distance = Distance.of(Unshare.apply(OnnxFile.read(Path.of(arguments[0]))),
                Unshare.apply(OnnxFile.read(Path.of(arguments[1]))));
        System.out.println(distance.before() + " before, " + distance.after() + " after");
    }
}
