package dev.orbifold.constraint;

import dev.orbifold.engine.FlatWeights;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The entries that a constraint is about: those of one Parameter, or of several, one after the other.
 *
 * @param places where the Parameters lie in the flat weights
 */
record Region(List<FlatWeights.Place> places) {
    static Region of(FlatWeights weights, List<String> parameters) {
        return new Region(parameters.stream().map(name -> weights.places().stream()
                .filter(p -> p.name().equals(name)).findFirst()
                .orElseThrow(() -> new ConstraintException("parameter " + name + " is not among those trained: "
                        + weights.places().stream().map(FlatWeights.Place::name).toList())))
                .toList());
    }

    long entries() {
        return places.stream().mapToLong(FlatWeights.Place::elements).sum();
    }

    List<String> parameters() {
        return places.stream().map(FlatWeights.Place::name).toList();
    }

    /** Its entries of a flat tensor: a view where one Parameter is all, else a copy. */
    Tensor of(Tensor flat) {
        if (places.size() == 1) {
            return view(flat, places.getFirst());
        }
        return torch.cat(new TensorVector(places.stream().map(p -> view(flat, p)).toArray(Tensor[]::new)), 0);
    }

    private static Tensor view(Tensor flat, FlatWeights.Place place) {
        return flat.narrow(0, place.offset(), place.elements());
    }

    /** Writes its entries into a flat tensor. */
    void write(Tensor entries, Tensor flat) {
        long at = 0;
        for (FlatWeights.Place place : places) {
            view(flat, place).copy_(entries.narrow(0, at, place.elements()));
            at += place.elements();
        }
    }
}
