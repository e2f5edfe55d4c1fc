package howto;

import dev.orbifold.graph.Cost;
import dev.orbifold.graph.Graph;
import dev.orbifold.graph.OnnxFile;
import java.nio.file.Path;

/** Prints what one inference of a model costs. */
final class ModelCost {
    public static void main(String[] arguments) {
        Graph graph = OnnxFile.read(Path.of(arguments[0]));
        Cost cost = Cost.of(graph);
        System.out.printf("%,d parameters, %,d multiply-adds%n", cost.parameters(), cost.macs());
    }
}
