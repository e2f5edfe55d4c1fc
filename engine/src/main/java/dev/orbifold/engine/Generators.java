package dev.orbifold.engine;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import dev.orbifold.graph.TensorData;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Operators that make tensors from shapes and numbers. */
final class Generators {
    private Generators() {
    }

    static void register(Map<String, Kernel.Factory> table) {
        table.put("ConstantOfShape", Generators::constantOfShape);
        table.put("Range", Generators::range);
        table.put("EyeLike", Generators::eyeLike);
    }

    private static Kernel constantOfShape(Site site) {
        TensorData fill = site.node().attributes().get("value") instanceof Attribute.Tensor given
                ? given.value()
                : TensorData.of(new float[] {0}, 1);
        ScalarType type = site.type(fill.type());
        Scalar value = number(fill, 0);
        Site.Longs shape = site.longs(0).orElseThrow(() -> site.unsupported("it has no shape"));
        int y = site.out(0);
        return f -> f.set(y, torch.torch_full(shape.of(f), value, f.device().options(type)));
    }

    private static Scalar number(TensorData data, int at) {
        return data.type().isReal() ? new Scalar(data.doubleAt(at)) : new Scalar(data.longAt(at));
    }

    /** start, start + delta, … below (above for a negative delta) the limit. */
    private static Kernel range(Site site) {
        int start = site.in(0);
        int limit = site.in(1);
        int delta = site.in(2);
        int y = site.out(0);
        return f -> {
            if (!f.tensor(start).is_floating_point()) {
                long from = f.longs(start)[0];
                long by = f.longs(delta)[0];
                long count = Math.max(0, Math.ceilDiv(f.longs(limit)[0] - from, by));
                Tensor steps = torch.torch_arange(new Scalar(count), f.device().options(ScalarType.Long));
                f.set(y, steps.mul(new Scalar(by)).add(new Scalar(from)).to(f.tensor(start).scalar_type()));
                return;
            }
            double from = f.reals(start)[0];
            double by = f.reals(delta)[0];
            double count = Math.max(0, Math.ceil((f.reals(limit)[0] - from) / by));
            Tensor steps = torch.torch_arange(new Scalar((long) count), f.device().options(ScalarType.Double));
            f.set(y, steps.mul(new Scalar(by)).add(new Scalar(from)).to(f.tensor(start).scalar_type()));
        };
    }

    private static Kernel eyeLike(Site site) {
        boolean stated = site.node().attribute("dtype").isPresent();
        ScalarType type = stated ? site.type(DataType.of((int) site.node().integer("dtype", 1))) : ScalarType.Undefined;
        long k = site.node().integer("k", 0);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            Tensor t = f.tensor(x);
            ScalarType own = stated ? type : t.scalar_type();
            Tensor ones = torch.torch_ones(Tensors.dims(t), f.device().options(ScalarType.Float));
            f.set(y, ones.triu(k).tril(k).to(own));
        };
    }
}
