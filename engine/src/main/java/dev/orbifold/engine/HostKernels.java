package dev.orbifold.engine;

import dev.orbifold.graph.Attribute;
import dev.orbifold.graph.DataType;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/** Operators on {@link HostValue}s: the arithmetic on shapes, done without touching the device. */
final class HostKernels {
    /** By operator; used where every input is on the host, and always for Shape and Size. */
    static final Map<String, Kernel.Factory> TABLE = table();
    private static final Set<String> ANY_INPUT = Set.of("Shape", "Size");

    @FunctionalInterface
    private interface LongOperator {
        long apply(long a, long b);
    }

    private HostKernels() {
    }

    /** Whether the operator makes a host value whatever its inputs are. */
    static boolean takesTensors(String operator) {
        return ANY_INPUT.contains(operator);
    }

    private static Map<String, Kernel.Factory> table() {
        Map<String, Kernel.Factory> table = new HashMap<>();
        table.put("Shape", HostKernels::shape);
        table.put("Size", site -> {
            int x = site.in(0);
            int y = site.out(0);
            return f -> f.set(y, HostValue.scalar(Arrays.stream(f.dims(x)).reduce(1, (a, b) -> a * b)));
        });
        table.put("Gather", HostKernels::gather);
        table.put("Concat", HostKernels::concat);
        table.put("Unsqueeze", HostKernels::unsqueeze);
        table.put("Squeeze", HostKernels::squeeze);
        table.put("Reshape", HostKernels::reshape);
        table.put("Slice", HostKernels::slice);
        table.put("Cast", HostKernels::cast);
        table.put("Where", HostKernels::where);
        table.put("ConstantOfShape", HostKernels::constantOfShape);
        table.put("Neg", site -> {
            int x = site.in(0);
            int y = site.out(0);
            return f -> {
                HostValue v = f.host(x);
                f.set(y, new HostValue(v.type(), v.dims(), Arrays.stream(v.values()).map(a -> -a).toArray()));
            };
        });
        binary(table, "Add", (a, b) -> a + b);
        binary(table, "Sub", (a, b) -> a - b);
        binary(table, "Mul", (a, b) -> a * b);
        binary(table, "Div", (a, b) -> a / b);
        binary(table, "Min", Math::min);
        binary(table, "Max", Math::max);
        compare(table, "Equal", (a, b) -> a == b ? 1 : 0);
        compare(table, "Less", (a, b) -> a < b ? 1 : 0);
        compare(table, "Greater", (a, b) -> a > b ? 1 : 0);
        compare(table, "LessOrEqual", (a, b) -> a <= b ? 1 : 0);
        compare(table, "GreaterOrEqual", (a, b) -> a >= b ? 1 : 0);
        reduce(table, "ReduceProd", 1, (a, b) -> a * b);
        reduce(table, "ReduceSum", 0, Long::sum);
        return Map.copyOf(table);
    }

    /** Whether this use of a table operator can stay on the host. */
    static boolean accepts(Site site) {
        return switch (site.node().opType()) {
            case "Cast" -> isHostType(site.node().integer("to", 0));
            case "ConstantOfShape" -> !(site.node().attributes().get("value") instanceof Attribute.Tensor value)
                    ? false
                    : HostValue.fits(value.value().type(), 1);
            case "Min", "Max" -> site.inputs() == 2;
            case "Gather" -> site.node().integer("axis", 0) == 0;
            case "Concat" -> site.node().integer("axis", 0) == 0;
            case "ReduceProd", "ReduceSum" -> site.node().integers("axes").isEmpty() && !site.has(1);
            default -> true;
        };
    }

    private static boolean isHostType(long code) {
        return code == DataType.INT64.code() || code == DataType.INT32.code() || code == DataType.BOOL.code();
    }

