package howto;

import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import dev.orbifold.graph.Seed;
import dev.orbifold.ort.OnnxRuntime;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Shift;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Unshare;
import dev.orbifold.symmetry.Verified;
import java.nio.file.Path;

/** Prints every symmetry of a model. */
final class FindSymmetries {
    public static void main(String[] arguments) {
        Graph graph = Unshare.apply(OnnxFile.read(Path.of(arguments[0])));
        Verified verified = Verified.of(graph, OnnxRuntime.factory(1), 2, new Seed(0));
        for (Space space : verified.units().spaces()) {
            System.out.println(space.name() + ": " + space.dimension() + " units, " + space.group().name());
        }
        for (LinearSpace space : verified.mixing().spaces()) {
            int dimension = space.copies() * space.group().manifold(space.dimension());
            System.out.println(space.name() + ": " + space.copies() + " times " + space.dimension() + " coordinates, "
                    + space.group().name() + " of dimension " + dimension);
        }
        for (Shift shift : verified.shifts()) {
            String added = shift.dimension() == 1 ? "1 number" : shift.dimension() + " numbers";
            String back = shift.absorbed().isEmpty() ? "and nothing sees it"
                    : "taken back by " + String.join(", ", shift.absorbed());
            System.out.println(shift.name() + ": " + added + " may be added, " + back);
        }
        System.out.println("outputs moved by " + verified.maxError() + " of their range");
        verified.findings().forEach(System.out::println);
    }
}
