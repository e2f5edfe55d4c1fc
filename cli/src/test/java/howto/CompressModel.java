package howto;

import dev.orbifold.run.RunFolder;
import dev.orbifold.train.Compress;
import dev.orbifold.train.CompressOptions;
import dev.orbifold.train.CompressRequest;
import dev.orbifold.train.CompressResult;
import dev.orbifold.train.DataRequest;
import dev.orbifold.train.Progress;
import dev.orbifold.train.Target;
import java.nio.file.Path;
import java.util.List;

/** Compresses a model to a tenth of its multiply-adds. */
final class CompressModel {
    public static void main(String[] arguments) {
        Path model = Path.of("lenet5-mnist.onnx");
        DataRequest data = new DataRequest(Path.of("mnist"), List.of(0.1307), List.of(0.3081));
        CompressOptions options = CompressOptions.of(new Target.Speedup(10), 10);
        CompressRequest request = new CompressRequest(model, data, Path.of("small.onnx"), options, "auto", 2);
        try (Compress compress = Compress.prepare(request);
                RunFolder run = RunFolder.create(Path.of("runs/small"), "compress", List.of())) {
            CompressResult result = compress.run(run, Progress.SILENT);
            System.out.println(result.verdict());
            System.out.printf("%,d of %,d multiply-adds, %.2f %% of %.2f %% right%n", result.after().macs(),
                    result.before().macs(), result.after().accuracy(), result.before().accuracy());
        }
    }
}