    private static Kernel shape(Site site) {
        int x = site.in(0);
        int y = site.out(0);
        long start = site.node().integer("start", 0);
        long end = site.node().integer("end", Long.MAX_VALUE);
        return f -> {
            long[] dims = f.dims(x);
            int from = (int) clamp(start < 0 ? start + dims.length : start, dims.length);
            int to = (int) clamp(end < 0 ? end + dims.length : end, dims.length);
            f.set(y, HostValue.vector(Arrays.copyOfRange(dims, from, Math.max(from, to))));
        };
    }

    private static long clamp(long value, long most) {
        return Math.max(0, Math.min(value, most));
    }

    private static Kernel gather(Site site) {
        int x = site.in(0);
        int indices = site.in(1);
        int y = site.out(0);
        return f -> {
            HostValue from = f.host(x);
            HostValue at = f.host(indices);
            long n = from.dims().length == 0 ? 0 : from.dims()[0];
            if (from.dims().length != 1) {
                throw new EngineException(
                        "Gather on the host needs a vector, found shape " + Arrays.toString(from.dims()));
            }
            long[] values = new long[at.values().length];
            for (int i = 0; i < values.length; i++) {
                long index = at.values()[i] < 0 ? at.values()[i] + n : at.values()[i];
                if (index < 0 || index >= n) {
                    throw new EngineException("index " + at.values()[i] + " is outside an axis of size " + n);
                }
                values[i] = from.values()[(int) index];
            }
            f.set(y, new HostValue(from.type(), at.dims(), values));
        };
    }

    private static Kernel concat(Site site) {
        int[] xs = site.ins();
        int y = site.out(0);
        return f -> {
            long[] all = Arrays.stream(xs).mapToObj(x -> LongStream.of(f.longs(x))).flatMapToLong(s -> s).toArray();
            f.set(y, new HostValue(f.host(xs[0]).type(), new long[] {all.length}, all));
        };
    }

