package dev.orbifold.structure;

import dev.orbifold.graph.Graph;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.ejml.data.DMatrixRMaj;
import org.ejml.dense.row.CommonOps_DDRM;
import org.ejml.dense.row.factory.DecompositionFactory_DDRM;

/**
 * How far weights are from being their own mirror image: the symmetry-breaking distance of a Space, min ‖θ − gθ‖ over the
 * reflections g of its Group, over the root mean square of that. 0 is a point that g leaves alone, where gradients keep it
 * for ever (Ziyin, arXiv 2309.16932; theory, 1.1); 1 is where all are equally far apart.
 *
 * <ul>
 * <li>Units: g exchanges two, ‖θ − gθ‖ = √2‖x − y‖ with x and y everything that writes and reads them, as it is. So two units
 * that {@link Distances} calls twins, but that are read differently, are no fixed point. Running statistics are not
 * trained and do not count; a Parameter that the Space meets twice counts at both Slots.
 * <li>Coordinates that mix: g turns one direction n about, ‖θ − gθ‖ = 2‖nᵀθ‖, least over n and copies. Where norm scales
 * stand between, they would have to be folded first, and nothing is said.
 * </ul>
 */
public final class Breaking {
    private Breaking() {
    }

    /**
     * By name of the Space, with ", directions" behind it where a Space of units has that name; Spaces with one unit, and
     * those whose Group has no such element, are not there.
     *
     * @param units the symmetries that keep units apart, on the weights as they are
     * @param mixing the Spaces whose coordinates mix, of the same Graph
     */
    public static Map<String, Double> of(Symmetries units, List<LinearSpace> mixing) {
        Map<String, Double> all = new LinkedHashMap<>();
        Axes axes = new Axes(units);
        for (Space space : units.spaces()) {
            boolean exchanges = space.group() instanceof Group.Monomial || space.group() instanceof Group.Permutation;
            if (space.dimension() > 1 && exchanges) {
                ofUnits(axes, space).ifPresent(d -> all.put(space.name(), d));
            }
        }
        for (LinearSpace space : mixing) {
            boolean turns = space.group() instanceof Group.General || space.group() instanceof Group.Orthogonal;
            if (space.folds().isEmpty() && turns && !CoordinateBalance.meetsConstants(units.graph(), space)) {
                // Where coordinates may also be exchanged and scaled one by one, both Spaces have one name.
                String name = all.containsKey(space.name()) ? space.name() + ", directions" : space.name();
                all.put(name, ofCoordinates(units.graph(), space));
            }
        }
        return all;
    }

    private static Optional<Double> ofUnits(Axes axes, Space space) {
        List<Entries> groups = new ArrayList<>();
        for (Slot slot : space.slots()) {
            if (slot.role() != Slot.Role.FOLLOWS) {
                Optional<List<Entries>> found = axes.constant(slot.parameter()).filter(t -> t.type().isReal())
                        .flatMap(t -> Entries.of(t, slot, space.dimension()));
                if (found.isEmpty()) {
                    return Optional.empty();
                }
                groups.addAll(found.get());
            }
        }
        int n = space.dimension();
        DMatrixRMaj rows = new DMatrixRMaj(n, groups.stream().mapToInt(Entries::count).sum());
        int at = 0;
        for (Entries entries : groups) {
            for (int u = 0; u < n; u++) {
                System.arraycopy(entries.of(u), 0, rows.data, u * rows.numCols + at, entries.count());
            }
            at += entries.count();
        }
        DMatrixRMaj gram = CommonOps_DDRM.multTransB(rows, rows, new DMatrixRMaj(n, n));
        double least = Double.POSITIVE_INFINITY;
        double sum = 0;
        int[] nearest = {0, 1};
        for (int i = 0; i < n; i++) {
            for (int j = i + 1; j < n; j++) {
                double apart = Math.max(0, gram.get(i, i) + gram.get(j, j) - 2 * gram.get(i, j));
                sum += apart;
                if (apart < least) {
                    least = apart;
                    nearest = new int[] {i, j};
                }
            }
        }
        // The product finds who is nearest; how near is summed anew, since it would be a difference of large numbers.
        double mean = sum / (n * (n - 1) / 2.0);
        return Optional.of(mean == 0 ? 0 : Math.sqrt(apart(rows, nearest[0], nearest[1]) / mean));
    }

    private static double apart(DMatrixRMaj rows, int i, int j) {
        double sum = 0;
        for (int k = 0; k < rows.numCols; k++) {
            double difference = rows.get(i, k) - rows.get(j, k);
            sum += difference * difference;
        }
        return sum;
    }

    private static double ofCoordinates(Graph graph, LinearSpace space) {
        CoordinateBalance.Grams grams = CoordinateBalance.of(space).grams(graph);
        int n = space.dimension();
        double least = Double.POSITIVE_INFINITY;
        for (int copy = 0; copy < space.copies(); copy++) {
            DMatrixRMaj both =
                    CommonOps_DDRM.add(grams.primal()[copy], grams.dual()[copy], new DMatrixRMaj(n, n));
            double mean = CommonOps_DDRM.trace(both) / n;
            var eigen = DecompositionFactory_DDRM.eig(n, false, true);
            if (!eigen.decompose(both)) {
                throw new StructureException("the eigenvalues of " + space.name() + " did not converge");
            }
            double smallest = Double.POSITIVE_INFINITY;
            for (int i = 0; i < n; i++) {
                smallest = Math.min(smallest, eigen.getEigenvalue(i).getReal());
            }
            least = Math.min(least, mean > 0 ? Math.sqrt(Math.max(0, smallest) / mean) : 0);
        }
        return least;
    }
}
