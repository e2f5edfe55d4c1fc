package dev.orbifold.symmetry;

import dev.orbifold.symmetry.Frames.Kind;
import dev.orbifold.symmetry.Frames.Ref;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One leaf on an axis of a parameter.
 *
 * @param leaf the leaf, with the duality of the axis to it
 * @param coordinate for every index of the axis the coordinate within the leaf, -1 where the index is not the leaf's
 * @param beside the other factors of the products around the leaf
 * @param besideIndex per such factor, for every index of the axis, the index in it
 */
record Place(Ref leaf, int[] coordinate, List<Ref> beside, List<int[]> besideIndex) {
    /** What lies where on an axis. */
    static List<Place> on(Frames frames, Ref axis) {
        int length = frames.size(axis);
        if (frames.kind(axis) == Kind.LEAF) {
            int[] all = new int[length];
            Arrays.setAll(all, i -> i);
            return List.of(new Place(frames.find(axis), all, List.of(), List.of()));
        }
        boolean product = frames.kind(axis) == Kind.PRODUCT;
        List<Ref> parts = frames.parts(axis);
        List<Place> places = new ArrayList<>();
        int offset = 0;
        int stride = length;
        for (int p = 0; p < parts.size(); p++) {
            int size = frames.size(parts.get(p));
            stride /= product ? size : 1;
            int[] within = new int[length];
            for (int i = 0; i < within.length; i++) {
                within[i] = product ? i / stride % size : i >= offset && i < offset + size ? i - offset : -1;
            }
            for (Place place : on(frames, parts.get(p))) {
                List<Ref> beside = new ArrayList<>(place.beside());
                List<int[]> indices = new ArrayList<>();
                place.besideIndex().forEach(index -> indices.add(through(within, index)));
                int[] coordinate = through(within, place.coordinate());
                if (product) {
                    others(frames, parts, p, length, beside, indices);
                }
                places.add(new Place(place.leaf(), coordinate, beside, indices));
            }
            offset += size;
        }
        return places;
    }

    private static void others(Frames frames, List<Ref> factors, int skip, int length, List<Ref> beside,
            List<int[]> indices) {
        int stride = length;
        for (int q = 0; q < factors.size(); q++) {
            int size = frames.size(factors.get(q));
            stride /= size;
            if (q == skip) {
                continue;
            }
            int[] at = new int[length];
            for (int i = 0; i < at.length; i++) {
                at[i] = i / stride % size;
            }
            for (Place place : on(frames, factors.get(q))) {
                if (Arrays.stream(place.coordinate()).allMatch(c -> c >= 0)) {
                    beside.add(place.leaf());
                    indices.add(through(at, place.coordinate()));
                }
            }
        }
    }

    private static int[] through(int[] outer, int[] inner) {
        return Arrays.stream(outer).map(i -> i < 0 ? -1 : inner[i]).toArray();
    }
}
