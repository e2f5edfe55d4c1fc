package dev.orbifold.symmetry;

import dev.orbifold.graph.Dim;
import dev.orbifold.symmetry.Frames.Ref;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reshapes that merge heads into the batch, (s, n, h·d) to (s, n·h, d), and back: sizes are products of numbers and of
 * symbols whose value is not known. An axis n·h carries the space of h; what is before a symbol must be positions.
 */
final class BatchedReshape {
    private final LinearInference in;
    private final List<Dim> to;
    private final List<Optional<Ref>> out = new ArrayList<>();
    private List<Optional<Ref>> parts = new ArrayList<>();
    private List<Integer> sizes = new ArrayList<>();
    private int axis = -1;
    private long left = 1;
    private List<String> symbols = new ArrayList<>();
    private boolean fits = true;

    private BatchedReshape(LinearInference in, List<Dim> to) {
        this.in = in;
        this.to = to;
    }

    /** The type after the reshape; empty where sizes do not fit factor by factor. */
    static Optional<List<Optional<Ref>>> reshape(LinearInference in, List<Optional<Ref>> type, List<Dim> from,
            List<Dim> to) {
        if (to.contains(Dim.UNKNOWN) || from.contains(Dim.UNKNOWN)) {
            return Optional.empty();
        }
        BatchedReshape reshape = new BatchedReshape(in, to);
        for (int a = 0; a < from.size() && reshape.fits; a++) {
            from.get(a).symbols().forEach(reshape::symbol);
            long factor = from.get(a).factor();
            Optional<Ref> ref = type.get(a);
            reshape.fits &= ref.isEmpty() || in.frames().size(ref.get()) == factor;
            reshape.number(Math.toIntExact(factor), ref);
        }
        while (reshape.fits && reshape.axis < to.size() - 1) {
            reshape.next();
        }
        reshape.fits &= reshape.left == 1 && reshape.symbols.isEmpty();
        return reshape.fits ? Optional.of(reshape.finished()) : Optional.empty();
    }

    private List<Optional<Ref>> finished() {
        close();
        return out;
    }

    /** Goes on to the next axis of the result; the present one must be full. */
    private void next() {
        if (left != 1 || !symbols.isEmpty() || axis + 1 >= to.size()) {
            fits = false;
            return;
        }
        if (axis >= 0) {
            close();
        }
        axis++;
        left = to.get(axis).factor();
        symbols = new ArrayList<>(to.get(axis).symbols());
        parts = new ArrayList<>();
        sizes = new ArrayList<>();
    }

    private void close() {
        if (parts.stream().allMatch(Optional::isEmpty)) {
            out.add(Optional.empty());
            return;
        }
        List<Ref> factors = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            int size = sizes.get(i);
            factors.add(parts.get(i).orElseGet(() -> in.frames().positions(size)));
        }
        out.add(Optional.of(in.frames().product(factors)));
    }

    private void room() {
        while (fits && left == 1 && symbols.isEmpty()) {
            next();
        }
    }

    private void symbol(String symbol) {
        room();
        fits &= symbols.remove(symbol) && parts.stream().allMatch(Optional::isEmpty);
        parts.clear();
        sizes.clear();
    }

    private void number(int size, Optional<Ref> space) {
        int rest = size;
        Optional<Ref> ref = space;
        while (fits && rest > 1) {
            room();
            if (!fits || left == 1) {
                fits = false;
            } else if (left % rest == 0) {
                parts.add(ref);
                sizes.add(rest);
                left /= rest;
                rest = 1;
            } else if (rest % left == 0) {
                int first = Math.toIntExact(left);
                int second = rest / first;
                List<Ref> both = ref.map(r -> in.frames().factors(r, first, second)).orElse(List.of());
                parts.add(both.stream().findFirst());
                sizes.add(first);
                ref = both.stream().skip(1).findFirst();
                rest = second;
                left = 1;
            } else {
                fits = false;
            }
        }
    }
}
