package howto;

import dev.orbifold.graph.NumpyFile;
import dev.orbifold.graph.TensorData;
import java.nio.file.Path;
import java.util.Map;

/** Writes an O that weighs the left and right halves of every unit's 8 × 8 inputs against each other. */
final class WriteConstraint {
    public static void main(String[] arguments) {
        int units = 20;
        int inputs = 64;
        double[] o = new double[units * inputs * units];
        for (int entry = 0; entry < units * inputs; entry++) {
            int unit = entry / inputs;
            o[entry * units + unit] = entry % 8 < 4 ? 1 : -1;
        }
        NumpyFile.write(Map.of("O", TensorData.of(o, units * inputs, units)), Path.of(arguments[0]));
    }
}