    private static Kernel unsqueeze(Site site) {
        Site.Longs axes = site.longs("axes", 1).orElseThrow(() -> site.unsupported("it has no axes"));
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            HostValue v = f.host(x);
            f.set(y, new HostValue(v.type(), Layout.unsqueezed(v.dims(), axes.of(f)), v.values()));
        };
    }

    private static Kernel squeeze(Site site) {
        Optional<Site.Longs> axes = site.longs("axes", 1);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            HostValue v = f.host(x);
            f.set(y, new HostValue(v.type(), Layout.squeezed(v.dims(), axes.map(a -> a.of(f))), v.values()));
        };
    }

    private static Kernel reshape(Site site) {
        Site.Longs shape = site.longs("shape", 1).orElseThrow(() -> site.unsupported("it has no shape"));
        boolean allowZero = site.node().integer("allowzero", 0) != 0;
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            HostValue v = f.host(x);
            long[] dims = Layout.reshaped(v.dims(), shape.of(f), allowZero);
            f.set(y, new HostValue(v.type(), dims, v.values()));
        };
    }

    private static Kernel slice(Site site) {
        Site.Longs starts = site.longs("starts", 1).orElseThrow(() -> site.unsupported("it has no starts"));
        Site.Longs ends = site.longs("ends", 2).orElseThrow(() -> site.unsupported("it has no ends"));
        Optional<Site.Longs> steps = site.longs(4);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            HostValue v = f.host(x);
            long step = steps.map(s -> s.of(f)[0]).orElse(1L);
            long[] at = Indexing.sliced(v.dims()[0], starts.of(f)[0], ends.of(f)[0], step);
            long[] values = Arrays.stream(at).map(i -> v.values()[(int) i]).toArray();
            f.set(y, new HostValue(v.type(), new long[] {values.length}, values));
        };
    }

    private static Kernel cast(Site site) {
        DataType to = DataType.of((int) site.node().integer("to", 0));
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            HostValue v = f.host(x);
            long[] values = switch (to) {
                case BOOL -> Arrays.stream(v.values()).map(a -> a == 0 ? 0 : 1).toArray();
                case INT32 -> Arrays.stream(v.values()).map(a -> (int) a).toArray();
                default -> v.values();
            };
            f.set(y, new HostValue(to, v.dims(), values));
        };
    }

    private static Kernel where(Site site) {
        int condition = site.in(0);
        int a = site.in(1);
        int b = site.in(2);
        int y = site.out(0);
        return f -> {
            HostValue one = f.host(a);
            HostValue other = f.host(b);
            HostValue which = f.host(condition);
            HostValue sum = broadcast(one, other, one.type(), (u, v) -> 0);
            HostValue all = broadcast(which, sum, DataType.BOOL, (c, z) -> c);
            HostValue first = broadcast(all, one, one.type(), (c, u) -> u);
            HostValue second = broadcast(all, other, one.type(), (c, u) -> u);
            long[] values = new long[all.values().length];
            for (int i = 0; i < values.length; i++) {
                values[i] = all.values()[i] != 0 ? first.values()[i] : second.values()[i];
            }
            f.set(y, new HostValue(one.type(), all.dims(), values));
        };
    }

    private static Kernel constantOfShape(Site site) {
        if (!(site.node().attributes().get("value") instanceof Attribute.Tensor fill)) {
            throw site.unsupported("its value is missing");
        }
        DataType type = fill.value().type();
        long value = fill.value().longAt(0);
        int x = site.in(0);
        int y = site.out(0);
        return f -> {
            long[] dims = f.longs(x);
            long[] values = new long[(int) Arrays.stream(dims).reduce(1, (a, b) -> a * b)];
            Arrays.fill(values, value);
            f.set(y, new HostValue(type, dims, values));
        };
    }

    private static void binary(Map<String, Kernel.Factory> table, String name, LongOperator operator) {
        table.put(name, site -> {
            int a = site.in(0);
            int b = site.in(1);
            int y = site.out(0);
            return f -> f.set(y, broadcast(f.host(a), f.host(b), f.host(a).type(), operator));
        });
    }

    private static void compare(Map<String, Kernel.Factory> table, String name, LongOperator operator) {
        table.put(name, site -> {
            int a = site.in(0);
            int b = site.in(1);
            int y = site.out(0);
            return f -> f.set(y, broadcast(f.host(a), f.host(b), DataType.BOOL, operator));
        });
    }

    private static void reduce(Map<String, Kernel.Factory> table, String name, long start, LongOperator operator) {
        table.put(name, site -> {
            boolean keep = site.node().integer("keepdims", 1) != 0;
            int x = site.in(0);
            int y = site.out(0);
            return f -> {
                HostValue v = f.host(x);
                long result = Arrays.stream(v.values()).reduce(start, operator::apply);
                long[] dims = new long[keep ? v.dims().length : 0];
                Arrays.fill(dims, 1);
                f.set(y, new HostValue(v.type(), dims, new long[] {result}));
            };
        });
    }

    /** Applies an operator with numpy's broadcasting. */
    private static HostValue broadcast(HostValue a, HostValue b, DataType type, LongOperator operator) {
        long[] dims = Layout.broadcast(a.dims(), b.dims());
        int n = (int) Arrays.stream(dims).reduce(1, (u, v) -> u * v);
        long[] values = new long[n];
        for (int i = 0; i < n; i++) {
            values[i] =
                    operator.apply(a.values()[position(i, dims, a.dims())], b.values()[position(i, dims, b.dims())]);
        }
        return new HostValue(type, dims, values);
    }

    private static int position(int flat, long[] dims, long[] part) {
        int at = 0;
        int stride = 1;
        int rest = flat;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            int index = (int) (rest % dims[axis]);
            rest /= (int) dims[axis];
            int own = axis - (dims.length - part.length);
            if (own >= 0) {
                at += part[own] == 1 ? 0 : index * stride;
                stride *= (int) part[own];
            }
        }
        return at;
    }
}
